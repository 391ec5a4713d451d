/* Signals as events of a loop. Each test raises them in its own process, which nobody else minds. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "io/sigs.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

struct heard {
	struct real_loop w;
	struct sigs *sigs;
	unsigned n[NSIG];
	bool inside; /* raise() is running */
	bool stop;   /* in the callback */
};

static void got(void *owner, int signum)
{
	struct heard *h = owner;
	assert_false(h->inside);
	h->n[signum]++;
	if (h->stop) {
		sigs_stop(h->sigs);
		h->sigs = NULL;
	}
}

static void send_self(struct heard *h, int signum)
{
	h->inside = true;
	assert_int_equal(raise(signum), 0);
	h->inside = false;
}

static const int watched[] = {SIGTERM, SIGINT, SIGHUP};

static void heard_open(struct heard *h)
{
	*h = (struct heard){0};
	real_open(&h->w, NULL);
	assert_int_equal(sigs_start(&h->sigs, h->w.loop, watched, 3, got, h), 0);
}

static void test_each_is_heard(void **state)
{
	struct heard h;
	(void)state;
	heard_open(&h);
	for (int i = 0; i < 3; i++) {
		send_self(&h, watched[i]);
		real_until(&h.w, h.n[watched[i]] == 1);
	}
	send_self(&h, SIGTERM);
	real_until(&h.w, h.n[SIGTERM] == 2);
	assert_int_equal(h.n[SIGINT], 1);
	assert_int_equal(h.n[SIGHUP], 1);
	sigs_stop(h.sigs);
	sigs_stop(NULL);
	real_close(&h.w);
}

static void test_stop_in_the_callback(void **state)
{
	struct heard h;
	(void)state;
	heard_open(&h);
	h.stop = true;
	send_self(&h, SIGHUP);
	send_self(&h, SIGINT);
	real_until(&h.w, !h.sigs);
	for (int i = 0; i < 10; i++)
		real_turn(&h.w);
	assert_int_equal(h.n[SIGHUP] + h.n[SIGINT], 1); /* none after stop */
	real_close(&h.w);
}

/* Afterwards a signal does again what it did. */
static void test_stop_gives_signals_back(void **state)
{
	struct heard h;
	struct sigaction now;
	(void)state;
	heard_open(&h);
	assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
	assert_true(now.sa_handler != SIG_DFL);
	sigs_stop(h.sigs);
	real_turn(&h.w);
	assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
	real_close(&h.w);
}

static void test_sigpipe_is_ignored(void **state)
{
	struct heard h;
	int p[2];
	(void)state;
	assert_int_equal(sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL), 0);
	real_open(&h.w, NULL);
	assert_int_equal(sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL), 0);
	assert_int_equal(sigs_start(&h.sigs, h.w.loop, watched, 3, got, &h), 0);
	assert_int_equal(pipe(p), 0);
	close(p[0]);
	assert_int_equal(write(p[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(p[1]);
	sigs_stop(h.sigs);
	real_close(&h.w);
}

static void test_impossible_signal(void **state)
{
	struct real_loop w;
	struct sigs *s = NULL;
	const int bad[] = {SIGTERM, SIGKILL};
	(void)state;
	real_open(&w, NULL);
	assert_int_equal(sigs_start(&s, w.loop, bad, 2, got, NULL), -EINVAL);
	assert_null(s);
	assert_int_equal(sigs_start(&s, w.loop, bad, 0, got, NULL), 0);
	sigs_stop(s);
	fail_malloc_at(1);
	s = NULL;
	assert_int_equal(sigs_start(&s, w.loop, bad, 1, got, NULL), -ENOMEM);
	fail_malloc_off();
	assert_null(s);
	real_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_each_is_heard),           UNIT(test_stop_in_the_callback),
		UNIT(test_stop_gives_signals_back), UNIT(test_sigpipe_is_ignored),
		UNIT(test_impossible_signal),
	};
	return cmocka_run_group_tests_name("sigs", tests, NULL, NULL);
}
