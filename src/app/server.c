/* server: see the header. */
#include "app/server.h"

#include "app/reload.h"
#include "app/site_build.h"
#include "app/worker.h"
#include "app/wrapped.h"
#include "io/listen.h"
#include "io/log_file.h"
#include "io/sigs.h"
#include "announce.h"
#include "capacity.h"
#include "log_path.h"
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { IDLE_TICK = 250 };

struct server {
	const struct options *options;
	struct site *site;
	struct listen_set listen;
	int log_fds[2];
	unsigned log_fds_n;
	struct log log;
	struct log_file *log_file;
	struct loop *loop;
	struct sigs *sigs;
	struct worker *workers[LISTEN_WORKERS];
	unsigned workers_n;
	struct tls_kept kept; /* until reload has it */
	struct reload *reload;
	struct wrapped *wrapped; /* NULL: no command */
	enum worker_command told;
	struct timer timeout, idle, drain;
	uint64_t idle_since, accepted;
	bool asked; /* by a signal to end */
	bool stuck, leaked;
	bool terminal; /* there was one at the start */
	int status;    /* exit code, unless something fails */
};

static int fail(const char *text)
{
	fprintf(stderr, "websplice: %s\n", text);
	return -1;
}

/* --- ends ----------------------------------------------------------------------------------- */

static void server_tell(struct server *s, enum worker_command c)
{
	if (c <= s->told)
		return;
	s->told = c;
	for (unsigned i = 0; i < s->workers_n; i++)
		worker_tell(s->workers[i], c);
	if (c == WORKER_DRAIN)
		timer_arm(loop_env(s->loop)->timers, &s->drain, TIMER_CLOSE,
		          s->options->limits.drain_ms);
}

/* Whoever stops us may stop the command as well: what becomes of it is no matter of its own then, and
 * no exit code, not even if its end was heard of first. */
static void server_retire_command(struct server *s, int signum)
{
	if (s->status == 128 + signum)
		s->status = EXIT_SUCCESS;
	if (s->wrapped)
		wrapped_retire(s->wrapped);
}

static void on_signal(void *owner, int signum)
{
	struct server *s = owner;
	bool again = s->asked;

	if (signum == SIGHUP && s->told < WORKER_DRAIN && !(s->terminal && !terminal_there())) {
		reload_now(s->reload);
		return;
	}
	s->asked = true;
	log_event(&s->log, LOG_INFO, again ? "ending now" : "shutting down",
	          LOG_TEXT("signal", sigabbrev_np(signum)));
	if (!again)
		server_retire_command(s, signum);
	else if (s->wrapped)
		wrapped_kill(s->wrapped);
	server_tell(s, again ? WORKER_CUT : WORKER_DRAIN);
}

static void on_drain_deadline(void *owner)
{
	struct server *s = owner;

	log_event(&s->log, LOG_WARN, "sessions did not end in time and are cut",
	          LOG_NUM("after_ms", s->options->limits.drain_ms));
	server_tell(s, WORKER_CUT);
}

static void on_timeout(void *owner)
{
	struct server *s = owner;

	log_event(&s->log, LOG_INFO, "no new connections: --timeout is over",
	          LOG_NUM("seconds", s->options->timeout_s));
	server_tell(s, WORKER_RETIRE);
}

static uint64_t server_sum(const struct server *s, enum metric which)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->workers_n; i++)
		n += metric_get(worker_metrics(s->workers[i]), which);
	return n;
}

/* Also a connection that came and went between two looks is activity. */
static void on_idle_tick(void *owner)
{
	struct server *s = owner;
	struct timers *timers = loop_env(s->loop)->timers;
	uint64_t accepted = server_sum(s, METRIC_ACCEPTED);

	if (accepted != s->accepted || server_sum(s, METRIC_CONNECTIONS) > 0) {
		s->accepted = accepted;
		s->idle_since = timers->now;
	} else if (timers->now - s->idle_since >= s->options->idle_timeout_s * 1000ull) {
		log_event(&s->log, LOG_INFO, "ending: --idle-timeout is over",
		          LOG_NUM("seconds", s->options->idle_timeout_s));
		server_tell(s, WORKER_RETIRE);
		return;
	}
	timer_arm(timers, &s->idle, TIMER_IDLE, IDLE_TICK);
}

