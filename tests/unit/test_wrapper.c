/* The life of a command that forks nothing, with a clock turned by hand and a /proc of the test's. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "wrap/wrapper.h"
#include "fail_malloc.h"
#include "fake_child.h"
#include "fake_env.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

enum { PORT = 4000, OLD = 5901, READY_MS = 30000, STOP_MS = 5000 };
#define KEY "0123456789abcdef"

struct stage {
	struct fake_env f;
	struct fake_child child;
	struct gate gate;
	struct wrapper_setup setup;
	struct wrapper w;
	unsigned ended, stopped;
	int code;
	bool inside;
};

/* What /proc shows; jobs run in the test's own thread. */
static struct look shown;
static struct look asked;
static unsigned looks;

static void fake_look(struct look *l)
{
	asked = *l;
	looks++;
	memcpy(l->holders, shown.holders, sizeof l->holders);
	memcpy(l->text, shown.text, sizeof l->text);
	l->n = shown.n;
	l->exposed = shown.exposed;
	l->blind = shown.blind;
}

static void show(int pid, const char *name, const char *at, bool outside)
{
	struct holder *h = &shown.holders[shown.n++];
	h->pid = pid;
	h->outside = outside;
	snprintf(h->name, sizeof h->name, "%s", name);
	snprintf(h->at, sizeof h->at, "%s", at);
}

static void on_ended(void *owner, int code)
{
	struct stage *s = owner;
	assert_false(s->inside);
	s->ended++;
	s->code = code;
}

static void on_stopped(void *owner)
{
	((struct stage *)owner)->stopped++;
}

static void open_stage(struct stage *s, enum wrap_mode mode, enum wrap_kind kind)
{
	static char *const words[] = {(char *)"prog", NULL};
	memset(s, 0, sizeof *s);
	shown = asked = (struct look){0};
	looks = 0;
	fake_env_init(&s->f);
	if (kind == WRAP_UNIX)
		gate_unix(&s->gate, "/x", READY_MS);
	else
		gate_port(&s->gate, PORT, READY_MS);
	s->setup = (struct wrapper_setup){
		.mode = mode,
		.kind = kind,
		.start = {.path = "/bin/prog", .argv = words, .envp = words + 1},
		.ready_ms = READY_MS,
		.stop_ms = STOP_MS,
		.name = "prog",
		.key = KEY,
		.port = kind == WRAP_UNIX ? 0 : PORT,
		.old_port = OLD,
		.shim = "/lib/rebind.so",
		.gate = &s->gate,
		.look = fake_look,
		.owner = s,
		.ended = on_ended,
		.stopped = on_stopped,
	};
	wrapper_init(&s->w, &s->f.env, &s->setup);
	fake_child_init(&s->child, &wrapper_child_events, &s->w);
}

static void start_stage(struct stage *s, enum wrap_mode mode, enum wrap_kind kind)
{
	open_stage(s, mode, kind);
	assert_int_equal(wrapper_start(&s->w, &s->child.child), 0);
	assert_int_equal(s->child.starts, 1);
	assert_true(fake_logged(&s->f, "command started command=prog pid=1001"));
}

static void close_stage(struct stage *s)
{
	wrapper_done(&s->w);
	fake_env_done(&s->f);
}

static void tell(struct stage *s, const char *letter)
{
	s->inside = true;
	wrapper_report(&s->w, span_str(letter));
	s->inside = false;
	fake_turn(&s->f);
}

static void be_ready(struct stage *s)
{
	tell(s, "listen 127.0.0.1 4000 pid=1001 family=4 key=" KEY "\n");
	assert_int_equal(gate_now(&s->gate), GATE_OPEN);
}

static void ends(struct stage *s, int status)
{
	s->inside = true;
	fake_child_ends(&s->child, status);
	s->inside = false;
	fake_turn(&s->f);
}

