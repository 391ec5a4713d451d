/* One millisecond of a loop at a time. */
#include "real_loop.h"

#include "unit/unit.h"

#include <signal.h>
#include <stdlib.h>

/* libuv opens a pipe for the life of the process with the first loop; a test that came to be the first
 * would have left it open. */
__attribute__((constructor)) static void have_had_a_loop(void)
{
	const struct limits limits = {0};
	struct loop *l;
	if (loop_new(&l, &limits, NULL) == 0)
		loop_free(l);
}

static void on_tick(void *owner)
{
	struct real_loop *w = owner;
	loop_stop(w->loop);
}

void real_open(struct real_loop *w, struct log *log)
{
	uint32_t *limits = (uint32_t *)&w->limits;
	*w = (struct real_loop){0};
	for (size_t i = 0; i < sizeof w->limits / sizeof *limits; i++)
		limits[i] = 60000;
	w->limits.dial_ms = 10000;
	assert_int_equal(loop_new(&w->loop, &w->limits, log), 0);
	w->env = loop_env(w->loop);
	timer_init(&w->tick, on_tick, w);
	/* What sigs_start does for the real program. */
	assert_int_equal(sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);
}

void real_turn(struct real_loop *w)
{
	timer_arm(w->env->timers, &w->tick, TIMER_FRAME, 1);
	assert_int_equal(loop_run(w->loop), 0);
	timer_stop(&w->tick);
}

void real_close(struct real_loop *w)
{
	timer_stop(&w->tick);
	assert_int_equal(timers_next(w->env->timers), -1);
	assert_int_equal(w->env->pool->taken, 0);
	assert_int_equal(loop_free(w->loop), 0);
}

void real_never(const char *file, int line, const char *what)
{
	fail_msg("%s:%d: never: %s", file, line, what);
	abort();
}
