/* The loop: deferred calls never sleep, deadlines fire once and in order, wakes from other threads
 * arrive, randomness is not repeated, and freeing finds what was forgotten.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "io/loop.h"
#include "fail_malloc.h"
#include "io/tcp_link.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_versions(void **state)
{
	unsigned major = 0;
	(void)state;
	for (const char *c = loop_uv_version(); *c && *c != '.'; c++)
		major = major * 10 + (unsigned)(*c - '0');
	assert_int_equal(major, 1);
	assert_non_null(strchr(loop_uv_version(), '.'));
}

static void test_env_is_whole(void **state)
{
	struct real_loop w;
	(void)state;
	real_open(&w, NULL);
	assert_non_null(w.env->pool);
	assert_non_null(w.env->defer);
	assert_non_null(w.env->timers);
	assert_non_null(w.env->metrics);
	assert_ptr_equal(w.env->limits, &w.limits);
	assert_non_null(w.env->random);
	assert_non_null(w.env->dial);
	assert_non_null(w.env->undial);
	assert_non_null(w.env->job);
	assert_int_equal(loop_free(NULL), 0);
	real_close(&w);
}

/* ---- deferred calls ---- */

/* A chain of calls, each posting the next, the last of which stops the loop. Nothing else is going
 * on: a loop that slept on a queued call would sleep for ever. */
struct chain {
	struct loop *loop;
	struct env *env;
	struct defer call;
	struct timer late;
	unsigned left;
	bool was_late;
};

static void on_call(void *owner)
{
	struct chain *c = owner;
	if (--c->left == 0)
		loop_stop(c->loop);
	else
		defer_post(c->env->defer, &c->call);
}

static void on_late(void *owner)
{
	struct chain *c = owner;
	c->was_late = true;
	loop_stop(c->loop);
}

static void chain_open(struct chain *c, struct real_loop *w)
{
	*c = (struct chain){.loop = w->loop, .env = w->env, .left = 1000};
	defer_init(&c->call, on_call, c);
	timer_init(&c->late, on_late, c);
	timer_arm(w->env->timers, &c->late, TIMER_DIAL, 60000);
}

static void chain_close(struct chain *c)
{
	assert_int_equal(c->left, 0);
	assert_false(c->was_late);
	timer_stop(&c->late);
}

static void test_deferred_before_run(void **state)
{
	struct real_loop w;
	struct chain c;
	(void)state;
	real_open(&w, NULL);
	chain_open(&c, &w);
	defer_post(w.env->defer, &c.call);
	loop_run(w.loop);
	chain_close(&c);
	real_close(&w);
}

/* Posted by a deadline. */
static void post_call(void *owner)
{
	struct chain *c = owner;
	defer_post(c->env->defer, &c->call);
}

static void test_deferred_from_a_deadline(void **state)
{
	struct real_loop w;
	struct chain c;
	struct timer t;
	(void)state;
	real_open(&w, NULL);
	chain_open(&c, &w);
	timer_init(&t, post_call, &c);
	timer_arm(w.env->timers, &t, TIMER_PING, 1);
	loop_run(w.loop);
	chain_close(&c);
	real_close(&w);
}

/* ---- costly calls: one a turn, and nothing sleeps on them ---- */

struct costly {
	struct env *env;
	struct loop *loop;
	struct defer calls[3];
	struct timer timer; /* armed by each call for at once: it fires in the next turn */
	char ran[16];
	size_t n;
};

static void on_costly(void *owner)
{
	struct costly *c = owner;
	c->ran[c->n++] = 'c';
	timer_arm(c->env->timers, &c->timer, TIMER_DIAL, 0);
}

static void on_turn(void *owner)
{
	struct costly *c = owner;
	c->ran[c->n++] = 't';
	if (c->n == 6)
		loop_stop(c->loop);
}

static void test_costly_calls_take_turns(void **state)
{
	struct real_loop w;
	(void)state;
	real_open(&w, NULL);
	struct costly c = {.env = w.env, .loop = w.loop};
	timer_init(&c.timer, on_turn, &c);
	for (int i = 0; i < 3; i++) {
		defer_init(&c.calls[i], on_costly, &c);
		defer_post_costly(w.env->defer, &c.calls[i]);
	}
	loop_run(w.loop);
	assert_string_equal(c.ran, "ctctct");
	real_close(&w);
}

