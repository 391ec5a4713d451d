/* Sessions one after the other on each connection: connect, upgrade, one echo, close. With a rate
 * they begin on time, as long as a connection is free. */
#include "load.h"

#include <time.h>

enum { ERRORS_MAX = 1000, CLOSE_S = 2, STUCK_S = 10, LOOK_MS = 100 };

struct churn {
	uint64_t begin_ns, end_ns; /* of the window, as planned */
	uint64_t since_ns;         /* when it began; 0: not yet */
	uint64_t before;           /* sessions before it */
	uint64_t look_ns;          /* when to look for stuck ones again */
	uint64_t first_ns;         /* when the first was due, with a rate */
	uint64_t begun;            /* how many have begun */
};

static void begin_window(struct load *w, struct churn *ch)
{
	ch->before = w->sessions;
	w->ready_time = w->session_time = (struct hist){0};
	w->handshakes = w->resumed = w->no_eof = 0;
	run_window_begins(w);
	ch->since_ns = now_ns();
}

static void end_stuck(struct conn *c, uint64_t now)
{
	if (c->state == CONN_CLOSING && now > after_s(c->close_ns, CLOSE_S)) {
		c->load->no_eof++;
		session_over(c);
	} else if (c->state < CONN_CLOSING && now > after_s(c->start_ns, STUCK_S)) {
		fault_add(c->load, c, "stuck for %d s", STUCK_S);
		conn_done(c);
		conn_free(c);
	}
}

/* When the next session is due. */
static uint64_t next_due(const struct load *w, const struct churn *ch)
{
	return w->o.rate > 0 ? after_s(ch->first_ns, (double)ch->begun / w->o.rate) : 0;
}

static void renew(struct load *w, struct churn *ch)
{
	uint64_t now = now_ns();
	bool look = now > ch->look_ns;
	if (look)
		ch->look_ns = now + LOOK_MS * MS_NS;
	for (unsigned i = 0; i < w->o.conns; i++) {
		struct conn *c = &w->conns[i];
		if (c->state != CONN_NONE && c->state != CONN_DEAD) {
			if (look)
				end_stuck(c, now);
		} else if (next_due(w, ch) > now) {
			continue;
		} else if (conn_open(c) < 0) { /* no ports, no descriptors: give them a moment */
			nanosleep(&(struct timespec){.tv_nsec = MS_NS}, NULL);
		} else {
			ch->begun++;
		}
	}
}

static bool is_over(const struct load *w, const struct churn *ch)
{
	return ch->since_ns && (now_ns() >= ch->end_ns ||
	                        (w->o.sessions && w->sessions - ch->before >= w->o.sessions));
}

void run_churn(struct load *w)
{
	struct churn ch = {.begin_ns = after_s(w->begin_ns, w->o.warm_s)};
	ch.end_ns = after_s(ch.begin_ns, w->o.seconds);
	ch.first_ns = now_ns();
	while (!is_over(w, &ch) && w->errors <= ERRORS_MAX) {
		if (now_ns() > run_limit(w)) {
			w->timed_out = true;
			break;
		}
		if (!ch.since_ns && now_ns() >= ch.begin_ns)
			begin_window(w, &ch);
		renew(w, &ch);
		poll_once(w, w->o.rate > 0 ? MS_NS : 50 * MS_NS);
	}
	if (!ch.since_ns)
		return;
	run_window_ends(w, ch.since_ns);
	w->messages = w->sessions - ch.before;
	w->stop = true;
}