static unsigned logged(struct stage *s, const char *text)
{
	unsigned n = 0;
	for (const char *at = s->f.lines; s->f.lines_len && (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* ---- ready ---- */

static void test_ready(void **state)
{
	static const char *const wrong[] = {
		"listen 127.0.0.1 4000 pid=1 family=4\n",
		"listen 127.0.0.1 4000 pid=1 family=4 key=0123\n",
		"listen 127.0.0.1 4000 pid=1 family=4 key=" KEY "0\n",
		"fail 127.0.0.1 4000 pid=1 family=4 errno=98 key=" KEY "\n",
		"later 127.0.0.1 4000 pid=1 family=4 key=" KEY "\n",
		"",
	};
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		tell(&s, wrong[i]);
		assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	}
	tell(&s, "listen ::1 4000 pid=77 family=6 key=" KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_true(fake_logged(&s.f, "command is ready command=prog address=[::1]:4000 pid=77"));
	be_ready(&s); /* its second socket is no news */
	assert_int_equal(logged(&s, "is ready"), 1);
	fake_sleep(&s.f, 2 * READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(looks, 0);
	close_stage(&s);
}

static void test_listen_lost(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	tell(&s, "bind 127.0.0.1 4000 pid=77 family=4 key=" KEY "\n");
	tell(&s, "bind ::1 4000 pid=77 family=6 key=" KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	show(77, "prog", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 1000);
	assert_int_equal(looks, 1);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	close_stage(&s);
	/* a bind that was only a question */
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	tell(&s, "bind 127.0.0.1 4000 pid=77 family=4 key=" KEY "\n");
	fake_sleep(&s.f, 1000);
	assert_int_equal(looks, 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	be_ready(&s);
	close_stage(&s);
}

static void test_late(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	snprintf(shown.text, sizeof shown.text, "it does not bind");
	fake_sleep(&s.f, READY_MS - 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(looks >= 10 && looks <= 16); /* now and then */
	looks = 0;
	fake_sleep(&s.f, 1);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(looks, 1);
	assert_int_equal(asked.port, PORT);
	assert_int_equal(asked.old_port, OLD);
	assert_int_equal(asked.session, 1001);
	assert_string_equal(asked.shim, "/lib/rebind.so");
	assert_true(fake_logged(&s.f, "error command is not ready command=prog after_ms=30000 "
	                              "reason=\"it does not bind\""));
	fake_sleep(&s.f, 10 * READY_MS);
	assert_int_equal(logged(&s, "not ready"), 1);
	be_ready(&s); /* better late than never */
	close_stage(&s);
}

static void test_late_because_of_bind(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	tell(&s, "fail 127.0.0.1 4000 pid=1 family=4 errno=98 key=" KEY "\n");
	fake_sleep(&s.f, READY_MS);
	assert_true(fake_logged(&s.f, "it could not bind port 4000"));
	assert_true(fake_logged(&s.f, why_errno(-EADDRINUSE)));
	close_stage(&s);
	/* no job to be had */
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	s.f.job_error = -ENOMEM;
	fake_sleep(&s.f, READY_MS);
	assert_true(fake_logged(&s.f, "command is not ready"));
	close_stage(&s);
}

static void test_placed(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_PLACED);
	fake_sleep(&s.f, 1000);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(looks >= 5 && looks <= 10);
	assert_int_equal(asked.old_port, 0);
	assert_null(asked.shim);
	tell(&s, "listen 127.0.0.1 4000 pid=1 family=4 key=" KEY "\n");
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	show(1001, "prog", "[::1]:4000", false);
	fake_sleep(&s.f, 200);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_true(fake_logged(&s.f, "command is ready command=prog address=[::1]:4000 pid=1001"));
	looks = 0;
	fake_sleep(&s.f, 10000);
	assert_int_equal(looks, 0);
	close_stage(&s);
}

static void test_placed_late(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_PLACED);
	fake_sleep(&s.f, READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(logged(&s, "not ready"), 1);
	looks = 0;
	fake_sleep(&s.f, 20000); /* and looks less often */
	assert_true(looks >= 5 && looks <= 11);
	show(1001, "prog", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 2000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	close_stage(&s);
	/* where /proc/net is not to be seen, dialling has to show */
	start_stage(&s, WRAP_EXIT, WRAP_PLACED);
	shown.blind = true;
	fake_sleep(&s.f, 1000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	close_stage(&s);
}

static void test_placed_outside(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_RESPAWN, WRAP_PLACED);
	show(1001, "prog", "127.0.0.1:4000", false);
	show(1001, "prog", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 200);
	assert_true(fake_logged(&s.f, "error command listens where others reach it, and is ended"));
	assert_true(fake_logged(&s.f, "address=0.0.0.0:4000"));
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(s.child.terms, 1);
	assert_int_equal(s.ended, 0);
	ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.child.starts, 1);
	close_stage(&s);
}

/* It starts something that cannot be moved and is open to all; nobody is believed for being there. */
static void test_moved_outside(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED);
	show(99, "stranger", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 5000);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	shown.exposed = (struct holder){.pid = 98, .name = "static", .at = "192.0.2.1:5901"};
	snprintf(shown.text, sizeof shown.text, "it is static");
	fake_sleep(&s.f, 2000);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_true(fake_logged(&s.f, "process=static pid=98 address=192.0.2.1:5901 "
	                              "advice=\"it is static\""));
	assert_int_equal(s.child.terms, 1);
	ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	assert_int_equal(s.child.starts, 1);
	close_stage(&s);
}

static void test_unix(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_UNIX);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	fake_sleep(&s.f, 2 * READY_MS);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(looks, 0);
	ends(&s, 0);
	fake_sleep(&s.f, 1);
	assert_int_equal(looks, 0);
	assert_int_equal(s.ended, 1);
	close_stage(&s);
}

/* ---- the three modes ---- */

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
		start_stage(&s, WRAP_EXIT, WRAP_MOVED);
		be_ready(&s);
		fake_sleep(&s.f, 1500);
		ends(&s, rows[i].status);
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
		close_stage(&s);
	}
}

static void test_ignore(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_IGNORE, WRAP_MOVED);
	show(99, "Xvnc", "127.0.0.1:4000", false);
	ends(&s, 0); /* before it is ready: it goes into the background */
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	assert_true(fake_logged(&s.f, "info  command goes on in the background command=prog "
	                              "process=Xvnc pid=99 address=127.0.0.1:4000"));
	be_ready(&s);
	fake_sleep(&s.f, 60000);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(s.ended + s.stopped, 0);
	assert_int_equal(s.child.starts, 1);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(logged(&s, "in the background"), 1);
	close_stage(&s);
	/* one that ended and left nobody: clients wait for the rest of the time, then are told */
	start_stage(&s, WRAP_IGNORE, WRAP_MOVED);
	ends(&s, W_EXITCODE(1, 0));
	fake_sleep(&s.f, READY_MS - 1);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	fake_sleep(&s.f, 1);
	assert_int_equal(gate_now(&s.gate), GATE_FAILED);
	assert_int_equal(s.ended, 0);
	close_stage(&s);
}

/* Who holds the port is named once: when the command ends, or if it came later, at the very end. */
static void test_holder_comes_late(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_IGNORE, WRAP_MOVED);
	ends(&s, 0);
	be_ready(&s);
	show(99, "Xvnc", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 60000);
	assert_int_equal(logged(&s, "in the background"), 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(logged(&s, "command goes on in the background command=prog process=Xvnc"),
	                 1);
	close_stage(&s);
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
		start_stage(&s, WRAP_EXIT, WRAP_MOVED);
		s.setup.adapts = true;
		be_ready(&s);
		if (rows[i].holder)
			show(99, "Xvnc", "127.0.0.1:4000", rows[i].outside);
		ends(&s, rows[i].status);
		assert_int_equal(s.ended, !rows[i].goes_on);
		assert_int_equal(gate_now(&s.gate), rows[i].goes_on ? GATE_OPEN : GATE_FAILED);
		assert_int_equal(logged(&s, "command goes on in the background"), rows[i].goes_on);
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.ended, !rows[i].goes_on);
		wrapper_stop(&s.w);
		fake_sleep(&s.f, 1);
		assert_int_equal(s.stopped, 1);
		close_stage(&s);
	}
	unit_note_clear();
}

