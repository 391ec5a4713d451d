/* The loop: where libuv's phases meet deferred calls, deadlines and the log.
 *
 *   uv_run turns:  timers ─► prepare ─► poll ─► check ─► closing ─┐
 *                    ▲                                            │
 *                    └────────────────────────────────────────────┘
 *   prepare   one costly call, deferred calls until none is left, the log, the one uv_timer.
 *             It is the last thing before poll sleeps, so nothing deferred is slept on, whichever
 *             phase posted it (the closed events come from `closing`).
 *   check     deferred calls of what poll just reported, before `closing` frees things.
 */
#include "loop_priv.h"

#include "base/bug.h"
#include "io/dial.h"

#include <errno.h>
#include <stdlib.h>

enum {
	LOG_RETRY = 250,  /* ms between two tries at a log that nobody reads */
	LOG_GATHER = 10,  /* ms for which lines may wait for more, when there are many */
	FREE_WAIT = 2000, /* ms loop_free waits for the thread pool */
	OWN_HANDLES = 4,
};

static uv_handle_t *own_handle(struct loop *l, int i)
{
	switch (i) {
	case 0: return (uv_handle_t *)&l->prepare;
	case 1: return (uv_handle_t *)&l->check;
	case 2: return (uv_handle_t *)&l->timer;
	default: return (uv_handle_t *)&l->async;
	}
}

static void on_timer(uv_timer_t *h)
{
	struct loop *l = h->data;
	l->armed = UINT64_MAX;
	timers_run(&l->timers, uv_now(&l->uv));
}

/* Sees to it that poll wakes no later than `due`. A timer that is armed for an earlier time is
 * left: deadlines are mostly pushed back, and waking once too early costs less than moving it
 * every turn. */
static void wake_by(struct loop *l, uint64_t due)
{
	if (l->armed <= due)
		return;
	uint64_t now = uv_now(&l->uv);
	l->armed = due;
	BUG_ON(uv_timer_start(&l->timer, on_timer, due > now ? due - now : 0, 0) < 0);
}

/* A line after a while of silence goes out at once, those that follow it together. */
static void flush_log(struct loop *l)
{
	if (!l->log_file || !log_file_waiting(l->log_file))
		return;
	uint64_t now = uv_now(&l->uv), due = l->log_flushed + LOG_GATHER;
	if (now < due && !log_file_filling(l->log_file)) {
		wake_by(l, due);
		return;
	}
	log_file_flush(l->log_file);
	l->log_flushed = now;
	if (log_file_waiting(l->log_file))
		wake_by(l, now + LOG_RETRY);
}

static void on_prepare(uv_prepare_t *h)
{
	struct loop *l = h->data;
	loop_tick(l);
	deferq_run(&l->defer);
	(void)deferq_run_costly(&l->defer);
	deferq_run(&l->defer);
	if (!list_empty(&l->defer.costly)) /* more of them, or one that those calls have posted */
		wake_by(l, 0); /* poll does not sleep: the next one is due in the next turn */
	flush_log(l);
	int64_t next = timers_next(&l->timers);
	if (next >= 0)
		wake_by(l, l->timers.now + (uint64_t)next);
}

static void on_check(uv_check_t *h)
{
	struct loop *l = h->data;
	loop_tick(l);
	deferq_run(&l->defer);
}

static void on_async(uv_async_t *h)
{
	struct loop *l = h->data;
	loop_tick(l);
	if (l->woken)
		l->woken(l->woken_owner);
}

static void fill_env(struct loop *l, const struct limits *limits, struct log *log)
{
	l->env = (struct env){
		.pool = &l->pool,
		.defer = &l->defer,
		.timers = &l->timers,
		.metrics = &l->metrics,
		.log = log,
		.limits = limits,
		.plain = l->plain,
		.sealed = l->sealed,
		.random = random_fill,
		.dial = dial_start,
		.undial = dial_stop,
		.job = job_start,
	};
	l->log_file = log_file_of(log);
	if (l->log_file)
		log_file_metrics(l->log_file, &l->metrics);
}

/* The loop's own handles. None of these can fail but the async, which needs a descriptor; it
 * comes first, so that there is nothing to take back. */
static int open_handles(struct loop *l)
{
	int r = uv_async_init(&l->uv, &l->async, on_async);
	if (r < 0)
		return r;
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_timer_init(&l->uv, &l->timer);
	for (int i = 0; i < OWN_HANDLES; i++)
		own_handle(l, i)->data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	return 0;
}