/* A costly call whose followers, deferred calls, end in another costly one: the last of a turn to be
 * queued. (A handshake is over, the request is there, the backend speaks TLS, too.) */
static void on_last_costly(void *owner)
{
	loop_stop(((struct costly *)owner)->loop);
}

static void on_between(void *owner)
{
	struct costly *c = owner;
	defer_post_costly(c->env->defer, &c->calls[2]);
}

static void on_first_costly(void *owner)
{
	struct costly *c = owner;
	defer_post(c->env->defer, &c->calls[1]);
}

static void on_slept(void *owner)
{
	struct costly *c = owner;
	c->n = 1;
	loop_stop(c->loop);
}

static void test_costly_after_costly(void **state)
{
	struct real_loop w;
	(void)state;
	real_open(&w, NULL);
	struct costly c = {.env = w.env, .loop = w.loop};
	defer_init(&c.calls[0], on_first_costly, &c);
	defer_init(&c.calls[1], on_between, &c);
	defer_init(&c.calls[2], on_last_costly, &c);
	timer_init(&c.timer, on_slept, &c);
	timer_arm(w.env->timers, &c.timer, TIMER_DIAL, 60000);
	defer_post_costly(w.env->defer, &c.calls[0]);
	loop_run(w.loop);
	assert_int_equal(c.n, 0);
	timer_stop(&c.timer);
	real_close(&w);
}

/* Posted while handles are closed, the last thing of a turn. */
static void on_link_closed(void *owner)
{
	post_call(owner);
}

static const struct link_events only_closed = {.closed = on_link_closed};

static void test_deferred_from_closed(void **state)
{
	struct real_loop w;
	struct chain c;
	struct link *link;
	int fds[2];
	(void)state;
	real_open(&w, NULL);
	chain_open(&c, &w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	                 0);
	assert_int_equal(tcp_link_open(&link, w.loop, fds[0], true, "client"), 0);
	link_own(link, &only_closed, &c);
	link_close(link, true);
	loop_run(w.loop);
	chain_close(&c);
	close(fds[1]);
	real_close(&w);
}

/* ---- deadlines ---- */

enum { TIMERS = 200 };

struct clockwork {
	struct real_loop w;
	struct timer timers[TIMERS];
	uint64_t armed_at, last_due;
	unsigned fired;
};

struct tooth {
	struct clockwork *c;
	unsigned i;
};

static void on_due(void *owner)
{
	struct tooth *t = owner;
	struct clockwork *c = t->c;
	assert_true(c->timers[t->i].due <= c->w.env->timers->now); /* never early */
	assert_true(c->timers[t->i].due >= c->last_due);
	c->last_due = c->timers[t->i].due;
	c->fired++;
}

static void test_deadlines(void **state)
{
	static struct clockwork c;
	static struct tooth teeth[TIMERS];
	struct rng r = {3};
	(void)state;
	c = (struct clockwork){0};
	real_open(&c.w, NULL);
	for (unsigned i = 0; i < TIMERS; i++) {
		teeth[i] = (struct tooth){&c, i};
		timer_init(&c.timers[i], on_due, &teeth[i]);
		timer_arm(c.w.env->timers, &c.timers[i], rng_below(&r, TIMER_CLASSES),
		          rng_below(&r, 50));
	}
	for (unsigned i = 0; i < TIMERS; i += 10) /* pushed back and taken away */
		timer_arm(c.w.env->timers, &c.timers[i], TIMER_IDLE, 60);
	for (unsigned i = 5; i < TIMERS; i += 10)
		timer_stop(&c.timers[i]);
	real_until(&c.w, c.fired == TIMERS - TIMERS / 10);
	for (int i = 0; i < 80; i++)
		real_turn(&c.w);
	assert_int_equal(c.fired, TIMERS - TIMERS / 10);
	real_close(&c.w);
}

/* ---- wakes ---- */

enum { WAKERS = 3, WAKES = 2000 };

struct woken {
	struct real_loop w;
	_Atomic unsigned posted; /* by the other threads */
	unsigned seen;           /* the most of them that a wake has found */
	unsigned calls;
	pthread_t main;
};