/* It forks, ends, and only then binds. */
static void test_daemon_binds_late(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	s.setup.adapts = true;
	ends(&s, 0);
	fake_sleep(&s.f, 1500);
	assert_int_equal(gate_now(&s.gate), GATE_SHUT);
	be_ready(&s);
	show(99, "server", "127.0.0.1:4000", false);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.ended, 0);
	assert_int_equal(gate_now(&s.gate), GATE_OPEN);
	assert_int_equal(logged(&s, "goes on in the background command=prog process=server"), 1);
	assert_int_equal(logged(&s, "has not listened"), 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	/* its port is named in the command, and others reach it */
	start_stage(&s, WRAP_EXIT, WRAP_PLACED);
	s.setup.adapts = true;
	ends(&s, 0);
	fake_sleep(&s.f, 500);
	show(99, "server", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 500);
	assert_int_equal(s.ended, 1);
	assert_int_equal(logged(&s, "has not listened"), 0);
	close_stage(&s);
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
		start_stage(&s, WRAP_EXIT, rows[i].kind);
		s.setup.adapts = rows[i].adapts;
		if (rows[i].ready)
			be_ready(&s);
		ends(&s, rows[i].status);
		fake_sleep(&s.f, 1);
		assert_int_equal(s.ended, !rows[i].lingers);
		fake_sleep(&s.f, 1900);
		assert_int_equal(s.ended, !rows[i].lingers);
		fake_sleep(&s.f, 200);
		assert_int_equal(s.ended, 1);
		assert_int_equal(logged(&s, "warn  \"command ended and has not listened\" ") +
		                         logged(&s, "warn  command ended and has not listened "),
		                 rows[i].lingers);
		assert_int_equal(logged(&s, "use --wrap-mode=ignore"), rows[i].lingers);
		close_stage(&s);
	}
	unit_note_clear();
}

