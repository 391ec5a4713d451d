/* wrap_stage: see the header. */
#include "wrap_stage.h"
#include "unit.h"

#include <stdio.h>

struct stage_proc stage_proc;

static void look(struct look *l)
{
	const struct look *shown = &stage_proc.shown;
	stage_proc.asked = *l;
	stage_proc.looks++;
	memcpy(l->holders, shown->holders, sizeof l->holders);
	memcpy(l->text, shown->text, sizeof l->text);
	l->n = shown->n;
	l->exposed = shown->exposed;
	l->blind = shown->blind;
}

void stage_show(int pid, const char *name, const char *at, bool outside)
{
	struct holder *h = &stage_proc.shown.holders[stage_proc.shown.n++];
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

void stage_open(struct stage *s, enum wrap_mode mode, enum wrap_kind kind)
{
	static char *const words[] = {(char *)"prog", NULL};
	memset(s, 0, sizeof *s);
	stage_proc = (struct stage_proc){0};
	fake_env_init(&s->f);
	if (kind == WRAP_UNIX)
		gate_unix(&s->gate, "/x", STAGE_READY_MS);
	else
		gate_port(&s->gate, STAGE_PORT, STAGE_READY_MS);
	s->setup = (struct wrapper_setup){
		.mode = mode,
		.kind = kind,
		.start = {.path = "/bin/prog", .argv = words, .envp = words + 1},
		.ready_ms = STAGE_READY_MS,
		.stop_ms = STAGE_STOP_MS,
		.name = "prog",
		.key = STAGE_KEY,
		.port = kind == WRAP_UNIX ? 0 : STAGE_PORT,
		.old_port = STAGE_OLD_PORT,
		.shim = "/lib/rebind.so",
		.gate = &s->gate,
		.look = look,
		.owner = s,
		.ended = on_ended,
		.stopped = on_stopped,
	};
	wrapper_init(&s->w, &s->f.env, &s->setup);
	fake_child_init(&s->child, &wrapper_child_events, &s->w);
}

void stage_start(struct stage *s, enum wrap_mode mode, enum wrap_kind kind)
{
	stage_open(s, mode, kind);
	assert_int_equal(wrapper_start(&s->w, &s->child.child), 0);
	assert_int_equal(s->child.starts, 1);
	assert_true(fake_logged(&s->f, "command started command=prog pid=1001"));
}

void stage_close(struct stage *s)
{
	wrapper_done(&s->w);
	fake_env_done(&s->f);
}

void stage_tell(struct stage *s, const char *letter)
{
	s->inside = true;
	wrapper_report(&s->w, span_str(letter));
	s->inside = false;
	fake_turn(&s->f);
}

void stage_ready(struct stage *s)
{
	stage_tell(s, "listen 127.0.0.1 4000 pid=1001 family=4 key=" STAGE_KEY "\n");
	assert_int_equal(gate_now(&s->gate), GATE_OPEN);
}

void stage_ends(struct stage *s, int status)
{
	s->inside = true;
	fake_child_ends(&s->child, status);
	s->inside = false;
	fake_turn(&s->f);
}

void stage_pause(struct stage *s)
{
	for (int i = 0; i < RESPAWN_STARTS; i++) {
		stage_ends(s, 0);
		fake_sleep(&s->f, 0);
	}
	assert_int_equal(stage_logged(s, "pausing"), 1);
	assert_false(s->child.alive);
	assert_int_equal(s->child.starts, RESPAWN_STARTS);
}

unsigned stage_logged(struct stage *s, const char *text)
{
	unsigned n = 0;
	for (const char *at = s->f.lines; s->f.lines_len && (at = strstr(at, text)); at++)
		n++;
	return n;
}
