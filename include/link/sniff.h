/* sniff: TLS or plain, told from the first byte of a connection: a TLS client begins with a
 * handshake record, 0x16 (RFC 8446 5.1), and no HTTP method begins so.
 *
 *   link ─ first bytes ─► done(tls?, bytes)      the link is the owner's again
 *       └─ end, lost, first_byte_ms over ─► over(why), after the link has closed
 *
 * Exactly one of the two is called, last, and never from inside a call.
 */
#ifndef LINK_SNIFF_H
#define LINK_SNIFF_H

#include "base/env.h"

struct sniff_events {
	/* first is valid during the call, with headroom, like any delivered span */
	void (*done)(void *owner, struct link *link, bool tls, struct span first);
	void (*over)(void *owner, const struct why *why);
};

struct sniff {
	struct env *env;
	struct link *link;
	const struct sniff_events *ev;
	void *owner;
	struct timer timer;
	struct why why;
};

/* Whether a connection that begins with this byte is TLS. */
bool sniff_is_tls(uint8_t first);
/* Takes the link and waits for its first bytes, at most `room` of them. */
void sniff_start(struct sniff *s, struct env *env, struct link *link, size_t room,
                 const struct sniff_events *ev, void *owner);
/* Ends it; over follows. */
void sniff_stop(struct sniff *s, const struct why *why, bool reset);

#endif
