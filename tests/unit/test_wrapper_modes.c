/* wrapper: the end of the command in each of the three modes. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "wrap_stage.h"
#include "fail_malloc.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void test_exit(void **state)
{
	static const struct {
		int status, code;
		const char *by;
	} rows[] = {
		{W_EXITCODE(0, 0), 0, "info  command ended command=prog by=\"exit code 0\""},
		{W_EXITCODE(7, 0), 7, "warn  command ended command=prog by=\"exit code 7\""},
		{W_EXITCODE(255, 0), 255, "by=\"exit code 255\""},
		{W_EXITCODE(0, SIGKILL), 137,
	         "warn  command ended command=prog by=\"signal KILL\""},
		{W_EXITCODE(0, SIGSEGV) | 0x80, 139, "by=\"signal SEGV\""},
	};
	struct stage s;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		stage_start(&s, WRAP_EXIT, WRAP_MOVED);
		stage_ready(&s);
		fake_sleep(&s.f, 1500);
		stage_ends(&s, rows[i].status);
		assert_int_equal(s.ended, 1);
		assert_int_equal(s.code, rows[i].code);
		assert_true(fake_logged(&s.f, rows[i].by));
		assert_true(fake_logged(&s.f, "after_ms=1500"));
		assert_int_equal(gate_now(&s.gate), GATE_FAILED);
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.child.starts, 1);
		assert_int_equal(s.ended, 1);
		wrapper_stop(&s.w);
		fake_sleep(&s.f, 1);
		assert_int_equal(s.stopped, 1);
		stage_close(&s);
	}
}

/* It can be late no more. */
static void test_exit_before_it_is_ready(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	stage_ends(&s, W_EXITCODE(1, 0));
	fake_sleep(&s.f, 2 * STAGE_READY_MS);
	assert_int_equal(s.ended, 1);
	assert_false(fake_logged(&s.f, "command is not ready"));
	stage_close(&s);
}

static void test_ignore(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_IGNORE, WRAP_MOVED);
	stage_show(99, "Xvnc", "127.0.0.1:4000", false);
	stage_ends(&s, 0); /* before it is ready: it goes into the background */
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(fake_logged(&s.f, "info  command goes on in the background command=prog "
	                              "process=Xvnc pid=99 address=127.0.0.1:4000"));
	stage_ready(&s);
	fake_sleep(&s.f, 60000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(s.ended + s.stopped, 0);
	assert_int_equal(s.child.starts, 1);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(stage_logged(&s, "in the background"), 1);
	stage_close(&s);
}

/* It ended and left nobody: clients wait for the rest of the time, then are told. */
static void test_ignore_left_nobody(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_IGNORE, WRAP_MOVED);
	stage_ends(&s, W_EXITCODE(1, 0));
	fake_sleep(&s.f, STAGE_READY_MS - 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	fake_sleep(&s.f, 1);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(s.ended, 0);
	stage_close(&s);
}

/* Who holds the port is named once: when the command ends, or if it came later, at the very end. */
static void test_holder_comes_late(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_IGNORE, WRAP_MOVED);
	stage_ends(&s, 0);
	stage_ready(&s);
	stage_show(99, "Xvnc", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 60000);
	assert_int_equal(stage_logged(&s, "in the background"), 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(
		stage_logged(&s, "command goes on in the background command=prog process=Xvnc"), 1);
	stage_close(&s);
}

/* Not told what to do when it ends: one that goes into the background goes on. */
static void test_adapts(void **state)
{
	static const struct {
		int status;
		bool holder, outside, goes_on;
	} rows[] = {
		{W_EXITCODE(0, 0), true, false, true},
		{W_EXITCODE(0, 0), false, false, false},
		{W_EXITCODE(1, 0), true, false, false},
		{W_EXITCODE(0, SIGTERM), true, false, false},
		{W_EXITCODE(0, 0), true, true, false},
	};
	struct stage s;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		stage_start(&s, WRAP_EXIT, WRAP_MOVED);
		s.setup.adapts = true;
		stage_ready(&s);
		if (rows[i].holder)
			stage_show(99, "Xvnc", "127.0.0.1:4000", rows[i].outside);
		stage_ends(&s, rows[i].status);
		assert_int_equal(s.ended, !rows[i].goes_on);
		assert_int_equal(gate_now(&s.gate), rows[i].goes_on ? GATE_OPEN : GATE_FAILED);
		assert_int_equal(stage_logged(&s, "command goes on in the background"),
		                 rows[i].goes_on);
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.ended, !rows[i].goes_on);
		wrapper_stop(&s.w);
		fake_sleep(&s.f, 1);
		assert_int_equal(s.stopped, 1);
		stage_close(&s);
	}
	unit_note_clear();
}

