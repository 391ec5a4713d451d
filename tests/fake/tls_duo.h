/* tls_duo: a client and a server of Mbed TLS that talk through memory, without any of our code
 * between: for what is to be known of the library itself.
 *
 *   client ── what it sent ──> server         a write is sent whole; a read gives what is there
 *          <── what it sent ──
 */
#ifndef FAKE_TLS_DUO_H
#define FAKE_TLS_DUO_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_DUO_ROOM = 1 << 20 }; /* bytes that may be under way in one direction */

struct tls_pipe {
	uint8_t *at;
	size_t from, to;
};

struct tls_end {
	mbedtls_ssl_context ssl;
	struct tls_pipe *in, *out;
};

struct tls_duo {
	mbedtls_ssl_config client_conf, server_conf;
	mbedtls_x509_crt crt; /* the server's, P-256, signed by itself */
	mbedtls_pk_context key;
	int suites[2];      /* the one that is offered, and 0 */
	uint16_t groups[3]; /* the one that is offered, the certificate's (1.2 wants it), 0 */
	struct tls_pipe up, down;
	struct tls_end client, server;
};

/* Both sides offer one suite (MBEDTLS_TLS1_3_…, MBEDTLS_TLS_…), which decides the version, and one
 * group (MBEDTLS_SSL_IANA_TLS_GROUP_…). 0 or an error of Mbed TLS; tls_duo_done in both cases. */
int tls_duo_init(struct tls_duo *d, int suite, uint16_t group);
/* New connections with the same certificate: opens both ends and does the handshake. */
int tls_duo_connect(struct tls_duo *d);
void tls_duo_close(struct tls_duo *d);
void tls_duo_done(struct tls_duo *d);

/* All of it, as often as the library wants to be called; 0 or an error. */
int tls_duo_write(struct tls_end *e, const uint8_t *from, size_t n);
int tls_duo_read(struct tls_end *e, uint8_t *to, size_t n);

#endif
