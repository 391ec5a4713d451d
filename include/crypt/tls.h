/* tls: one TLS connection as bytes in, bytes out, in either role. No I/O, no clock, no callbacks:
 * a codec like wire/ws_dec, and link/tls_link is what puts it on a link.
 *
 *   wire ─ in ─► tls_shake … TLS_READY ─► tls_read ─► plain
 *   wire ◄─ out ─ (every call)           tls_write ◄─ plain
 *
 * `in` is consumed as far as it goes: what is left in it when a call returns (other than after
 * TLS_MORE, when nothing is) must be given again. Incomplete records are kept inside.
 * It is written to: a server decrypts records where they are, and wipes them (crypt/tls_room).
 * `out` is the caller's room for records, appended to by any call. It needs TLS_OUT_MIN free bytes
 * for tls_write to make progress; the others say TLS_ROOM when it is full.
 *
 * What is checked of a peer's certificate is the site's business (crypt/tls_site). Renegotiation,
 * compression and early data do not exist here. New keys for TLS 1.3 (KeyUpdate) are a matter between
 * the two ends, and come before a key has encrypted more than it should; with the distribution's Mbed
 * TLS they are refused, and none are made (crypt/tls_keys).
 * One connection is one thread's at a time.
 */
#ifndef CRYPT_TLS_H
#define CRYPT_TLS_H

#include "base/why.h"
#include "crypt/tls_site.h"

enum {
	TLS_PLAIN_MAX = 16384,             /* plaintext of one record, RFC 8446 5.1 */
	TLS_OUT_MIN = TLS_PLAIN_MAX + 512, /* the largest record on the wire */
	TLS_SMALL = 1370, /* plaintext of a record that fits one segment: 1,400 bytes with all */
};

enum tls_event {
	TLS_MORE,  /* in is used up: wait for the network */
	TLS_AGAIN, /* tls_shake: a public-key operation was done; call again, best in a later turn of
	              the loop, others want it, too */
	TLS_ROOM,  /* out is full: send it, call again */
	TLS_READY, /* tls_shake: the handshake is over */
	TLS_DATA,  /* tls_read: room is full, there may be more: call again */
	TLS_END,   /* close_notify: nothing more will come */
	TLS_BAD,   /* over, see tls_why; the alert that tells the peer is in out */
};

struct tls_out {
	uint8_t *at;
	size_t len, cap;
};

/* Who the peer is, by its verified certificate: data for policy. Text is UTF-8 without controls. A
 * name that does not fit is left out, not cut: its front may be somebody else's. */
struct tls_identity {
	char subject[TLS_SUBJECT]; /* "C=CH, O=Example, CN=alice" */
	char cn[128];
	char sans[512];  /* "DNS:a.example, IP:192.0.2.1, email:a@b.example, URI:…"; in a name
	                  * commas, blanks and what is no ASCII stand as "\2C" */
	char serial[96]; /* "0A:1B:…" */
	char fingerprint[TLS_FINGERPRINT];
};

struct tls;

/* A new connection; site is referenced. peer names the other side in reasons ("client",
 * "backend") and must outlive it. name, client role: what the certificate must be for, unless the
 * site says; NULL with neither is -EINVAL, but for `insecure`. 0 or -errno. */
int tls_new(struct tls **ret, struct tls_site *site, const char *peer, const char *name);
/* Wipes the keys; NULL is legal. */
void tls_free(struct tls *t);

/* The handshake. A call does at most one operation with a private key. */
enum tls_event tls_shake(struct tls *t, struct span *in, struct tls_out *out);
/* After TLS_READY. Fills room from the front; *ret_n says how far, whatever is returned (bytes in
 * front of a TLS_END or TLS_BAD count). */
enum tls_event tls_read(struct tls *t, struct span *in, struct span room, size_t *ret_n,
                        struct tls_out *out);
/* Plaintext that waits inside for tls_read, although in may be empty. */
bool tls_pending(const struct tls *t);
/* After TLS_READY. Takes from the front of plain what fits out, in records of at most `record`
 * bytes. 0, or -errno: the connection is over. plain is not written to. */
int tls_write(struct tls *t, struct span *plain, size_t record, struct tls_out *out);
/* Our close_notify, once; nothing can be written after it. */
void tls_end(struct tls *t, struct tls_out *out);

/* Why it is over, after TLS_BAD: layer WHY_TLS, close 1011 and status 502 for a backend, with the
 * cause and the name of the alert, who sent it included. */
const struct why *tls_why(const struct tls *t);
/* The peer's verified certificate; false: it has shown none. */
bool tls_identity(const struct tls *t, struct tls_identity *ret);
/* "TLSv1.3", "TLS1-3-AES-128-GCM-SHA256": of an established connection. */
const char *tls_version_name(const struct tls *t);
const char *tls_suite_used(const struct tls *t);

#endif
