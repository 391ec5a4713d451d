/* site_priv: what the files of tls_site and tls share.
 *
 *   tls_site.c   building, counting     tls_pair.c    own certificates and keys
 *   tls_trust.c  whom to believe        tls_suites.c  ciphersuites
 */
#ifndef CRYPT_SITE_PRIV_H
#define CRYPT_SITE_PRIV_H

#include "crypt/tls_site.h"

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <stdatomic.h>

#if defined(MBEDTLS_SSL_H) && !defined(MBEDTLS_THREADING_C)
#error "Mbed TLS must be built with MBEDTLS_THREADING_C: workers share certificates and tickets"
#endif

/* An RSA key locks itself for a whole signature, so each site has several copies of it and
 * connections take them in turn: workers would wait for each other otherwise. */
enum { KEY_LANES = 8 };

struct own_pair {
	char *name;
	mbedtls_x509_crt chain;
	mbedtls_pk_context keys[KEY_LANES];
	unsigned lanes; /* keys in use */
	char kind[24];
	uint16_t group, sig_alg; /* an ECDSA key's, as on the wire (sig_alg: TLS 1.3); 0: it is not
	                            ECDSA, or may not be used to show who a server is */
	bool fallback;           /* shares a name with the first pair */
};

struct tls_site {
	_Atomic unsigned refs;
	_Atomic unsigned lane; /* the next connection's */
	bool client, insecure;
	enum tls_verify verify;
	char *name;
	mbedtls_ssl_config conf;
	mbedtls_ssl_ticket_context tickets;
	mbedtls_x509_crt ca;
	mbedtls_x509_crl crl;
	int suites[TLS_SUITES + 1];
	struct own_pair *pairs;
	size_t pairs_n;
};

/* A copy with a NUL behind it, because Mbed TLS wants one behind PEM, and without one behind DER. */
struct blob_copy {
	unsigned char *at;
	size_t len; /* what to tell Mbed TLS */
	size_t cap;
};
int blob_copy(struct blob_copy *ret, const struct tls_blob *b);
void blob_wipe(struct blob_copy *c);

/* Sets err; returns -EINVAL, or -ENOMEM when that is what code says. */
int site_error(char err[TLS_ERROR], int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- tls_pair.c ---- */

int pair_load(struct own_pair *p, const struct tls_pair *from, char err[TLS_ERROR]);
void pair_free(struct own_pair *p);
/* Whether its certificate is for this host name, wildcards included. */
bool pair_is_for(const struct own_pair *p, struct span host);
/* Whether both name the same host somewhere. */
bool pair_shares_name(const struct own_pair *a, const struct own_pair *b);

/* ---- tls_trust.c ---- */

int trust_load(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR]);

/* ---- tls_suites.c ---- */

int suites_load(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR]);

#endif
