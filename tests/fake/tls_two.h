/* tls_two: a server and a client of crypt/tls, joined by memory. No link, no clock: what the
 * handshake comes to, and why.
 */
#ifndef FAKE_TLS_TWO_H
#define FAKE_TLS_TWO_H

#include "certs.h"

#include "crypt/tls.h"

struct tls_two {
	struct tls *server, *client;
	enum tls_event server_is, client_is; /* TLS_READY, TLS_BAD, or the last thing it said */
	unsigned again;                      /* how often the server had done something costly */
};

/* A whole handshake. name: the client's, or NULL. */
void tls_two_shake(struct tls_two *t, struct tls_site *server, struct tls_site *client,
                   const char *name);
void tls_two_done(struct tls_two *t);
/* tls_two_shake that must succeed or fail on the client's (or server's) side with this reason. */
#define assert_shake(server, client, name) tls_two_check((server), (client), (name), NULL, NULL)
void tls_two_check(struct tls_site *server, struct tls_site *client, const char *name,
                   const char *server_why, const char *client_why);

#endif
