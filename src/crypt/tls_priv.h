/* tls_priv: what the files of tls share.
 *
 *   tls.c       bytes in, bytes out  tls_why.c     why it is over
 *   tls_room.c  where records lie    tls_peer.c    the peer's certificate
 *   tls_keys.c  new ones under way   tls_choose.c  which of ours it gets
 */
#ifndef CRYPT_TLS_PRIV_H
#define CRYPT_TLS_PRIV_H

#include "crypt/tls.h"
#include "site_priv.h"

struct tls {
	mbedtls_ssl_context ssl;
	struct tls_site *site;
	const char *peer;
	const char *name; /* the client role's expected name: the site's, or own_name */
	char *own_name;
	unsigned lane;                           /* which copy of an RSA key */
	uint8_t ip[16];                          /* `name` as an address */
	uint8_t ip_len;                          /* 0: it is a DNS name */
	uint8_t alert;                           /* the last one whose number could be seen */
	uint8_t renewals;                        /* of keys, since there was data */
	uint8_t sequence_out[8], sequence_in[8]; /* tls_room: where Mbed TLS has record numbers */
	uint8_t explicit_iv;                     /* bytes of it in a record; TLS 1.2 */
	bool roomy;                              /* tls_room has begun */
	bool in_own;                             /* Mbed TLS reads into `own` */
	bool borrowed;                           /* and now from `record`, in the caller's `in` */
	struct span record;
	uint8_t *own;        /* a record that has not come whole; NULL: none */
	bool ended;          /* our close_notify, or an alert, is out */
	bool over;           /* TLS_BAD was told */
	struct span *in;     /* during a call that reads */
	struct tls_out *out; /* during a call */
	struct why why;
	uint32_t flags; /* of a certificate that does not verify: MBEDTLS_X509_BADCERT_… */
	char blame[WHY_TEXT / 2]; /* of the certificate that does not verify */
};

/* ---- tls_why.c ---- */

/* Mbed TLS said err: makes the reason. */
void tls_blame(struct tls *t, int err);
/* The number of the alert that went out; 0: none, as far as can be seen. */
unsigned tls_alert_sent(const struct tls *t);

/* ---- tls_peer.c ---- */

/* Called by Mbed TLS for each certificate of the peer's chain, the CA's first. */
int tls_check_peer(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* ---- tls_choose.c ---- */

/* Mbed TLS knows what the client wants: gives it our certificates. */
int tls_choose_pair(mbedtls_ssl_context *ssl);

#endif
