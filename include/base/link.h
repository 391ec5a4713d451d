/* link: a two-way byte stream with backpressure and an orderly end. A TCP socket is one, so is
 * TLS over a link, WebSocket over a link, the test card, a memory pair in tests. Links stack, and
 * a session is two links spliced together.
 *
 *        owner (session, splice, or the link stacked above)
 *          │ ops: send read finish close      ▲ events: bytes eof drained lost closed
 *          ▼                                  │
 *        link
 *
 * The contract, held by every implementation and every test:
 *  1. send takes all bytes or fails. What cannot leave at once is copied and queued; link_queued
 *     says how much waits in this link and all links below it. After a failed send the link
 *     is broken: lost follows, the caller need not do anything about it.
 *  2. No call on a link calls back. Events come later, from the loop or from base/defer.
 *  3. read(l, room): deliver at most room bytes per bytes event (room > 0), from now on.
 *     read(l, 0) is a request to stop: at most one more bytes event arrives, of at most the last
 *     room. A new link does not read.
 *  4. finish flushes what is queued, then ends this direction in the layer's own language: FIN,
 *     close_notify, Close frame (whose code and reason come from `why`). No send after it.
 *  5. eof means the peer ended its direction in an orderly way; after it no bytes come. When the
 *     peer thereby takes no more bytes either (WebSocket), `shut` is set before eof is told.
 *  6. lost at most once: broken in both directions; what was queued is gone. After lost only
 *     close may be called.
 *  7. close(false) is orderly: what is queued still goes out (if finish was not called, it is
 *     now), input is read and dropped until the peer's end or the close deadline. close(true)
 *     cuts at once. Either may be called at any time, close(true) also after close(false); no
 *     event but closed follows, and closed follows exactly once. The link frees itself after it.
 *     When `parted` is set, close(false) waits for nothing but its own bytes to leave.
 *  8. The LINK_HEADROOM bytes before a delivered span, and the span itself, may be overwritten
 *     by the receiver until its callback returns.
 */
#ifndef BASE_LINK_H
#define BASE_LINK_H

#include "base/span.h"
#include "base/why.h"

enum {
	LINK_HEADROOM = 64, /* a cache line, so that data begins on one */
	READ_ROOM = 262144, /* a read while the sink is fast: a quarter cheaper than 64 KiB */
	READ_SLOW = 65536,  /* a read while the sink has bytes queued */
	LINK_HIGH = 262144, /* queued above it: stop the source */
	LINK_LOW = 65536,   /* queued below it again: drained */
};

enum send_flags {
	SEND_ROOM = 1, /* the LINK_HEADROOM bytes before the span are writable, and the span too */
	SEND_LAST = 2, /* finish follows at once: the end may travel with these bytes */
};

struct link;

struct link_ops {
	int (*send)(struct link *l, struct span s, unsigned flags); /* 0 or -errno */
	void (*read)(struct link *l, size_t room);
	void (*finish)(struct link *l, const struct why *why); /* NULL: an ordinary end */
	void (*close)(struct link *l, bool reset);
};

struct link_events {
	void (*bytes)(void *owner, struct span s);
	void (*eof)(void *owner);
	void (*drained)(void *owner); /* queued fell below LINK_LOW after it had reached it, or to
	                                 0 after finish. A hint: look at queued, too */
	void (*lost)(void *owner, const struct why *why);
	void (*closed)(void *owner);
};

struct link {
	const struct link_ops *ops;
	const struct link_events *ev;
	void *owner;
	struct link *below; /* the one it is stacked on; NULL at the bottom */
	size_t queued;      /* bytes waiting in this link alone; owners ask link_queued */
	bool shut;          /* takes no more bytes */
	bool parted;        /* set by the link above: its peer has said goodbye there */
	uint16_t peer_code; /* what the peer's end said (WebSocket Close code); 0: nothing */
};

/* Bytes sent and not taken by the peer's socket yet, here and below. */
static inline size_t link_queued(const struct link *l)
{
	size_t n = l->queued;
	while ((l = l->below) != NULL)
		n += l->queued;
	return n;
}

static inline int link_send(struct link *l, struct span s, unsigned flags)
{
	return l->ops->send(l, s, flags);
}

static inline void link_read(struct link *l, size_t room)
{
	l->ops->read(l, room);
}

static inline void link_finish(struct link *l, const struct why *why)
{
	l->ops->finish(l, why);
}

static inline void link_close(struct link *l, bool reset)
{
	l->ops->close(l, reset);
}

/* Makes owner the receiver of the events, e.g. when a link is stacked on top. */
static inline void link_own(struct link *l, const struct link_events *ev, void *owner)
{
	l->ev = ev;
	l->owner = owner;
}

/* Nobody listens to l any more: it is cut and frees itself. */
void link_abandon(struct link *l);
/* The parts of a link_events that does not care. */
void link_deaf_bytes(void *owner, struct span s);
void link_deaf_event(void *owner);
void link_deaf_lost(void *owner, const struct why *why);

#endif
