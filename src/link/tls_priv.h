/* tls_priv: what the two files of tls_link share.
 *
 *   tls_link.c  the link: data, ends       tls_shake.c  the handshake
 */
#ifndef LINK_TLS_PRIV_H
#define LINK_TLS_PRIV_H

#include "link/tls_link.h"

struct tls_link {
	struct link link;
	struct env *env;
	struct tls *tls;    /* NULL once close was called */
	struct timer timer; /* of the handshake */
	struct defer step;  /* shaking: the next step. Afterwards: what waits in `in` */
	struct bufq in;     /* came from below, not looked at */
	struct tls_identity *identity;
	const char *peer;
	void (*ready)(void *owner);
	size_t room;       /* the owner reads so much */
	size_t small_left; /* bytes that still go in small records */
	uint64_t sent_at;  /* the last send */
	bool client, shaking;
	bool below_ended; /* eof came from below */
	bool below_lost;
	bool mute;     /* encryption failed; lost is to be told */
	bool lost;     /* was told */
	bool finished; /* the owner called finish */
	bool deaf;     /* the input is over: eof or lost was told, or close called */
	bool closing;  /* the owner called close */
};

static inline struct tls_link *tls_of(struct link *l)
{
	return LIST_OF(l, struct tls_link, link);
}

/* Keeps s for later. False: memory is out, and lost was told. */
bool tl_hold(struct tls_link *t, struct span s);
/* Sends below what TLS has written. */
int tl_flush(struct tls_link *t, struct tls_out *out, unsigned flags);
/* It is over: tells lost. */
void tl_fail(struct tls_link *t, const struct why *why);
/* The handshake is over: the owner's reading begins. */
void tl_begin(struct tls_link *t);

/* ---- tls_shake.c ---- */

void shake_start(struct tls_link *t);
void shake_bytes(struct tls_link *t, struct span s);
void shake_ended(struct tls_link *t);

#endif
