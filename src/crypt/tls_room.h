/* tls_room: where the records of an established connection lie.
 *
 * Mbed TLS gives each connection two buffers of 17 KiB, for the record it writes and the one it
 * reads, and copies everything through them. Once the handshake is over
 *
 *   writing   a record is encrypted in the caller's `out`, where it is to be sent from;
 *   reading   a record that has come whole is decrypted in the caller's `in` (server role; a client
 *             keeps its buffer, because tickets may come in pieces); only one that has not is kept,
 *             in a buffer that exists as long as there is one.
 *
 * That is a copy less for every byte, and 34 KiB less for a session that waits.
 *
 * It leans on the inside of Mbed TLS 3.6, a line whose structures are frozen (ABI): records of a
 * stream are written at out_hdr and read at in_hdr, both set back to 8 behind the buffer after a
 * record; sequence numbers stand in cur_out_ctr and at in_ctr. Built and tested with the
 * distribution's library, too (make MBEDTLS=system).
 */
#ifndef CRYPT_TLS_ROOM_H
#define CRYPT_TLS_ROOM_H

#include "tls_priv.h"

/* The handshake is over. */
void room_begin(struct tls *t);
/* The next record is to be written behind what t->out has; it must have the room. Mbed TLS knows no
 * end of it: that a record fits is seen to before each that it may write, those it answers by itself
 * included. */
void room_open(struct tls *t);
/* The next record is read from the front of in, and its plaintext goes to `room` bytes: prepares
 * that, and t->in. 0, or an error of Mbed TLS's. */
int room_take(struct tls *t, struct span *in, size_t room);
/* After the read, with its result: what was taken is taken from in. Returns the result, or an error
 * when something of the record is left that may not be kept. */
int room_taken(struct tls *t, struct span *in, int result);
/* After a read: the next record that comes is number 0. */
void room_restart(struct tls *t);
/* The caller's bytes are the caller's again. */
void room_close(struct tls *t);

#endif
