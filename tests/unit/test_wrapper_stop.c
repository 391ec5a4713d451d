/* wrapper: an end of ours: retired, stopped, killed, done, at any time. */
#include "wrap_stage.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void test_stop(void **state)
{
	static const enum wrap_mode modes[] = {WRAP_EXIT, WRAP_IGNORE, WRAP_RESPAWN};
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		stage_start(&s, modes[i], WRAP_MOVED);
		stage_ready(&s);
		wrapper_stop(&s.w);
		wrapper_stop(&s.w);
		assert_int_equal(gate_now(&s.gate), GATE_FAILED);
		assert_int_equal(s.child.terms, 1);
		fake_sleep(&s.f, 1000);
		assert_int_equal(s.stopped, 0);
		stage_ends(&s, W_EXITCODE(0, SIGTERM));
		fake_sleep(&s.f, 100);
		assert_int_equal(s.stopped, 1);
		assert_int_equal(s.ended, 0); /* it was us */
		assert_int_equal(s.child.starts, 1);
		assert_int_equal(s.child.kills, 0);
		assert_true(
			fake_logged(&s.f, "info  command ended command=prog by=\"signal TERM\""));
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.stopped, 1);
		stage_close(&s);
	}
}

/* While our last sessions say goodbye it ends as well: neither an exit code nor a reason to start it. */
static void test_retired(void **state)
{
	static const enum wrap_mode modes[] = {WRAP_EXIT, WRAP_IGNORE, WRAP_RESPAWN};
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		stage_start(&s, modes[i], WRAP_MOVED);
		stage_ready(&s);
		s.child.others = 1;
		wrapper_retire(&s.w);
		assert_int_equal(gate_now(&s.gate), GATE_OPEN);
		assert_int_equal(s.child.terms, 0);
		stage_ends(&s, W_EXITCODE(0, SIGTERM));
		assert_true(
			fake_logged(&s.f, "info  command ended command=prog by=\"signal TERM\""));
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.child.starts, 1);
		assert_int_equal(s.child.terms, 0); /* somebody may still talk to the others */
		assert_int_equal(s.ended + s.stopped, 0);
		wrapper_stop(&s.w);
		assert_int_equal(s.child.terms, 1);
		fake_sleep(&s.f, 100);
		assert_int_equal(s.stopped, 1);
		assert_int_equal(s.ended, 0);
		stage_close(&s);
	}
}

/* Retired between its end and what would follow: somebody looks, … */
static void test_retired_while_looking(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.f.hold_jobs = true;
	stage_ends(&s, W_EXITCODE(0, SIGTERM));
	wrapper_retire(&s.w);
	fake_jobs(&s.f);
	s.f.hold_jobs = false;
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.ended, 0);
	stage_close(&s);
}

/* … it pauses, … */
static void test_retired_in_a_pause(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_pause(&s);
	wrapper_retire(&s.w);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.child.starts, RESPAWN_STARTS);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	stage_close(&s);
}

/* … or others could reach it, which is a failure all the same. */
static void test_retired_while_it_is_ended(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_PLACED);
	stage_show(1001, "prog", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 200);
	assert_int_equal(s.child.terms, 1);
	wrapper_retire(&s.w);
	stage_ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	stage_close(&s);
}

/* Asked twice to end: nobody waits for a command that does not listen, neither while it is to end, … */
static void test_kill_while_it_is_to_end(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.child.deaf = true;
	wrapper_retire(&s.w);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.child.kills, 0);
	wrapper_kill(&s.w);
	assert_int_equal(s.child.kills, 1);
	stage_ends(&s, W_EXITCODE(0, SIGKILL));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	stage_close(&s);
}

/* … nor before: what is left of it goes as well … */
static void test_kill_before_it_is_to_end(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_IGNORE, WRAP_MOVED);
	s.child.deaf = true;
	s.child.others = 1;
	stage_ends(&s, 0);
	wrapper_retire(&s.w);
	wrapper_kill(&s.w);
	assert_int_equal(s.child.kills, 1);
	wrapper_stop(&s.w);
	assert_int_equal(s.child.terms, 0);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.ended, 0);
	assert_false(fake_logged(&s.f, "did not end in time"));
	stage_close(&s);
}

/* … nor for ever, when not even that helps. */
static void test_kill_in_vain(void **state)
{
	struct stage s;
	(void)state;
	for (unsigned stopped = 0; stopped < 2; stopped++) {
		stage_start(&s, WRAP_EXIT, WRAP_MOVED);
		wrapper_retire(&s.w);
		if (stopped)
			wrapper_stop(&s.w);
		wrapper_kill(&s.w);
		wrapper_stop(&s.w);
		fake_sleep(&s.f, 1000);
		assert_int_equal(s.stopped, 0);
		fake_sleep(&s.f, 2000);
		assert_int_equal(s.stopped, 1);
		assert_false(fake_logged(&s.f, "did not end in time")); /* it had none */
		s.child.alive = false;
		stage_close(&s);
	}
}

