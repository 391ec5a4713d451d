/* tls_room: where the records of an established connection lie.
 *
 * Mbed TLS gives each connection a buffer for the record it writes, 17 KiB, copies the plaintext
 * there, encrypts it in place and hands it over, to be copied once more. Here that buffer is the
 * caller's `out`, at the place where the record is to stand: a copy less for every byte, and 17 KiB
 * less for every session.
 *
 *   handshake: its own buffer ─ room_begin: freed ─► every call: room_open … room_close
 *
 * This leans on the inside of Mbed TLS 3.6, a line whose structures are frozen (ABI): records of a
 * stream are written at out_hdr, which returns to out_buf + 8 when they have been handed over, and
 * the sequence number is copied to out_ctr first. The tests of tls_link hold for it.
 */
#ifndef CRYPT_TLS_ROOM_H
#define CRYPT_TLS_ROOM_H

#include "tls_priv.h"

/* The handshake is over. */
void room_begin(struct tls *t);
/* The next record is to be written behind what t->out has; it must have the room. */
void room_open(struct tls *t);
/* The caller's bytes are the caller's again. */
void room_close(struct tls *t);

#endif