static void on_fresh(void *owner, struct site *site)
{
	struct server *s = owner;

	for (unsigned i = 0; i < s->workers_n; i++)
		worker_renew(s->workers[i], site);
	site_unref(s->site);
	s->site = site;
}

/* A worker is gone; the last one takes the command and the loop with it. */
static void on_wake(void *owner)
{
	struct server *s = owner;

	for (unsigned i = 0; i < s->workers_n; i++)
		if (!worker_gone(s->workers[i]))
			return;
	if (s->wrapped)
		wrapped_stop(s->wrapped);
	else
		loop_stop(s->loop);
}

/* The command is over, and we with it. */
static void on_command_ended(void *owner, int code)
{
	struct server *s = owner;

	s->status = code;
	server_tell(s, WORKER_DRAIN);
}

static void on_command_stopped(void *owner)
{
	struct server *s = owner;

	loop_stop(s->loop);
}

/* --- start ---------------------------------------------------------------------------------- */

static int open_log(struct server *s)
{
	char err[SITE_ERROR];
	const char *path = s->options->log_file;

	s->log_fds[s->log_fds_n++] = STDERR_FILENO;
	if (path) {
		int fd = log_path_open(path);
		if (fd < 0) {
			snprintf(err, sizeof err, "log file %s: %s", path, why_errno(fd));
			return fail(err);
		}
		s->log_fds[s->log_fds_n++] = fd;
	}
	s->log = (struct log){.level = s->options->log_level, .json = s->options->log_json};
	if (log_file_new(&s->log_file, &s->log, s->log_fds, s->log_fds_n, NULL) < 0)
		return fail("out of memory");
	return 0;
}

static int open_listen(struct server *s)
{
	const struct options *o = s->options;
	char err[SITE_ERROR];
	struct listen_at at = {.host = o->listen_host,
	                       .port = o->listen_port,
	                       .prefer_ipv6 = o->prefer_ipv6,
	                       .path = o->unix_listen,
	                       .mode = o->unix_mode};

	/* A command that binds our port although it was to be moved must not share it with us. */
	unsigned sockets = o->command ? 1 : capacity_workers(o);

	if (listen_open(&s->listen, &at, sockets, err, sizeof err) < 0)
		return fail(err);
	return 0;
}

static int open_command(struct server *s)
{
	struct wrapped_host host = {
		.owner = s, .ended = on_command_ended, .stopped = on_command_stopped};
	char err[WRAPPED_ERROR];

	if (!s->options->command) /* as the init of a container: the kernel buries orphans */
		return sigs_ignore(SIGCHLD);
	int r = wrapped_new(&s->wrapped, s->options, s->loop, &host, err);
	if (r < 0) {
		s->status = wrapped_status(r);
		return fail(err);
	}
	return 0;
}

static int start_command(struct server *s)
{
	char err[WRAPPED_ERROR];
	int r = s->wrapped ? wrapped_start(s->wrapped, err) : 0;

	if (r == 0)
		return 0;
	s->status = wrapped_status(r);
	return fail(err);
}

static int open_workers(struct server *s)
{
	struct worker_setup setup = {.options = s->options,
	                             .site = s->site,
	                             .log_fds = s->log_fds,
	                             .log_fds_n = s->log_fds_n,
	                             .connections = capacity_connections(s->options),
	                             .all = s->workers,
	                             .all_n = capacity_workers(s->options),
	                             .main = s->loop,
	                             .gate = s->wrapped ? wrapped_gate(s->wrapped) : NULL};

	for (; s->workers_n < setup.all_n; s->workers_n++) {
		setup.listen_fd = s->listen.fds[s->workers_n % s->listen.n];
		int r = worker_new(&s->workers[s->workers_n], &setup);
		if (r < 0)
			return fail(why_errno(r));
	}
	listen_let_go(&s->listen);
	for (unsigned i = 0; i < s->workers_n; i++)
		if (worker_start(s->workers[i]) < 0)
			return fail("cannot start a thread");
	return 0;
}

