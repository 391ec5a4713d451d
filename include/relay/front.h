/* front: the HTTP phase of a connection: head → decision → file, error, or upgrade.
 *
 *   FIRST ─ byte ─► HEAD ─ blank line ─► REPLY ─ sent ─► HEAD (keep-alive) …
 *                    │  └─ error ───────► REPLY ─ sent ─► END
 *                    └─ handshake ──────► UPGRADE ─ front_accept ─► (the link is the session's)
 *
 * Memory: nothing before the first byte, then one chunk of 16 KiB, which bounds the head and what
 * is pipelined behind it: the link is asked for just as much as fits. What follows a handshake's
 * head are frames already; front_accept hands them on.
 * Deadlines: first byte, head, keep-alive silence, a disk that does not answer (stall_ms). Replies
 * that the client does not take are cut by the link's stall deadline.
 */
#ifndef RELAY_FRONT_H
#define RELAY_FRONT_H

#include "base/env.h"
#include "relay/site.h"
#include "wire/http_head.h"
#include "wire/ws_key.h"
#include "wire/ws_upgrade.h"

enum { FRONT_ROOM = BUF_SIZE }; /* the most front_feed takes */

struct front;

struct front_events {
	/* A handshake that may proceed. The owner answers, later, with front_accept or front_refuse.
	   h is valid during the call only. */
	void (*upgrade)(void *owner, const struct http_head *h);
	/* f->method and f->target were answered. text is the body's sentence for an error, or NULL. */
	void (*answered)(void *owner, unsigned status, const char *text);
	/* The connection is over: last event; the front's link is closed. */
	void (*over)(void *owner, const struct why *why);
};

enum front_state { FRONT_FIRST, FRONT_HEAD, FRONT_REPLY, FRONT_UPGRADE, FRONT_END };

struct front {
	struct env *env;
	const struct site *site;
	struct link *link;
	const struct front_events *ev;
	void *owner;
	struct timer timer;
	struct buf *buf;
	struct file_get *get;
	struct defer again;         /* the next request is here already */
	size_t seen;                /* bytes of the head looked at for its end */
	struct span method, target; /* of the request being answered; in buf */
	const struct why *full;     /* the answer to every GET; NULL: there is room */
	uint8_t state;
	uint8_t proto;   /* enum ws_proto, of the handshake */
	bool head_only;  /* HEAD: no body */
	bool tls_only;   /* plain HTTP, where it is to be TLS: 400 for everything */
	bool close_next; /* after this reply */
	bool hungry;     /* the next piece of a file waits for the client to take the last */
	bool eof;        /* the client ended its direction */
	char accept[WS_ACCEPT];
	struct why why;
};

/* Takes the link and waits for the first byte. */
void front_start(struct front *f, struct env *env, const struct site *site, struct link *link,
                 const struct front_events *ev, void *owner);
/* The first bytes, read from the link before it was the front's; with headroom, as delivered. */
void front_feed(struct front *f, struct span s);
/* After upgrade: sends the 101 and lets go of the link. Returns the chunk with the bytes that
 * followed the head (from..to; given back to the pool by the caller), or NULL when there are
 * none. The front is over without an `over`. */
struct buf *front_accept(struct front *f);
/* After upgrade: answers with an error instead and ends the connection. */
void front_refuse(struct front *f, unsigned status, const char *text);
/* Ends the connection: an answer under way is completed, everything else is told 503 or just
 * closed. */
void front_stop(struct front *f, const struct why *why);
void front_cut(struct front *f, const struct why *why);

#endif
