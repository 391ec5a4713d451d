/* gate: see the header.
 *
 *   look ─► OPEN: dial the first place ─► failed: the next ─► … all failed ─┐
 *    ▲  └─► SHUT ─► GATE_RETRY_MS ◄─────────────────────────────────────────┘
 *    └──────────────────┘          FAILED, or patience over: the reason
 */
#include "wrap/gate.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

struct wait {
	struct env *env;
	const struct gate *gate;
	struct dialed *dialed;
	struct dialed inner;
	struct timer retry, patience;
	struct why last; /* of the places; none yet: the gate was never open */
	unsigned place;
	bool dialing;
};

/* ---- the word ---- */

void gate_port(struct gate *g, uint16_t port, uint32_t patience_ms)
{
	static const char hosts[GATE_PLACES][10] = {"127.0.0.1", "::1"};
	*g = (struct gate){.places_n = GATE_PLACES, .patience_ms = patience_ms};
	for (unsigned i = 0; i < GATE_PLACES; i++) {
		g->places[i] = (struct target){.kind = TARGET_TCP, .port = port};
		memcpy(g->places[i].host, hosts[i], sizeof hosts[i]);
	}
}

void gate_unix(struct gate *g, const char *path, uint32_t patience_ms)
{
	struct str s;
	*g = (struct gate){.places_n = 1, .patience_ms = patience_ms};
	g->places[0].kind = TARGET_UNIX;
	str_init(&s, g->places[0].host, sizeof g->places[0].host);
	str_puts(&s, path);
}

void gate_set(struct gate *g, enum gate_state s)
{
	atomic_store(&g->state, (unsigned)s);
}

enum gate_state gate_now(const struct gate *g)
{
	return (enum gate_state)atomic_load(&g->state);
}

/* ---- a client that waits ---- */

static void wait_free(struct wait *w)
{
	timer_stop(&w->retry);
	timer_stop(&w->patience);
	w->dialed->dial = NULL;
	free(w);
}

static void wait_end(struct wait *w, struct link *link, const struct why *why)
{
	struct dialed *d = w->dialed;
	wait_free(w);
	d->fn(d->owner, link, why);
}

static void wait_fail(struct wait *w, unsigned status, const char *text)
{
	struct why why = why_make(WHY_DIAL, 1011, status, -ECONNREFUSED, "%s", text);
	wait_end(w, NULL, &why);
}

static void try_again_later(struct wait *w)
{
	w->place = 0;
	timer_arm(w->env->timers, &w->retry, TIMER_STAGGER, GATE_RETRY_MS);
}

static void dial_place(struct wait *w);

static void on_dialed(void *owner, struct link *link, const struct why *why)
{
	struct wait *w = owner;
	w->dialing = false;
	if (link) {
		wait_end(w, link, NULL);
		return;
	}
	if (w->place == 0)
		w->last = *why; /* the second place is mostly not there, which says nothing */
	if (++w->place < w->gate->places_n)
		dial_place(w);
	else
		try_again_later(w);
}

static void dial_place(struct wait *w)
{
	const struct target *t = &w->gate->places[w->place];
	w->inner = (struct dialed){.fn = on_dialed, .owner = w};
	w->dialing = true;
	if (w->env->dial(w->env, t, &w->inner) == 0)
		return;
	w->dialing = false; /* memory, descriptors: may be better in a while */
	try_again_later(w);
}

static void on_retry(void *owner)
{
	struct wait *w = owner;
	switch (gate_now(w->gate)) {
	case GATE_OPEN: dial_place(w); return;
	case GATE_SHUT: try_again_later(w); return;
	case GATE_FAILED: break;
	}
	wait_fail(w, 502, "the wrapped command does not take connections; the log says why");
}

static void on_patience(void *owner)
{
	struct wait *w = owner;
	struct why last = w->last;
	if (w->dialing)
		w->env->undial(w->env, &w->inner);
	if (last.layer != WHY_NONE)
		wait_end(w, NULL, &last);
	else
		wait_fail(w, 504,
		          "the wrapped command takes no connections yet: try again in a while");
}

int gate_dial(struct env *env, const struct gate *g, struct dialed *d)
{
	struct wait *w = calloc(1, sizeof *w);
	if (!w)
		return -ENOMEM;
	w->env = env;
	w->gate = g;
	w->dialed = d;
	d->dial = w;
	timer_init(&w->retry, on_retry, w);
	timer_init(&w->patience, on_patience, w);
	timer_arm(env->timers, &w->patience, TIMER_DIAL, g->patience_ms);
	if (gate_now(g) == GATE_OPEN)
		dial_place(w);
	else
		timer_arm(env->timers, &w->retry, TIMER_STAGGER, 0);
	return 0;
}

void gate_undial(struct env *env, struct dialed *d)
{
	struct wait *w = d->dial;
	if (!w)
		return;
	if (w->dialing)
		env->undial(env, &w->inner);
	wait_free(w);
}