static void *wake_often(void *arg)
{
	struct woken *x = arg;
	for (int i = 0; i < WAKES; i++) {
		atomic_fetch_add(&x->posted, 1);
		loop_wake(x->w.loop);
	}
	return NULL;
}

static void on_wake(void *owner)
{
	struct woken *x = owner;
	assert_true(pthread_equal(pthread_self(), x->main));
	x->seen = atomic_load(&x->posted);
	x->calls++;
}

static void test_wake_from_threads(void **state)
{
	static struct woken x;
	pthread_t threads[WAKERS];
	(void)state;
	x = (struct woken){.main = pthread_self()};
	real_open(&x.w, NULL);
	loop_wake(x.w.loop); /* without anybody to tell: nothing */
	real_turn(&x.w);
	loop_on_wake(x.w.loop, on_wake, &x);
	for (int i = 0; i < WAKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wake_often, &x), 0);
	/* After the last wake there is a call that sees everything. */
	real_until(&x.w, x.seen == WAKERS * WAKES);
	assert_true(x.calls <= WAKERS * WAKES);
	for (int i = 0; i < WAKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	real_close(&x.w);
}

/* Two loops in two threads, waking each other: nothing is shared (TSan says so). */
struct peer {
	struct loop *loop;
	struct limits limits;
	struct peer *other;
	unsigned rounds;
	pthread_t thread;
};

static void on_ping(void *owner)
{
	struct peer *p = owner;
	if (++p->rounds > 500)
		loop_stop(p->loop);
	if (p->rounds <= 501)
		loop_wake(p->other->loop);
}

static void *run_peer(void *arg)
{
	struct peer *p = arg;
	loop_run(p->loop);
	return NULL;
}

static void test_two_loops(void **state)
{
	struct peer a = {0}, b = {0};
	(void)state;
	assert_int_equal(loop_new(&a.loop, &a.limits, NULL), 0);
	assert_int_equal(loop_new(&b.loop, &b.limits, NULL), 0);
	a.other = &b;
	b.other = &a;
	loop_on_wake(a.loop, on_ping, &a);
	loop_on_wake(b.loop, on_ping, &b);
	assert_int_equal(pthread_create(&a.thread, NULL, run_peer, &a), 0);
	assert_int_equal(pthread_create(&b.thread, NULL, run_peer, &b), 0);
	loop_wake(a.loop);
	assert_int_equal(pthread_join(a.thread, NULL), 0);
	assert_int_equal(pthread_join(b.thread, NULL), 0);
	assert_true(a.rounds > 500 && b.rounds > 500);
	assert_int_equal(loop_free(a.loop), 0);
	assert_int_equal(loop_free(b.loop), 0);
}

/* ---- randomness ---- */

static void test_random(void **state)
{
	struct real_loop w;
	static uint32_t keys[20000];
	static uint8_t big[5000];
	unsigned bits = 0, same = 0, zero = 0;
	(void)state;
	real_open(&w, NULL);
	for (size_t i = 0; i < 20000; i++)
		w.env->random(w.env, &keys[i], sizeof keys[i]);
	for (size_t i = 0; i < 20000; i++) {
		bits += (unsigned)__builtin_popcount(keys[i]);
		for (size_t k = i + 1; k < i + 300 && k < 20000; k++) /* one stock holds 128 */
			same += keys[i] == keys[k];
	}
	/* 320,000 of 640,000 bits, standard deviation 400: ten of them are never seen. Some equal
	 * pair among 6 million is 0.0014 to expect: three are never seen. */
	assert_true(bits > 316000 && bits < 324000);
	assert_true(same < 3);
	/* Odd sizes and more than the stock. */
	w.env->random(w.env, big, 0);
	w.env->random(w.env, big, 511);
	w.env->random(w.env, big, 512);
	w.env->random(w.env, big, sizeof big);
	for (size_t i = 0; i < sizeof big; i++)
		zero += big[i] == 0;
	assert_true(zero < 100); /* 20 to expect */
	real_close(&w);
}

/* ---- the end ---- */