/* nohup: whoever had it ignored for us meant it. */
static bool is_ignored(int signum)
{
	struct sigaction now;

	return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int server_open(struct server *s)
{
	static const int signums[] = {SIGTERM, SIGINT, SIGHUP}; /* SIGHUP last */
	struct reload_host host = {.owner = s, .fresh = on_fresh};
	char err[SITE_ERROR];

	if (open_log(s) < 0)
		return -1;
	if (site_build(&s->site, s->options, &s->kept, err) < 0)
		return fail(err);
	if (open_listen(s) < 0)
		return -1;
	if (loop_new(&s->loop, &s->options->limits, &s->log) < 0)
		return fail("cannot start an event loop");
	loop_on_wake(s->loop, on_wake, s);
	host.log_fd = s->log_fds[1];
	if (reload_new(&s->reload, loop_env(s->loop), s->options, &s->kept, s->site, &host) < 0)
		return fail("out of memory");
	s->terminal = terminal_there();
	if (sigs_start(&s->sigs, s->loop, signums, is_ignored(SIGHUP) ? 2 : 3, on_signal, s) < 0)
		return fail("cannot watch signals");
	if (open_command(s) < 0 || open_workers(s) < 0)
		return -1;
	return start_command(s);
}

static void server_arm(struct server *s)
{
	struct timers *timers = loop_env(s->loop)->timers;

	s->idle_since = timers->now;
	if (s->options->timeout_s)
		timer_arm(timers, &s->timeout, TIMER_CLOSE, s->options->timeout_s * 1000ull);
	if (s->options->idle_timeout_s)
		timer_arm(timers, &s->idle, TIMER_IDLE, IDLE_TICK);
}

/* A loop that could not be freed: its thread pool is stuck (-ETIMEDOUT), or a bug. */
static void server_note(struct server *s, int r)
{
	if (r == -ETIMEDOUT)
		s->stuck = true;
	else if (r < 0)
		s->leaked = true;
}

/* Frees what there is, also after a start that failed half way. 0, or -1 if something of ours was
 * left open, which is a bug. */
static int server_close(struct server *s)
{
	if (s->loop) /* a wake still on its way must not meet workers that are gone */
		loop_on_wake(s->loop, NULL, NULL);
	for (unsigned i = 0; i < s->workers_n; i++)
		worker_tell(s->workers[i], WORKER_CUT);
	for (unsigned i = 0; i < s->workers_n; i++)
		worker_join(s->workers[i]);
	for (unsigned i = 0; i < s->workers_n; i++)
		server_note(s, worker_free(s->workers[i]));
	listen_close(&s->listen);
	timer_stop(&s->timeout);
	timer_stop(&s->idle);
	timer_stop(&s->drain);
	reload_free(s->reload);
	tls_kept_wipe(&s->kept);
	wrapped_done(s->wrapped);
	sigs_stop(s->sigs);
	server_note(s, loop_free(s->loop));
	wrapped_free(s->wrapped);
	site_unref(s->site);
	log_file_free(s->log_file);
	if (s->log_fds_n == 2)
		close(s->log_fds[1]);
	return s->leaked ? fail("a handle was left open at the end; please report this") : 0;
}

int server_run(const struct options *o)
{
	struct server s = {.options = o};

	for (int i = 0; i < LISTEN_WORKERS; i++)
		s.listen.fds[i] = -1;
	timer_init(&s.timeout, on_timeout, &s);
	timer_init(&s.idle, on_idle_tick, &s);
	timer_init(&s.drain, on_drain_deadline, &s);
	int r = server_open(&s);
	if (r == 0) {
		announce(&s.log, o, s.site, s.listen.name, s.workers_n);
		server_arm(&s);
		loop_run(s.loop);
	}
	if (server_close(&s) < 0)
		r = -1;
	if (r < 0 && s.status == EXIT_SUCCESS)
		s.status = EXIT_FAILURE;
	/* A name server that does not answer holds a thread of the pool, and libuv's destructor
	 * would wait for it. Everything of ours is written and closed: go without it. */
	if (s.stuck)
		_exit(s.status);
	return s.status;
}
