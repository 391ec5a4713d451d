/* tls_world: what tests of TLS connections start from: an authority, a server called vnc1 with a
 * certificate of it, and a client that expects just that. A group's setup and teardown:
 *
 *   return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
 *
 * The tests get it as *state.
 */
#ifndef FAKE_TLS_WORLD_H
#define FAKE_TLS_WORLD_H

#include "certs.h"

#include "crypt/tls_site.h"

struct tls_world {
	struct cert ca, leaf;
	struct tls_site *server, *client;
	struct tls_site *old_server; /* TLS 1.2 and no more */
};

int tls_world_open(void **state);
int tls_world_close(void **state);

#endif
