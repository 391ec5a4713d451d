/* tls_forge: a peer that has shaken hands as it should and then says what no library lets it say:
 * records of any type, rightly encrypted. What must hold against somebody with a key of his own.
 */
#ifndef FAKE_TLS_FORGE_H
#define FAKE_TLS_FORGE_H

#include "crypt/tls.h"

enum {
	FORGED_CCS = 20,
	FORGED_ALERT,
	FORGED_HANDSHAKE,
	FORGED_DATA,
	FORGED_MORE = 128, /* bytes of out that a record takes beside its content, at most */
};

/* Appends one record with this content, of at most TLS_PLAIN_MAX bytes. False: Mbed TLS would not
 * write it. */
bool tls_forge(struct tls *t, uint8_t type, struct span content, struct tls_out *out);

#endif
