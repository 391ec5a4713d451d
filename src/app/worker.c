/* worker: see the header. Everything here but worker_tell, worker_join and worker_free runs in the
 * worker's own thread.
 */
#include "app/worker.h"

#include "app/traffic.h"
#include "io/dial.h"
#include "io/log_file.h"
#include "relay/session.h"
#include "testcard/testcard_dial.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct worker {
	struct worker_setup setup;
	struct loop *loop;
	struct env *env;
	struct listener *listener;
	struct log log;
	struct log_file *log_file;
	struct traffic *traffic;
	struct list sessions;
	struct session_host host;
	enum worker_command doing;
	uint64_t shed_said; /* when the log was last told that clients are turned away; 0: never */
	pthread_t thread;
	bool started;
	_Atomic unsigned command;
	_Atomic bool gone;
	struct site *_Atomic next; /* a newer site, a reference; NULL: none */
};

static const struct why why_drain = {
	.layer = WHY_SERVER, .close = 1001, .status = 503, .text = "the server is shutting down"};

static const struct why why_full = {.layer = WHY_SERVER,
                                    .close = 1013,
                                    .status = 503,
                                    .text = "too many connections; try again later"};

/* --- what ends ------------------------------------------------------------------------------ */

static void worker_check_over(struct worker *w)
{
	if (w->doing != WORKER_RUN && list_empty(&w->sessions))
		loop_stop(w->loop);
}

static void worker_stop_listening(struct worker *w)
{
	listener_stop(w->listener);
	w->listener = NULL;
}

static void worker_each(struct worker *w, void (*fn)(struct session *, const struct why *))
{
	for (struct list *n = w->sessions.next, *next; n != &w->sessions; n = next) {
		next = n->next;
		fn(LIST_OF(n, struct session, node), &why_drain);
	}
}

static void worker_do(struct worker *w, enum worker_command c)
{
	if (c <= w->doing)
		return;
	w->doing = c;
	worker_stop_listening(w);
	if (c == WORKER_RETIRE)
		worker_each(w, session_retire);
	else if (c == WORKER_DRAIN)
		worker_each(w, session_stop);
	else
		worker_each(w, session_cut);
	worker_check_over(w);
}

static void on_wake(void *owner)
{
	struct worker *w = owner;
	struct site *next = atomic_exchange(&w->next, NULL);

	if (next) {
		site_unref(w->setup.site);
		w->setup.site = next;
	}
	worker_do(w, (enum worker_command)atomic_load(&w->command));
}

/* --- what begins ---------------------------------------------------------------------------- */

/* Of all workers. */
static uint64_t worker_sum(const struct worker *w, enum metric which)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < w->setup.all_n; i++)
		n += metric_get(worker_metrics(w->setup.all[i]), which);
	return n;
}

/* Once in a while: whoever knocks without a pause must not fill the log as well. */
static void worker_say_shed(struct worker *w, const char *reason)
{
	enum { SAY_MS = 1000 };
	uint64_t now = w->env->timers->now;

	if (w->shed_said && now - w->shed_said < SAY_MS)
		return;
	w->shed_said = now;
	log_event(w->env->log, LOG_WARN, "clients are turned away", LOG_TEXT("reason", reason));
}

static void on_shed(void *owner, int err)
{
	worker_say_shed(owner, why_errno(err));
}

/* Some are told why; who knocks while that many are listening is reset. */
static int worker_turn_away(struct worker *w, struct link *link, const struct addr *peer)
{
	enum { TOLD = 16 };

	metric_add(w->env->metrics, METRIC_SHED, 1);
	worker_say_shed(w, "too many connections; see --max-connections");
	if (worker_sum(w, METRIC_TURNED_AWAY) >= TOLD)
		return -EMFILE;
	return session_turn_away(&w->sessions, w->env, w->setup.site, &w->host, link, peer,
	                         &why_full);
}

/* A browser keeps the connections that a page came through: while one of this worker's only waits for
 * its next request, it goes rather than that anybody is turned away. One that is going still counts. */
static bool worker_has_room(struct worker *w)
{
	enum { GOING = 16 };
	uint64_t most = w->setup.connections, n = most ? worker_sum(w, METRIC_CONNECTIONS) : 0;

	if (!most || n < most)
		return true;
	return n < most + GOING && timers_hasten(w->env->timers, TIMER_IDLE);
}