/* It forks, ends, and only then binds. */
static void test_daemon_binds_late(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.setup.adapts = true;
	stage_ends(&s, 0);
	fake_sleep(&s.f, 1500);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	stage_ready(&s);
	stage_show(99, "server", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.ended, 0);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(stage_logged(&s, "goes on in the background command=prog process=server"),
	                 1);
	assert_int_equal(stage_logged(&s, "has not listened"), 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	stage_close(&s);
}

/* The same; its port is named in the command, and others reach it. */
static void test_placed_daemon_binds_late(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_PLACED);
	s.setup.adapts = true;
	stage_ends(&s, 0);
	fake_sleep(&s.f, 500);
	stage_show(99, "server", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 500);
	assert_int_equal(s.ended, 1);
	assert_int_equal(stage_logged(&s, "has not listened"), 0);
	stage_close(&s);
}

/* Nobody comes: an exit, with a hint, but only where there can be a misunderstanding. */
static void test_never_listened(void **state)
{
	static const struct {
		enum wrap_kind kind;
		bool adapts, ready;
		int status;
		bool lingers;
	} rows[] = {
		{WRAP_MOVED, true, false, 0, true},
		{WRAP_PLACED, true, false, 0, true},
		{WRAP_UNIX, true, false, 0, false},
		{WRAP_MOVED, false, false, 0, false},
		{WRAP_MOVED, true, true, 0, false},
		{WRAP_MOVED, true, false, W_EXITCODE(1, 0), false},
		{WRAP_MOVED, true, false, W_EXITCODE(0, SIGTERM), false},
	};
	struct stage s;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		stage_start(&s, WRAP_EXIT, rows[i].kind);
		s.setup.adapts = rows[i].adapts;
		if (rows[i].ready)
			stage_ready(&s);
		stage_ends(&s, rows[i].status);
		fake_sleep(&s.f, 1);
		assert_int_equal(s.ended, !rows[i].lingers);
		fake_sleep(&s.f, 1900);
		assert_int_equal(s.ended, !rows[i].lingers);
		fake_sleep(&s.f, 200);
		assert_int_equal(s.ended, 1);
		assert_int_equal(
			stage_logged(&s, "warn  \"command ended and has not listened\" ") +
				stage_logged(&s, "warn  command ended and has not listened "),
			rows[i].lingers);
		assert_int_equal(stage_logged(&s, "use --wrap-mode=ignore"), rows[i].lingers);
		stage_close(&s);
	}
	unit_note_clear();
}

/* Stopped, retired or done while it waits for somebody. */
static void test_lingers_no_longer(void **state)
{
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		stage_start(&s, WRAP_EXIT, WRAP_MOVED);
		s.setup.adapts = true;
		stage_ends(&s, 0);
		fake_sleep(&s.f, 300);
		if (i == 0)
			wrapper_stop(&s.w);
		else if (i == 1)
			wrapper_retire(&s.w);
		else
			wrapper_done(&s.w);
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.ended, 0);
		assert_int_equal(s.stopped, i == 0);
		stage_close(&s);
	}
}

