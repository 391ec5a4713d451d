/* wrapper: when the command is ready, what it says, and what is said of it. */
#include "wrap_stage.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void test_ready(void **state)
{
	static const char *const wrong[] = {
		"listen 127.0.0.1 4000 pid=1 family=4\n",
		"listen 127.0.0.1 4000 pid=1 family=4 key=0123\n",
		"listen 127.0.0.1 4000 pid=1 family=4 key=" STAGE_KEY "0\n",
		"fail 127.0.0.1 4000 pid=1 family=4 errno=98 key=" STAGE_KEY "\n",
		"later 127.0.0.1 4000 pid=1 family=4 key=" STAGE_KEY "\n",
		"",
	};
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		stage_tell(&s, wrong[i]);
		assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	}
	stage_tell(&s, "listen ::1 4000 pid=77 family=6 key=" STAGE_KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_true(fake_logged(&s.f, "command is ready command=prog address=[::1]:4000 pid=77"));
	stage_ready(&s); /* its second socket is no news */
	assert_int_equal(stage_logged(&s, "is ready"), 1);
	fake_sleep(&s.f, 2 * STAGE_READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(stage_proc.looks, 0);
	stage_close(&s);
}

static void test_listen_lost(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	fake_sleep(&s.f, 600); /* the look that comes anyhow is over, the next is far */
	assert_int_equal(stage_proc.looks, 1);
	stage_tell(&s, "bind 127.0.0.1 4000 pid=77 family=4 key=" STAGE_KEY "\n");
	stage_tell(&s, "bind ::1 4000 pid=77 family=6 key=" STAGE_KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	stage_show(77, "prog", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 500);
	assert_int_equal(stage_proc.looks, 2);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	stage_close(&s);
}

/* A bind that was only a question. */
static void test_bind_without_listen(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	stage_tell(&s, "bind 127.0.0.1 4000 pid=77 family=4 key=" STAGE_KEY "\n");
	fake_sleep(&s.f, 1000);
	assert_int_equal(stage_proc.looks, 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	stage_ready(&s);
	stage_close(&s);
}

/* A look from before it was ready comes back: what it has not seen yet is no matter any more. */
static void test_ready_meanwhile(void **state)
{
	static const unsigned times[] = {500, STAGE_READY_MS};
	struct stage s;
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		stage_start(&s, WRAP_EXIT, WRAP_MOVED);
		fake_sleep(&s.f, times[i] - 1);
		s.f.hold_jobs = true;
		fake_sleep(&s.f, 1);
		assert_true(s.f.jobs_n > 0);
		stage_ready(&s);
		fake_jobs(&s.f);
		s.f.hold_jobs = false;
		stage_proc.looks = 0;
		fake_sleep(&s.f, 2 * STAGE_READY_MS);
		assert_int_equal(stage_proc.looks, 0);
		assert_false(fake_logged(&s.f, "not ready"));
		assert_int_equal(gate_now(&s.gate), GATE_OPEN);
		stage_close(&s);
	}
}

static void test_late(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	snprintf(stage_proc.shown.text, sizeof stage_proc.shown.text, "it does not bind");
	fake_sleep(&s.f, STAGE_READY_MS - 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(stage_proc.looks >= 10 && stage_proc.looks <= 16); /* now and then */
	stage_proc.looks = 0;
	fake_sleep(&s.f, 1);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(stage_proc.looks, 1);
	assert_int_equal(stage_proc.asked.port, STAGE_PORT);
	assert_int_equal(stage_proc.asked.old_port, STAGE_OLD_PORT);
	assert_int_equal(stage_proc.asked.session, 1001);
	assert_string_equal(stage_proc.asked.shim, "/lib/rebind.so");
	assert_true(fake_logged(&s.f, "error command is not ready command=prog after_ms=30000 "
	                              "reason=\"it does not bind\""));
	fake_sleep(&s.f, 10 * STAGE_READY_MS);
	assert_int_equal(stage_logged(&s, "not ready"), 1);
	stage_ready(&s); /* better late than never */
	stage_close(&s);
}

static void test_late_because_of_bind(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	stage_tell(&s, "fail 127.0.0.1 4000 pid=1 family=4 errno=98 key=" STAGE_KEY "\n");
	fake_sleep(&s.f, STAGE_READY_MS);
	assert_true(fake_logged(&s.f, "it could not bind port 4000"));
	assert_true(fake_logged(&s.f, why_errno(-EADDRINUSE)));
	stage_close(&s);
}

/* No job to be had. */
static void test_late_without_a_job(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	s.f.job_error = -ENOMEM;
	fake_sleep(&s.f, STAGE_READY_MS);
	assert_true(fake_logged(&s.f, "command is not ready"));
	stage_close(&s);
}

static void test_placed(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_PLACED);
	fake_sleep(&s.f, 1000);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(stage_proc.looks >= 5 && stage_proc.looks <= 10);
	assert_int_equal(stage_proc.asked.old_port, 0);
	assert_null(stage_proc.asked.shim);
	stage_tell(&s, "listen 127.0.0.1 4000 pid=1 family=4 key=" STAGE_KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	stage_show(1001, "prog", "[::1]:4000", false);
	fake_sleep(&s.f, 200);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_true(fake_logged(&s.f, "command is ready command=prog address=[::1]:4000 pid=1001"));
	stage_proc.looks = 0;
	fake_sleep(&s.f, 10000);
	assert_int_equal(stage_proc.looks, 0);
	stage_close(&s);
}

static void test_placed_late(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_PLACED);
	fake_sleep(&s.f, STAGE_READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(stage_logged(&s, "not ready"), 1);
	stage_proc.looks = 0;
	fake_sleep(&s.f, 20000); /* and looks less often */
	assert_true(stage_proc.looks >= 5 && stage_proc.looks <= 11);
	stage_show(1001, "prog", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 2000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	stage_close(&s);
}

/* Where /proc/net is not to be seen, dialling has to show. */
static void test_placed_unseen(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_PLACED);
	stage_proc.shown.blind = true;
	fake_sleep(&s.f, 1000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	stage_close(&s);
}

static void test_placed_outside(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_PLACED);
	stage_show(1001, "prog", "127.0.0.1:4000", false);
	stage_show(1001, "prog", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 200);
	assert_true(fake_logged(&s.f, "error command listens where others reach it, and is ended"));
	assert_true(fake_logged(&s.f, "address=0.0.0.0:4000"));
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(s.child.terms, 1);
	assert_int_equal(s.ended, 0);
	stage_ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.child.starts, 1);
	stage_close(&s);
}

/* It starts something that cannot be moved and is open to all; nobody is believed for being there. */
static void test_moved_outside(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_RESPAWN, WRAP_MOVED);
	stage_show(99, "stranger", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 5000);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	stage_proc.shown.exposed =
		(struct holder){.pid = 98, .name = "static", .at = "192.0.2.1:5901"};
	snprintf(stage_proc.shown.text, sizeof stage_proc.shown.text, "it is static");
	fake_sleep(&s.f, 2000);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_true(fake_logged(&s.f, "process=static pid=98 address=192.0.2.1:5901 "
	                              "advice=\"it is static\""));
	assert_int_equal(s.child.terms, 1);
	stage_ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	assert_int_equal(s.child.starts, 1);
	stage_close(&s);
}

static void test_unix(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_UNIX);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	fake_sleep(&s.f, 2 * STAGE_READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(stage_proc.looks, 0);
	stage_ends(&s, 0);
	fake_sleep(&s.f, 1);
	assert_int_equal(stage_proc.looks, 0);
	assert_int_equal(s.ended, 1);
	stage_close(&s);
}

static void test_output(void **state)
{
	struct stage s;
	(void)state;
	stage_start(&s, WRAP_EXIT, WRAP_MOVED);
	fake_child_says(&s.child, "one\r\ntwo");
	assert_true(fake_logged(&s.f, "info  command says command=prog text=one\n"));
	assert_false(fake_logged(&s.f, "two"));
	fake_child_says(&s.child, " more\nlast");
	assert_true(fake_logged(&s.f, "text=\"two more\"\n"));
	wrapper_done(&s.w);
	assert_true(fake_logged(&s.f, "text=last\n"));
	stage_close(&s);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_ready),
		UNIT(test_listen_lost),
		UNIT(test_bind_without_listen),
		UNIT(test_ready_meanwhile),
		UNIT(test_late),
		UNIT(test_late_because_of_bind),
		UNIT(test_late_without_a_job),
		UNIT(test_placed),
		UNIT(test_placed_late),
		UNIT(test_placed_unseen),
		UNIT(test_placed_outside),
		UNIT(test_moved_outside),
		UNIT(test_unix),
		UNIT(test_output),
	};
	return cmocka_run_group_tests_name("wrapper", tests, NULL, NULL);
}