static void test_stop_by_force(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.child.deaf = true;
	wrapper_stop(&s.w);
	fake_sleep(&s.f, STAGE_STOP_MS + 100);
	assert_int_equal(s.child.kills, 1);
	assert_int_equal(s.stopped, 0);
	stage_ends(&s, W_EXITCODE(0, SIGKILL));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	stage_close(&s);
}

/* Not even that: a process in the kernel's hands. */
static void test_stop_in_vain(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, STAGE_STOP_MS + 3000);
	assert_int_equal(s.child.kills, 1);
	assert_int_equal(s.stopped, 1);
	s.child.alive = false;
	stage_close(&s);
}

static void test_stop_before_the_start(void **state)
{
	struct stage s;
	(void)state;
	for (unsigned failed = 0; failed < 2; failed++) {
		stage_open(&s, WRAP_RESPAWN, WRAP_MOVED);
		s.child.start_error = -EACCES;
		if (failed)
			assert_int_equal(wrapper_start(&s.w, &s.child.child), -EACCES);
		wrapper_kill(&s.w);
		wrapper_stop(&s.w);
		assert_int_equal(s.stopped, 1);
		stage_close(&s);
	}
}

static void test_stop_in_a_pause(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_pause(&s);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 20000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, RESPAWN_STARTS);
	stage_close(&s);
}

static void test_stop_while_it_sweeps_for_the_next_start(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.child.others = 1;
	s.child.deaf = true;
	stage_ends(&s, 0);
	fake_sleep(&s.f, 100);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 20000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, 1);
	stage_close(&s);
}

/* A look of before comes back: whatever it has seen is no news any more. */
static void test_stop_with_a_look_under_way(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_PLACED);
	stage_show(1001, "prog", "0.0.0.0:4000", true);
	s.f.hold_jobs = true;
	fake_sleep(&s.f, 150);
	assert_int_equal(s.f.jobs_n, 1);
	wrapper_stop(&s.w);
	stage_ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.f.jobs_n, 2);
	fake_jobs(&s.f);
	s.f.hold_jobs = false;
	fake_sleep(&s.f, 60000);
	assert_false(fake_logged(&s.f, "where others reach it"));
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.ended, 0);
	stage_close(&s);
}

static void test_stop_while_looking(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.f.hold_jobs = true;
	stage_ends(&s, 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1000);
	fake_jobs(&s.f);
	fake_jobs(&s.f);
	fake_sleep(&s.f, 1000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, 1);
	s.f.hold_jobs = false;
	stage_close(&s);
}

/* Whatever it waits for. */
static void test_done_at_any_time(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	stage_close(&s);
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_pause(&s);
	stage_close(&s);
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	wrapper_stop(&s.w);
	s.child.alive = false;
	stage_close(&s);
	stage_start(&s, WRAP_EXIT, WRAP_UNIX);
	fake_child_ends(&s.child, 0);
	stage_close(&s);
}

/* Looks that come back to nobody: what was the wrapper's may be something else by now. */
static void test_done_while_looking(void **state)
{
	struct stage s;
	struct wrapper other;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.f.hold_jobs = true;
	stage_ends(&s, 0);
	wrapper_done(&s.w);
	memset(&s.w, 0x5a, sizeof s.w);
	memset(&other, 0x5a, sizeof other);
	fake_jobs(&s.f);
	assert_memory_equal(&s.w, &other, sizeof other);
	assert_int_equal(s.ended, 0);
	fake_env_done(&s.f);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_stop),
		UNIT(test_retired),
		UNIT(test_retired_while_looking),
		UNIT(test_retired_in_a_pause),
		UNIT(test_retired_while_it_is_ended),
		UNIT(test_kill_while_it_is_to_end),
		UNIT(test_kill_before_it_is_to_end),
		UNIT(test_kill_in_vain),
		UNIT(test_stop_by_force),
		UNIT(test_stop_in_vain),
		UNIT(test_stop_before_the_start),
		UNIT(test_stop_in_a_pause),
		UNIT(test_stop_while_it_sweeps_for_the_next_start),
		UNIT(test_stop_with_a_look_under_way),
		UNIT(test_stop_while_looking),
		UNIT(test_done_at_any_time),
		UNIT(test_done_while_looking),
	};
	return cmocka_run_group_tests_name("wrapper_stop", tests, NULL, NULL);
}
