/* tls_ask: see the header. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "../unit/unit.h"

#include "tls_ask.h"

#include "../../src/crypt/tls_room.h"

/* The library's own, in no header of its: writes what stands at out_msg. */
int mbedtls_ssl_write_record(mbedtls_ssl_context *ssl, int force_flush);

enum { ASK_LEN = 4 }; /* a message without a body */

void tls_ask(struct tls *t, unsigned n, struct tls_out *out)
{
	assert_true(n <= 12 && out->cap - out->len >= TLS_ASK);
	t->out = out;
	room_open(t);
	t->ssl.out_msgtype = MBEDTLS_SSL_MSG_HANDSHAKE;
	t->ssl.out_msglen = ASK_LEN * n;
	memset(t->ssl.out_msg, 0, ASK_LEN * n);
	for (unsigned i = 0; i < n; i++)
		t->ssl.out_msg[ASK_LEN * i] = t->site->client ? MBEDTLS_SSL_HS_CLIENT_HELLO
		                                              : MBEDTLS_SSL_HS_HELLO_REQUEST;
	assert_int_equal(mbedtls_ssl_write_record(&t->ssl, 1), 0);
	room_close(t);
}