/* Stopped, retired or done while it waits for somebody. */
static void test_lingers_no_longer(void **state)
{
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		start_stage(&s, WRAP_EXIT, WRAP_MOVED);
		s.setup.adapts = true;
		ends(&s, 0);
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
		close_stage(&s);
	}
}

static void test_respawn(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED);
	for (unsigned i = 2; i <= 3; i++) {
		be_ready(&s);
		ends(&s, W_EXITCODE(0, SIGKILL));
		assert_int_equal(gate_now(&s.gate), GATE_SHUT);
		fake_sleep(&s.f, 0);
		assert_int_equal(s.child.starts, i);
	}
	assert_int_equal(logged(&s, "pausing"), 0);
	fake_sleep(&s.f, 4000);
	ends(&s, 0);
	assert_int_equal(logged(&s, "command ends too soon: pausing command=prog ms=6000"), 1);
	fake_sleep(&s.f, 5999);
	assert_int_equal(s.child.starts, 3);
	fake_sleep(&s.f, 1);
	assert_int_equal(s.child.starts, 4);
	assert_int_equal(logged(&s, "pausing"), 1);
	be_ready(&s);
	assert_int_equal(logged(&s, "is ready"), 3);
	assert_int_equal(s.ended, 0);
	close_stage(&s);
}

/* What the last start left of its group goes first; what left the group is named. */
static void test_respawn_sweeps(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.child.others = 2;
	s.child.deaf = true;
	show(99, "Xvnc", "127.0.0.1:4000", false);
	ends(&s, 0);
	assert_int_equal(s.child.terms, 1);
	fake_sleep(&s.f, STOP_MS - 1);
	assert_int_equal(s.child.kills, 0);
	assert_int_equal(s.child.starts, 1);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.child.kills, 1);
	assert_true(fake_logged(&s.f, "warn  command did not end in time and is killed"));
	assert_true(
		fake_logged(&s.f, "warn  \"command left a process behind that holds its port") ||
		fake_logged(&s.f, "command left a process behind that holds its port"));
	assert_int_equal(s.child.starts, 2);
	close_stage(&s);
}

static void test_respawn_cannot_start(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED);
	s.child.start_error = -ENOENT;
	ends(&s, 0);
	fake_sleep(&s.f, 1000);
	assert_int_equal(s.child.starts, 3);
	assert_int_equal(logged(&s, "command cannot be started"), 2);
	assert_int_equal(logged(&s, "pausing"), 1);
	s.child.start_error = 0;
	fake_sleep(&s.f, 10000);
	assert_int_equal(s.child.starts, 4);
	be_ready(&s);
	close_stage(&s);
}

/* ---- stop ---- */

