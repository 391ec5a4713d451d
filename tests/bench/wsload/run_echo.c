/* Echoes over all connections, each answer bringing the next, or at a fixed rate. With a fixed
 * rate the time counts from when an echo was meant to be sent, so that a stall is seen by all that
 * it held up.
 */
#include "load.h"

enum { GRACE_S = 3 };

static uint64_t echoes(const struct load *w)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < w->o.conns; i++)
		n += w->conns[i].echoes;
	return n;
}

static bool any_alive(const struct load *w)
{
	for (unsigned i = 0; i < w->o.conns; i++)
		if (w->conns[i].state == CONN_RUN)
			return true;
	return false;
}

/* Sends what is due by now; when the next one is. */
static uint64_t send_due(struct load *w, uint64_t *seq)
{
	for (;; ++*seq) {
		uint64_t due = after_s(w->run_ns, (double)*seq / w->o.rate);
		struct conn *c = &w->conns[*seq % w->o.conns];
		if (due > now_ns())
			return due;
		if (c->state == CONN_RUN)
			session_echo(c, due);
	}
}

static void serve_until(struct load *w, uint64_t end, uint64_t *seq)
{
	for (uint64_t now = now_ns(); now < end && any_alive(w); now = now_ns()) {
		uint64_t next = w->o.rate > 0 ? send_due(w, seq) : end;
		if (now > run_limit(w)) {
			w->timed_out = true;
			return;
		}
		if (next > end)
			next = end;
		now = now_ns();
		uint64_t wait = next > now ? next - now : 0;
		poll_once(w, wait < 50 * MS_NS ? wait : 50 * MS_NS);
	}
}

static unsigned on_their_way(const struct load *w)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w->o.conns; i++)
		if (w->conns[i].state == CONN_RUN)
			n += w->conns[i].sent.n;
	return n;
}

/* What is on its way must come back. */
static void collect(struct load *w)
{
	uint64_t end = after_s(now_ns(), GRACE_S);
	while (on_their_way(w) && now_ns() < end)
		poll_once(w, 10 * MS_NS);
	for (unsigned i = 0; i < w->o.conns; i++) {
		struct conn *c = &w->conns[i];
		if (c->state == CONN_RUN && c->sent.n)
			fault_add(w, c, "%u echoes never came back", c->sent.n);
		conn_done(c);
	}
}

void run_echo(struct load *w)
{
	uint64_t seq = 0, before, since;
	w->run_ns = now_ns();
	for (unsigned i = 0; i < w->o.conns; i++)
		if (w->conns[i].state == CONN_READY)
			session_start(&w->conns[i]);
	serve_until(w, after_s(w->run_ns, w->o.warm_s), &seq);
	run_window_begins(w);
	before = echoes(w);
	since = now_ns(); /* not before: whoever was told may have taken time */
	serve_until(w, after_s(since, w->o.seconds), &seq);
	run_window_ends(w, since);
	w->messages = echoes(w) - before;
	w->stop = true;
	collect(w);
}