static void test_respawn(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	for (unsigned i = 2; i <= 3; i++) {
		stage_ready(&s);
		stage_ends(&s, W_EXITCODE(0, SIGKILL));
		assert_int_equal(gate_now(&s.gate), GATE_SHUT);
		fake_sleep(&s.f, 0);
		assert_int_equal(s.child.starts, i);
	}
	assert_int_equal(stage_logged(&s, "pausing"), 0);
	fake_sleep(&s.f, 4000);
	stage_ends(&s, 0);
	assert_int_equal(stage_logged(&s, "command ends too soon: pausing command=prog ms=6000"),
	                 1);
	fake_sleep(&s.f, 5999);
	assert_int_equal(s.child.starts, 3);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.child.starts, 4);
	assert_int_equal(stage_logged(&s, "pausing"), 1);
	stage_ready(&s);
	assert_int_equal(stage_logged(&s, "is ready"), 3);
	assert_int_equal(s.ended, 0);
	stage_close(&s);
}

/* What the last start left of its group goes first; what left the group is named. */
static void test_respawn_sweeps(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.child.others = 2;
	s.child.deaf = true;
	stage_show(99, "Xvnc", "127.0.0.1:4000", false);
	stage_ends(&s, 0);
	assert_int_equal(s.child.terms, 1);
	fake_sleep(&s.f, STAGE_STOP_MS - 1);
	assert_int_equal(s.child.kills, 0);
	assert_int_equal(s.child.starts, 1);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.child.kills, 1);
	assert_true(fake_logged(&s.f, "warn  command did not end in time and is killed"));
	assert_true(
		fake_logged(&s.f, "warn  \"command left a process behind that holds its port") ||
		fake_logged(&s.f, "command left a process behind that holds its port"));
	assert_int_equal(s.child.starts, 2);
	stage_close(&s);
}

/* Whom each of them leaves behind is named each time. */
static void test_respawn_names_again(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_show(99, "Xvnc", "127.0.0.1:4000", false);
	for (unsigned i = 1; i < RESPAWN_STARTS; i++) {
		stage_ends(&s, 0);
		fake_sleep(&s.f, 0);
		assert_int_equal(s.child.starts, i + 1);
		assert_int_equal(stage_logged(&s, "command left a process behind"), i);
	}
	stage_close(&s);
}

/* What kept the last one from its port is nothing that this one did. */
static void test_respawn_begins_anew(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_tell(&s, "fail 127.0.0.1 4000 pid=1 family=4 errno=98 key=" STAGE_KEY "\n");
	stage_ends(&s, W_EXITCODE(1, 0));
	fake_sleep(&s.f, 0);
	assert_int_equal(s.child.starts, 2);
	snprintf(stage_proc.shown.text, sizeof stage_proc.shown.text, "it does not bind");
	fake_sleep(&s.f, STAGE_READY_MS);
	assert_true(fake_logged(&s.f, "command is not ready command=prog after_ms=30000 "
	                              "reason=\"it does not bind\""));
	stage_close(&s);
}

static void test_respawn_cannot_start(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.child.start_error = -ENOENT;
	stage_ends(&s, 0);
	fake_sleep(&s.f, 1000);
	assert_int_equal(s.child.starts, 3);
	assert_int_equal(stage_logged(&s, "command cannot be started"), 2);
	assert_int_equal(stage_logged(&s, "pausing"), 1);
	s.child.start_error = 0;
	fake_sleep(&s.f, 10000);
	assert_int_equal(s.child.starts, 4);
	stage_ready(&s);
	stage_close(&s);
}

/* Any allocation may fail: nothing hangs for it. */
static void test_no_memory(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	stage_ready(&s);
	fail_malloc_at(1);
	stage_ends(&s, W_EXITCODE(3, 0));
	fail_malloc_off();
	fake_sleep(&s.f, 1);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 3);
	stage_close(&s);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_exit),
		UNIT(test_exit_before_it_is_ready),
		UNIT(test_ignore),
		UNIT(test_ignore_left_nobody),
		UNIT(test_holder_comes_late),
		UNIT(test_adapts),
		UNIT(test_daemon_binds_late),
		UNIT(test_placed_daemon_binds_late),
		UNIT(test_never_listened),
		UNIT(test_lingers_no_longer),
		UNIT(test_respawn),
		UNIT(test_respawn_sweeps),
		UNIT(test_respawn_names_again),
		UNIT(test_respawn_begins_anew),
		UNIT(test_respawn_cannot_start),
		UNIT(test_no_memory),
	};
	return cmocka_run_group_tests_name("wrapper_modes", tests, NULL, NULL);
}