static void test_stop(void **state)
{
	static const enum wrap_mode modes[] = {WRAP_EXIT, WRAP_IGNORE, WRAP_RESPAWN};
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		start_stage(&s, modes[i], WRAP_MOVED);
		be_ready(&s);
		wrapper_stop(&s.w);
		wrapper_stop(&s.w);
		assert_int_equal(gate_now(&s.gate), GATE_FAILED);
		assert_int_equal(s.child.terms, 1);
		fake_sleep(&s.f, 1000);
		assert_int_equal(s.stopped, 0);
		ends(&s, W_EXITCODE(0, SIGTERM));
		fake_sleep(&s.f, 100);
		assert_int_equal(s.stopped, 1);
		assert_int_equal(s.ended, 0); /* it was us */
		assert_int_equal(s.child.starts, 1);
		assert_int_equal(s.child.kills, 0);
		assert_true(
			fake_logged(&s.f, "info  command ended command=prog by=\"signal TERM\""));
		fake_sleep(&s.f, 60000);
		assert_int_equal(s.stopped, 1);
		close_stage(&s);
	}
}

/* While our last sessions say goodbye it ends as well: neither an exit code nor a reason to start it. */
static void test_retired(void **state)
{
	static const enum wrap_mode modes[] = {WRAP_EXIT, WRAP_IGNORE, WRAP_RESPAWN};
	struct stage s;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		start_stage(&s, modes[i], WRAP_MOVED);
		be_ready(&s);
		s.child.others = 1;
		wrapper_retire(&s.w);
		assert_int_equal(gate_now(&s.gate), GATE_OPEN);
		assert_int_equal(s.child.terms, 0);
		ends(&s, W_EXITCODE(0, SIGTERM));
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
		close_stage(&s);
	}
}

/* Retired between its end and what would follow. */
static void test_retired_after_its_end(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED); /* somebody looks */
	s.f.hold_jobs = true;
	ends(&s, W_EXITCODE(0, SIGTERM));
	wrapper_retire(&s.w);
	fake_jobs(&s.f);
	s.f.hold_jobs = false;
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.ended, 0);
	close_stage(&s);
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* it pauses */
	for (int i = 0; i < 3; i++) {
		ends(&s, 0);
		fake_sleep(&s.f, 0);
	}
	assert_int_equal(logged(&s, "pausing"), 1);
	wrapper_retire(&s.w);
	fake_sleep(&s.f, 60000);
	assert_int_equal(s.child.starts, 3);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	start_stage(&s, WRAP_RESPAWN,
	            WRAP_PLACED); /* what others reach is a failure all the same */
	show(1001, "prog", "0.0.0.0:4000", true);
	fake_sleep(&s.f, 200);
	assert_int_equal(s.child.terms, 1);
	wrapper_retire(&s.w);
	ends(&s, W_EXITCODE(0, SIGTERM));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 1);
	close_stage(&s);
}

/* Asked twice to end: nobody waits for a command that does not listen. */
static void test_kill(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED); /* while it is to end */
	s.child.deaf = true;
	wrapper_retire(&s.w);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.child.kills, 0);
	wrapper_kill(&s.w);
	assert_int_equal(s.child.kills, 1);
	ends(&s, W_EXITCODE(0, SIGKILL));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	start_stage(&s, WRAP_IGNORE, WRAP_MOVED); /* before: what is left of it goes as well */
	s.child.deaf = true;
	s.child.others = 1;
	ends(&s, 0);
	wrapper_retire(&s.w);
	wrapper_kill(&s.w);
	assert_int_equal(s.child.kills, 1);
	wrapper_stop(&s.w);
	assert_int_equal(s.child.terms, 0);
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.ended, 0);
	close_stage(&s);
	start_stage(&s, WRAP_EXIT, WRAP_MOVED); /* not even that helps */
	wrapper_retire(&s.w);
	wrapper_kill(&s.w);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1000);
	assert_int_equal(s.stopped, 0);
	fake_sleep(&s.f, 2000);
	assert_int_equal(s.stopped, 1);
	s.child.alive = false;
	close_stage(&s);
}