/* A link that nobody closed is a bug that loop_free reports; it can still free the rest. */
static void test_free_finds_the_forgotten(void **state)
{
	struct loop *l;
	struct limits limits = {.stall_ms = 1000};
	struct link *link;
	int fds[2];
	(void)state;
	assert_int_equal(loop_new(&l, &limits, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	                 0);
	assert_int_equal(tcp_link_open(&link, l, fds[0], true, "client"), 0);
	assert_int_equal(loop_free(l), -EBUSY);
	free(link); /* it is the struct's first member; the loop does not know who owns it */
	close(fds[1]);
}

static void test_free_finds_chunks(void **state)
{
	struct loop *l;
	struct limits limits = {0};
	(void)state;
	assert_int_equal(loop_new(&l, &limits, NULL), 0);
	struct buf *b = pool_take(loop_env(l)->pool);
	assert_non_null(b);
	assert_int_equal(loop_free(l), -EBUSY);
	free(b);
}

/* What was closed just before is finished, deferred calls included. */
static unsigned closed_links;

static void count_closed(void *owner)
{
	(void)owner;
	closed_links++;
}

static const struct link_events counting = {.closed = count_closed};

static void test_free_finishes_what_is_closing(void **state)
{
	struct loop *l;
	struct limits limits = {0};
	(void)state;
	closed_links = 0;
	assert_int_equal(loop_new(&l, &limits, NULL), 0);
	for (int i = 0; i < 10; i++) {
		struct link *link;
		int fds[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		assert_int_equal(tcp_link_open(&link, l, fds[0], true, "client"), 0);
		link_own(link, &counting, NULL);
		link_close(link, true);
		close(fds[1]);
	}
	assert_int_equal(loop_free(l), 0);
	assert_int_equal(closed_links, 10);
}

/* Also when nothing else is left to do. */
static void test_free_runs_what_is_deferred(void **state)
{
	struct defer calls[3];
	(void)state;
	for (int costly = 0; costly < 2; costly++) {
		struct real_loop w;
		real_open(&w, NULL);
		closed_links = 0;
		for (int i = 0; i < 3; i++) {
			defer_init(&calls[i], count_closed, NULL);
			(costly ? defer_post_costly : defer_post)(w.env->defer, &calls[i]);
		}
		real_close(&w);
		assert_int_equal(closed_links, 3);
	}
}

/* ---- shortages ---- */

static void one_loop(void *ctx, unsigned long failing)
{
	struct loop *l = NULL;
	struct limits limits = {0};
	(void)ctx;
	int r = loop_new(&l, &limits, NULL);
	assert_int_equal(r, failing ? -ENOMEM : 0);
	assert_true((l != NULL) == !failing);
	assert_int_equal(loop_free(l), 0);
}

static void test_without_memory(void **state)
{
	(void)state;
	assert_int_equal(fail_malloc_each(one_loop, NULL), 1); /* libuv's own are not ours */
}

/* A child with room for n more descriptors, since the limit would stay low, and since libuv (1.44)
 * leaves one open when it fails half-way: 0: it got and freed a loop, 1: there were too few. */
static int loop_with_descriptors(unsigned n)
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct loop *l = NULL;
		struct limits limits = {0};
		int free_fd = dup(0);
		const struct rlimit few = {(rlim_t)free_fd + n, (rlim_t)free_fd + n};
		close(free_fd);
		setrlimit(RLIMIT_NOFILE, &few);
		int r = loop_new(&l, &limits, NULL);
		_exit(r == 0 ? (loop_free(l) ? 2 : 0) : r == -EMFILE ? 1 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_without_descriptors(void **state)
{
	unsigned n = 0;
	(void)state;
	while (n < 16 && loop_with_descriptors(n) == 1)
		n++;
	assert_true(n >= 2); /* epoll's, and that of the wakes */
	assert_int_equal(loop_with_descriptors(n), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_versions),
		UNIT(test_env_is_whole),
		UNIT(test_deferred_before_run),
		UNIT(test_deferred_from_a_deadline),
		UNIT(test_costly_calls_take_turns),
		UNIT(test_costly_after_costly),
		UNIT(test_deferred_from_closed),
		UNIT(test_deadlines),
		UNIT(test_wake_from_threads),
		UNIT(test_two_loops),
		UNIT(test_random),
		UNIT(test_free_finds_the_forgotten),
		UNIT(test_free_finds_chunks),
		UNIT(test_free_finishes_what_is_closing),
		UNIT(test_free_runs_what_is_deferred),
		UNIT(test_without_memory),
		UNIT(test_without_descriptors),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
