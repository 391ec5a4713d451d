/* tls_hello: what a ClientHello (RFC 8446 4.1.2) says its sender can, as far as it decides which
 * certificate it gets. Mbed TLS reads the same lists, and keeps them to itself. */
#ifndef CRYPT_TLS_HELLO_H
#define CRYPT_TLS_HELLO_H

#include "base/span.h"

/* Lists of numbers of two bytes, into the message. What it does not have is empty. */
struct tls_hello {
	struct span suites;
	struct span groups;   /* supported_groups */
	struct span sig_algs; /* signature_algorithms */
};

/* body: behind the header of the handshake message. False: it is broken, *ret is empty. */
bool tls_hello_read(struct tls_hello *ret, struct span body);
bool tls_hello_lists(struct span list, unsigned number);

#endif