int loop_new(struct loop **ret, const struct limits *limits, struct log *log)
{
	struct loop *l = aligned_alloc(_Alignof(struct loop), sizeof *l);
	if (!l)
		return -ENOMEM;
	/* All but the scratches, whose pages are to stay untouched until somebody reads. */
	memset(l, 0, offsetof(struct loop, gap));
	int r = uv_loop_init(&l->uv);
	if (r < 0) {
		free(l);
		return r;
	}
	r = open_handles(l);
	if (r < 0) {
		uv_loop_close(&l->uv);
		free(l);
		return r;
	}
	l->uv.data = l;
	pool_init(&l->pool, POOL_SPARE);
	deferq_init(&l->defer);
	timers_init(&l->timers, uv_now(&l->uv));
	l->armed = UINT64_MAX;
	fill_env(l, limits, log);
	*ret = l;
	return 0;
}

struct env *loop_env(struct loop *l)
{
	return &l->env;
}

int loop_run(struct loop *l)
{
	uv_update_time(&l->uv);
	loop_tick(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	return 0;
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

void loop_wake(struct loop *l)
{
	uv_async_send(&l->async);
}

void loop_on_wake(struct loop *l, void (*fn)(void *owner), void *owner)
{
	l->woken = fn;
	l->woken_owner = owner;
}

struct write_req *loop_req_take(struct loop *l)
{
	struct write_req *r = l->reqs;
	if (!r)
		return malloc(sizeof *r);
	l->reqs = r->next;
	l->reqs_spare--;
	return r;
}

void loop_req_give(struct loop *l, struct write_req *r)
{
	if (l->reqs_spare >= REQ_SPARE) {
		free(r);
		return;
	}
	r->next = l->reqs;
	l->reqs = r;
	l->reqs_spare++;
}

static bool is_own(struct loop *l, const uv_handle_t *h)
{
	for (int i = 0; i < OWN_HANDLES; i++)
		if (own_handle(l, i) == h)
			return true;
	return false;
}

static void count_closing(uv_handle_t *h, void *arg)
{
	*(unsigned *)arg += uv_is_closing(h) ? 1 : 0;
}

/* A handle somebody forgot: closed so that the loop can go, reported so that the bug can. */
static void close_forgotten(uv_handle_t *h, void *arg)
{
	struct loop *l = h->loop->data;
	if (is_own(l, h) || uv_is_closing(h))
		return;
	*(unsigned *)arg += 1;
	uv_close(h, NULL);
}

static bool loop_idle(const struct loop *l)
{
	return list_empty(&l->defer.calls) && list_empty(&l->defer.costly);
}

static void on_patience(uv_timer_t *h)
{
	*(bool *)h->data = true;
}

/* Turns the loop until the thread pool has given everything back and every handle that is closing
 * is closed; false if the pool does not within FREE_WAIT. */
static bool drain(struct loop *l)
{
	bool tired = false;
	uv_timer_t patience;
	uv_timer_init(&l->uv, &patience);
	patience.data = &tired;
	uv_timer_start(&patience, on_patience, FREE_WAIT, 0);
	for (;;) {
		unsigned closing = 0;
		uv_walk(&l->uv, count_closing, &closing);
		bool calm = !closing && loop_idle(l); /* but for the thread pool */
		if (tired || (calm && !l->busy))
			break;
		uv_run(&l->uv, calm ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	}
	uv_close((uv_handle_t *)&patience, NULL);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	return !l->busy;
}

static void free_memory(struct loop *l)
{
	while (l->reqs) {
		struct write_req *r = l->reqs;
		l->reqs = r->next;
		free(r);
	}
	pool_done(&l->pool);
	free(l);
}

int loop_free(struct loop *l)
{
	unsigned forgotten = 0;
	if (!l)
		return 0;
	if (!drain(l))
		return -ETIMEDOUT;
	if (l->log_file)
		log_file_flush(l->log_file);
	uv_walk(&l->uv, close_forgotten, &forgotten);
	for (int i = 0; i < OWN_HANDLES; i++)
		uv_close(own_handle(l, i), NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	int r = uv_loop_close(&l->uv);
	if (r == 0 && (forgotten || l->pool.taken))
		r = -EBUSY;
	free_memory(l);
	return r;
}

const char *loop_uv_version(void)
{
	return uv_version_string();
}
