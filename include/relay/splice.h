/* splice: two links joined, with a flow each way.
 *
 *   client ══ up ═══► backend       source.bytes ─► tap ─► sink.send
 *   client ◄═ down ══ backend       sink.queued > LINK_HIGH ─► source stops, drained ─► goes on
 *
 * Invariants: per direction at most LINK_HIGH + one read is queued; a sink is finished at most
 * once; when both flows are DONE both links are closed in order (they flush and linger by
 * themselves, base/link.h), and `done` is called exactly once, when both have said closed. The
 * first cause wins: why is set by the first end and never overwritten.
 *
 * Every wait has its deadline in a link: a sink that takes nothing (TIMER_STALL), a client that
 * does not answer our Close and a peer that does not answer our end (TIMER_CLOSE).
 */
#ifndef RELAY_SPLICE_H
#define RELAY_SPLICE_H

#include "base/env.h"
#include "relay/flow.h"
#include "relay/tap.h"

struct splice;

struct splice_end { /* one of the two links, and the flow of the bytes that come from it */
	struct splice *splice;
	struct link *link; /* NULL after closed */
	struct splice_end *to;
	uint64_t bytes; /* taken from it and passed on */
	enum flow_state flow;
	bool ended;  /* nothing more will come from it */
	bool paused; /* not reading: its sink is full */
	bool slow;   /* reading in small pieces: its sink has a backlog */
	bool closing;
};

struct splice {
	struct env *env;
	struct splice_end client, backend;
	struct tap tap;
	struct why why;
	void (*done)(void *owner);
	void *owner;
};

/* Takes both links and starts to read from both. `done` is never called from inside. s->tap may
 * be set right after. */
void splice_start(struct splice *s, struct env *env, struct link *client, struct link *backend,
                  void (*done)(void *owner), void *owner);
/* Ends the session from our side, telling the client why. What the client has said still goes to
 * the backend; what the backend says from now on is dropped. */
void splice_stop(struct splice *s, const struct why *why);
/* Cuts both links at once. */
void splice_cut(struct splice *s, const struct why *why);

#endif
