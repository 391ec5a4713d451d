/* tls_link: TLS over any link, both roles.
 *
 *   owner ─ send ─► records in the worker's scratch ─► one send below
 *   owner ◄─ bytes ─ decrypted into the worker's scratch ◄─ one bytes event of below
 *
 * Two phases. First the handshake, which the link drives itself: the owner may call only
 * link_own and link_close, and gets `ready` when it is over, or lost with the reason (then as
 * after every lost: close; the alert still goes out). It has limits->tls_ms. Each of its private-
 * key operations is a costly call of its own (base/defer): others are served in between.
 * Then it is a link like any other.
 *
 * close_notify ends a direction, FIN follows it. An end without one is a truncation and told as
 * lost, "client ended without close_notify", after all bytes that came. Once the owner has
 * called close nothing of TLS is kept, only the link below lingers.
 *
 * Records are small (one segment) for the first TLS_LINK_SMALL bytes and again after TLS_LINK_IDLE
 * ms of silence, so that the first picture does not wait for a whole record; then full.
 * Memory: Mbed TLS's two record buffers during the handshake, afterwards in the client role the one
 * it reads into (crypt/tls_room). What has come and cannot be decrypted yet (a private-key
 * operation is due, the owner has stopped reading) waits in chunks, one read at most.
 */
#ifndef LINK_TLS_LINK_H
#define LINK_TLS_LINK_H

#include "base/env.h"
#include "crypt/tls.h"

enum { TLS_LINK_SMALL = 65536, TLS_LINK_IDLE = 1000 };

struct tls_link_setup {
	struct tls_site *site;      /* its role is the link's */
	const char *peer;           /* "client", "backend": in reasons; must outlive the link */
	const char *name;           /* client role: tls_new's */
	void (*ready)(void *owner); /* an event: the owner may call anything from it */
};

/* Stacks TLS on below, which it owns from now on. The caller sets the owner (link_own) before the
 * next event. 0, or -errno and below is still the caller's. */
int tls_link_open(struct link **ret, struct env *env, struct link *below,
                  const struct tls_link_setup *setup);
/* Bytes that were read from below already: as if it had just delivered them. No event of
 * the owner's comes of it before the next turn, but lost when memory is out: then it is the last
 * thing the caller does. */
void tls_link_feed(struct link *l, struct span s);
/* Who the peer is by its verified certificate; from ready to closed. NULL: it showed none. */
const struct tls_identity *tls_link_identity(const struct link *l);
/* The connection itself, for version and suite; NULL once close was called. */
const struct tls *tls_link_tls(const struct link *l);

#endif