static void on_accepted(void *owner, struct link *link, const struct addr *peer)
{
	struct worker *w = owner;
	int r;

	if (!worker_has_room(w))
		r = worker_turn_away(w, link, peer);
	else
		r = session_start(&w->sessions, w->env, w->setup.site, &w->host, link, peer);
	if (r < 0)
		link_abandon(link);
}

static void on_opened(void *owner, struct session *s)
{
	struct worker *w = owner;

	(void)s;
	if (w->setup.options->run_once)
		worker_do(w, WORKER_RETIRE);
}

static void on_ended(void *owner, struct session *s, bool opened)
{
	(void)s;
	(void)opened;
	worker_check_over(owner);
}

static struct tap on_tap(void *owner, struct session *s)
{
	struct worker *w = owner;

	(void)s;
	return traffic_tap(w->traffic);
}

/* --- the outside world ---------------------------------------------------------------------- */

static int worker_dial(struct env *env, const struct target *t, struct dialed *d)
{
	d->kind = t->kind;
	if (t->kind == TARGET_TESTCARD)
		return testcard_dial(env, d);
	if (t->kind == TARGET_WRAPPED)
		return gate_dial(env, ((struct worker *)env->self)->setup.gate, d);
	return dial_start(env, t, d);
}

static void worker_undial(struct env *env, struct dialed *d)
{
	if (d->kind == TARGET_TESTCARD)
		testcard_undial(env, d);
	else if (d->kind == TARGET_WRAPPED)
		gate_undial(env, d);
	else
		dial_stop(env, d);
}

/* --- life ----------------------------------------------------------------------------------- */

static void *worker_run(void *arg)
{
	struct worker *w = arg;

	loop_run(w->loop);
	log_file_flush(w->log_file); /* not only when the others and the command have ended */
	atomic_store(&w->gone, true);
	loop_wake(w->setup.main);
	return NULL;
}

static int worker_open(struct worker *w)
{
	const struct options *o = w->setup.options;
	int r;

	w->log = (struct log){.level = o->log_level, .json = o->log_json};
	r = log_file_new(&w->log_file, &w->log, w->setup.log_fds, w->setup.log_fds_n, NULL);
	if (r < 0)
		return r;
	r = loop_new(&w->loop, &w->setup.options->limits, &w->log);
	if (r < 0)
		return r;
	w->env = loop_env(w->loop);
	w->env->self = w;
	w->env->dial = worker_dial;
	w->env->undial = worker_undial;
	loop_on_wake(w->loop, on_wake, w);
	if (o->traffic && (r = traffic_new(&w->traffic, w->env)) < 0)
		return r;
	r = listener_start(&w->listener, w->loop, w->setup.listen_fd, on_accepted, w);
	if (r == 0)
		listener_on_shed(w->listener, on_shed);
	return r;
}

/* Signals are the main thread's: the worker is born with all of them blocked. */
int worker_start(struct worker *w)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = -pthread_create(&w->thread, NULL, worker_run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->started = r == 0;
	return r;
}

int worker_new(struct worker **ret, const struct worker_setup *setup)
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w)
		return -ENOMEM;
	w->setup = *setup;
	site_ref(w->setup.site);
	list_init(&w->sessions);
	w->host = (struct session_host){.owner = w,
	                                .opened = on_opened,
	                                .ended = on_ended,
	                                .tap = setup->options->traffic ? on_tap : NULL};
	int r = worker_open(w);
	if (r < 0)
		worker_free(w);
	else
		*ret = w;
	return r;
}

void worker_tell(struct worker *w, enum worker_command c)
{
	if (atomic_load(&w->command) < (unsigned)c)
		atomic_store(&w->command, (unsigned)c);
	loop_wake(w->loop);
}

void worker_renew(struct worker *w, struct site *site)
{
	site_unref(atomic_exchange(&w->next, site_ref(site)));
	loop_wake(w->loop);
}

const struct metrics *worker_metrics(const struct worker *w)
{
	return w->env->metrics;
}

bool worker_gone(const struct worker *w)
{
	return atomic_load(&w->gone);
}

void worker_join(struct worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

int worker_free(struct worker *w)
{
	if (!w)
		return 0;
	worker_stop_listening(w);
	traffic_free(w->traffic);
	int r = loop_free(w->loop);
	log_file_free(w->log_file);
	site_unref(atomic_load(&w->next));
	site_unref(w->setup.site);
	free(w);
	return r;
}