static void test_stop_by_force(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	s.child.deaf = true;
	wrapper_stop(&s.w);
	fake_sleep(&s.f, STOP_MS + 100);
	assert_int_equal(s.child.kills, 1);
	assert_int_equal(s.stopped, 0);
	ends(&s, W_EXITCODE(0, SIGKILL));
	fake_sleep(&s.f, 100);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	/* not even that: a process in the kernel's hands */
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, STOP_MS + 3000);
	assert_int_equal(s.child.kills, 1);
	assert_int_equal(s.stopped, 1);
	s.child.alive = false;
	close_stage(&s);
}

static void test_stop_at_every_phase(void **state)
{
	struct stage s;
	(void)state;
	open_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* never started */
	wrapper_stop(&s.w);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	open_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* not to be started */
	s.child.start_error = -EACCES;
	assert_int_equal(wrapper_start(&s.w, &s.child.child), -EACCES);
	wrapper_stop(&s.w);
	assert_int_equal(s.stopped, 1);
	close_stage(&s);
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* in a pause */
	for (int i = 0; i < 3; i++) {
		ends(&s, 0);
		fake_sleep(&s.f, 0);
	}
	assert_false(s.child.alive);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 20000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, 3);
	close_stage(&s);
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* while it sweeps for the next start */
	s.child.others = 1;
	s.child.deaf = true;
	ends(&s, 0);
	fake_sleep(&s.f, 100);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 20000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, 1);
	close_stage(&s);
	start_stage(&s, WRAP_RESPAWN, WRAP_MOVED); /* while somebody looks */
	s.f.hold_jobs = true;
	ends(&s, 0);
	wrapper_stop(&s.w);
	fake_sleep(&s.f, 1000);
	fake_jobs(&s.f);
	fake_jobs(&s.f);
	fake_sleep(&s.f, 1000);
	assert_int_equal(s.stopped, 1);
	assert_int_equal(s.child.starts, 1);
	s.f.hold_jobs = false;
	close_stage(&s);
}

/* Looks that come back to nobody. */
static void test_done_while_looking(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	s.f.hold_jobs = true;
	ends(&s, 0);
	wrapper_done(&s.w);
	memset(&s.w, 0x5a, sizeof s.w);
	fake_jobs(&s.f);
	assert_int_equal(s.ended, 0);
	fake_env_done(&s.f);
}

/* ---- what it says ---- */

static void test_output(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	fake_child_says(&s.child, "one\r\ntwo");
	assert_true(fake_logged(&s.f, "info  command says command=prog text=one\n"));
	assert_false(fake_logged(&s.f, "two"));
	fake_child_says(&s.child, " more\nlast");
	assert_true(fake_logged(&s.f, "text=\"two more\"\n"));
	wrapper_done(&s.w);
	assert_true(fake_logged(&s.f, "text=last\n"));
	close_stage(&s);
}

/* Any allocation may fail: nothing hangs for it. */
static void test_no_memory(void **state)
{
	struct stage s;
	(void)state;
	start_stage(&s, WRAP_EXIT, WRAP_MOVED);
	be_ready(&s);
	fail_malloc_at(1);
	ends(&s, W_EXITCODE(3, 0));
	fail_malloc_off();
	fake_sleep(&s.f, 1);
	assert_int_equal(s.ended, 1);
	assert_int_equal(s.code, 3);
	close_stage(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_ready),
		UNIT(test_listen_lost),
		UNIT(test_late),
		UNIT(test_late_because_of_bind),
		UNIT(test_placed),
		UNIT(test_placed_late),
		UNIT(test_placed_outside),
		UNIT(test_moved_outside),
		UNIT(test_unix),
		UNIT(test_exit),
		UNIT(test_ignore),
		UNIT(test_holder_comes_late),
		UNIT(test_adapts),
		UNIT(test_daemon_binds_late),
		UNIT(test_never_listened),
		UNIT(test_lingers_no_longer),
		UNIT(test_respawn),
		UNIT(test_respawn_sweeps),
		UNIT(test_respawn_cannot_start),
		UNIT(test_stop),
		UNIT(test_retired),
		UNIT(test_retired_after_its_end),
		UNIT(test_kill),
		UNIT(test_stop_by_force),
		UNIT(test_stop_at_every_phase),
		UNIT(test_done_while_looking),
		UNIT(test_output),
		UNIT(test_no_memory),
	};
	return cmocka_run_group_tests_name("wrapper", tests, NULL, NULL);
}
