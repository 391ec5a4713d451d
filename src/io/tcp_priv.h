/* A socket as a link: base/link.h says what the owner sees, here is how.
 *
 *   out      bytes the socket has not taken. link.queued is the same number, 0 once broken.
 *            At most one uv_write is in flight (`writing`); its bytes are the first of `out` and
 *            stay there until it is done. Its completion means "writable again": the rest is then
 *            tried at once, with as many chunks as there are.
 *   ends     finish ─► `finishing`; out empty ─► shutdown(2) ─► `fin`. Not uv_shutdown, which
 *            would be one more request to embed and would make a later reset impossible.
 *   broken   `err` is set (first cause wins). `lost` once the owner has been told.
 *   closing  close was called: no event but closed any more. `cut` once uv_close was.
 *
 * One timer, since the two deadlines exclude each other: STALL while out holds bytes, CLOSE after
 * the FIN of a link that is closing.
 */
#ifndef IO_TCP_PRIV_H
#define IO_TCP_PRIV_H

#include "io/tcp_link.h"

#include "loop_priv.h"

struct tcp_link {
	struct link link;
	uv_tcp_t uv; /* for unix sockets, too: uv_tcp_open takes any stream socket */
	struct bufq out;
	struct timer timer;
	struct defer broken;
	const char *peer;
	struct timer *lull;   /* while poll waits for many bytes, else NULL */
	int32_t heard;        /* bytes since the input was last judged; below 0: not yet again */
	uint32_t heard_since; /* when that was, ms */
	uint32_t room;        /* bytes wanted per read; 0: none */
	uint32_t unsent;      /* of the write in flight, when the stall deadline was last set */
	int16_t err;
	uint8_t quick; /* writes in a row that did not wait, up to QUICK_ENOUGH: a swift peer */
	bool is_unix : 1, reading : 1, eof : 1, writing : 1, finishing : 1, fin : 1;
	bool full : 1; /* queued has reached LINK_LOW: drained is owed */
	bool lost : 1, closing : 1, cut : 1;
};

_Static_assert(sizeof(struct tcp_link) <= 432, "an idle session holds two of these");

static inline struct tcp_link *tcp_of(struct link *l)
{
	return LIST_OF(l, struct tcp_link, link);
}

static inline struct loop *tcp_loop(const struct tcp_link *t)
{
	return t->uv.loop->data;
}

static inline uv_stream_t *tcp_stream(struct tcp_link *t)
{
	return (uv_stream_t *)&t->uv;
}

int tcp_fd(const struct tcp_link *t);
/* What the socket still holds against the peer: -errno or 0, once. */
int tcp_pending_error(const struct tcp_link *t);

/* ---- sending (tcp_out.c) ---- */

int tcp_send(struct link *link, struct span s, unsigned flags);
/* Forgets what is queued. The chunks stay until libuv has done with those it writes from. */
void tcp_drop(struct tcp_link *t);
/* (Re)starts the stall deadline. */
void tcp_arm_stall(struct tcp_link *t);
/* Everything is out: the FIN. */
void tcp_fin(struct tcp_link *t);

/* ---- bulk input (tcp_bulk.c) ---- */

/* A read has brought n bytes. */
void tcp_bulk_heard(struct tcp_link *t, size_t n);
/* Takes the timer off and frees it; legal at any time. */
void tcp_bulk_free(struct tcp_link *t);

/* ---- ending (tcp_link.c) ---- */

/* The output is broken. Legal inside calls: what follows from it is deferred. Returns the error
 * that came first. */
int tcp_break(struct tcp_link *t, int err);
/* close(false), everything sent: wait for the peer's end, but not for ever. */
void tcp_end_if_done(struct tcp_link *t);

#endif
