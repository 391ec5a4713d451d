/* tls_ask: a peer that asks to begin anew on an established connection of TLS 1.2: ClientHello,
 * HelloRequest. Each is answered with an alert (RFC 5246 7.2.2), so it is how a peer makes us write
 * while we only read.
 */
#ifndef FAKE_TLS_ASK_H
#define FAKE_TLS_ASK_H

#include "crypt/tls.h"

enum { TLS_ASK = 128 }; /* bytes of out that a record of up to 12 of them takes at most */

/* Appends one record that holds n <= 12 of them. */
void tls_ask(struct tls *t, unsigned n, struct tls_out *out);

#endif
