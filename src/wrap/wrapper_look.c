/* Looks into /proc, as jobs, and what follows from them. */
#include "wrapper_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct seeing {
	struct job job; /* first */
	struct list node;
	struct wrapper *wrapper; /* NULL: gone */
	enum look_for what;
	void (*around)(struct look *l);
	struct look look;
};

/* ---- what was seen ---- */

static void say_holder(struct wrapper *w, enum log_level level, const char *event,
                       const struct holder *h)
{
	log_event(w->env->log, level, event, LOG_TEXT("command", w->setup->name),
	          LOG_TEXT("process", h->name), LOG_NUM("pid", h->pid), LOG_TEXT("address", h->at));
}

bool wrapper_may_adapt(const struct wrapper *w)
{
	return w->setup->adapts && w->mode == WRAP_EXIT && w->code == EXIT_SUCCESS && !w->giving_up;
}
/* What became a daemon is what mode ignore is for, and a surprise in the other two. */
static void name_holders(struct wrapper *w, const struct look *l)
{
	bool meant = w->mode == WRAP_IGNORE;
	for (unsigned i = 0; i < l->n; i++)
		say_holder(w, meant ? LOG_INFO : LOG_WARN,
		           meant ? "command goes on in the background"
		                 : "command left a process behind that holds its port; "
		                   "--wrap-mode=ignore is for programs that go into the background",
		           &l->holders[i]);
}

/* Where others reach the command: one that has its port from {port} has to keep to loopback by itself,
 * and one that was to be moved may have started a program that cannot be. */
static const struct holder *outsider(const struct look *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->holders[i].outside)
			return &l->holders[i];
	return l->exposed.pid ? &l->exposed : NULL;
}

/* A command that did well and left its port to somebody else has gone into the background: whoever
 * did not say what to do then can only have meant that it goes on. */
static void adapt(struct wrapper *w, const struct look *l)
{
	if (l->n > 0 && !outsider(l) && wrapper_may_adapt(w))
		w->mode = WRAP_IGNORE;
}

static void say_exposed(struct wrapper *w, const struct holder *h, const char *text)
{
	if (w->setup->kind == WRAP_PLACED)
		text = "have it listen on 127.0.0.1 only (Xvnc: -localhost)";
	log_event(w->env->log, LOG_ERROR, "command listens where others reach it, and is ended",
	          LOG_TEXT("command", w->setup->name), LOG_TEXT("process", h->name),
	          LOG_NUM("pid", h->pid), LOG_TEXT("address", h->at), LOG_TEXT("advice", text));
}

static void see_peek(struct wrapper *w, const struct look *l)
{
	const struct holder *out = outsider(l);
	if (w->is_ready || w->phase == WRAP_SWEEPS || w->phase == WRAP_WAITS || w->stopping)
		return;
	if (out) {
		say_exposed(w, out, l->text);
		wrapper_give_up(w, EXIT_FAILURE);
	} else if (l->n > 0 && (w->setup->kind == WRAP_PLACED || w->is_bound)) {
		wrapper_ready(w, l->holders[0].at, l->holders[0].pid);
	} else if (l->blind && w->setup->kind == WRAP_PLACED) {
		wrapper_ready(w, "unknown", 0);
	} else {
		bool soon = w->setup->kind == WRAP_PLACED && !w->late;
		wrapper_peek_in(w, soon ? PEEK_MS : SLOW_MS);
	}
}

static void see_late(struct wrapper *w, const struct look *l)
{
	char text[160];
	if (w->is_ready || w->stopping)
		return;
	snprintf(text, sizeof text, "it could not bind port %u of 127.0.0.1 or ::1: %s",
	         w->setup->port, why_errno(-w->bind_error));
	log_event(w->env->log, LOG_ERROR, "command is not ready",
	          LOG_TEXT("command", w->setup->name), LOG_NUM("after_ms", w->setup->ready_ms),
	          LOG_TEXT("reason", w->bind_error ? text : l->text));
}

/* ---- the job ---- */

/* In another thread: nothing but the job's own. */
static void seeing_work(struct job *j)
{
	struct seeing *s = (struct seeing *)j;
	s->around(&s->look);
}

static void seeing_done(struct job *j)
{
	struct seeing *s = (struct seeing *)j;
	struct wrapper *w = s->wrapper;
	list_drop(&s->node);
	if (w && s->what == LOOK_ENDED) {
		adapt(w, &s->look);
		name_holders(w, &s->look);
		w->named |= s->look.n > 0;
		w->unheard &= s->look.n == 0;
		if (!wrapper_lingers(w))
			wrapper_looked(w);
	} else if (w && s->what == LOOK_LATE) {
		see_late(w, &s->look);
	} else if (w) {
		see_peek(w, &s->look);
	}
	free(s);
}

int wrapper_look(struct wrapper *w, enum look_for what)
{
	const struct wrapper_setup *setup = w->setup;
	struct seeing *s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	s->job = (struct job){.work = seeing_work, .done = seeing_done};
	s->wrapper = w;
	s->what = what;
	s->around = setup->look;
	s->look.port = setup->port;
	s->look.old_port = setup->kind == WRAP_MOVED ? setup->old_port : 0;
	s->look.shim = setup->kind == WRAP_MOVED ? setup->shim : NULL;
	s->look.session = (int)w->child->pid;
	int r = w->env->job(w->env, &s->job);
	if (r < 0)
		free(s);
	else
		list_add(&w->looks, &s->node);
	return r;
}

void wrapper_look_away(struct wrapper *w)
{
	for (struct list *n = w->looks.next, *next; n != &w->looks; n = next) {
		next = n->next;
		LIST_OF(n, struct seeing, node)->wrapper = NULL;
		list_drop(n);
	}
}

void wrapper_peek_in(struct wrapper *w, uint32_t ms)
{
	timer_arm(w->env->timers, &w->peek, TIMER_STAGGER, ms);
}

void wrapper_on_peek(void *owner)
{
	struct wrapper *w = owner;
	if (wrapper_look(w, LOOK_PEEK) < 0)
		wrapper_peek_in(w, SLOW_MS);
}
