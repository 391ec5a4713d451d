/* tls_keys: new keys for a TLS 1.3 connection that is under way (KeyUpdate, RFC 8446 4.6.3 and 7.2).
 * Mbed TLS 3.6 cannot do it: to it the message is unexpected, and is left where it was read.
 *
 *   KeyUpdate ─► the peer's next secret ──────────────────────┐
 *      └─ asks for ours, too ─► KeyUpdate out ─► our next one ─┴─► new keys, records from 0
 *                                    ▲
 *   our key has written TLS_KEYS_RECORDS
 *
 * It takes functions of the library that no header of it has, so it is there in our own build of it
 * alone, whose source we know. With MBEDTLS=system the connection ends, and both sides hear why.
 */
#ifndef CRYPT_TLS_KEYS_H
#define CRYPT_TLS_KEYS_H

#include "tls_priv.h"

enum {
	TLS_KEYS_IN_A_ROW = 16,     /* without data between them; more are an attack */
	TLS_KEYS_RECORDS = 1 << 24, /* with one key: AES-GCM is safe for 1.4 times as many (RFC 8446
	                               5.5). 275 GB in full records */
};

#if defined(MBEDTLS_USER_CONFIG_FILE)
#define TLS_KEYS_REFUSED "asks for new keys (KeyUpdate) over and over, or not as it should"
#else
#define TLS_KEYS_REFUSED "asks for new keys (KeyUpdate), which is not supported"
#endif

/* What Mbed TLS has read last is a KeyUpdate. */
bool tls_keys_asked(const struct tls *t);
/* Does what it says; the answer is appended to t->out, which must have the room. 0, or an error of
 * Mbed TLS's: the connection is over. */
int tls_keys_renew(struct tls *t);
/* Our key has written its share, and there can be a next one. */
bool tls_keys_worn(const struct tls *t);
/* Tells the peer, in t->out as above, that ours are new from here on. 0, or an error of Mbed TLS's: the
 * connection is over. */
int tls_keys_change(struct tls *t);
/* One direction has its next keys. 0, or an error of Mbed TLS's. */
int tls_keys_next(struct tls *t, bool ours);

#endif
