/* certs: keys and certificates made on the spot, and revocation lists. Nothing is kept in files.
 *
 *   struct cert ca, leaf;
 *   cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
 *   cert_make(&leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &ca});
 *   … cert_blob(&leaf), cert_key_blob(&leaf) …
 *   cert_free(&leaf), cert_free(&ca);
 */
#ifndef FAKE_CERTS_H
#define FAKE_CERTS_H

#include "crypt/tls_site.h"

#include <mbedtls/pk.h>

enum { CERT_PEM = 8192, CERT_NAMES = 4, CERT_DAY = 24 * 3600 };

struct cert {
	char name[64]; /* "vnc1.pem": for errors */
	char subject[320];
	char pem[CERT_PEM]; /* the certificate; cert_chain appends */
	char key_pem[CERT_PEM];
	mbedtls_pk_context key;
	unsigned serial;
};

struct cert_spec {
	const char *cn;
	const char *dns[CERT_NAMES];
	const char *ip;            /* IPv4 */
	const struct cert *issuer; /* NULL: self-signed */
	bool ca, rsa;
	int64_t from, until; /* seconds from now; both 0: since yesterday, for a year */
	unsigned serial;     /* 0: 1 */
};

void cert_make(struct cert *ret, const struct cert_spec *spec);
void cert_free(struct cert *c);
/* Appends the certificate of `more` to c's: a chain. */
void cert_chain(struct cert *c, const struct cert *more);
struct tls_blob cert_blob(const struct cert *c);
struct tls_pair cert_pair(const struct cert *c);
/* A revocation list of ca with these serials, DER; its length. until: seconds from now. */
size_t crl_make(uint8_t *out, size_t cap, const struct cert *ca, const unsigned *serials, size_t n,
                int64_t until);

/* A server's site with one pair and nothing else; a client's that trusts ca and expects name. */
struct tls_site *site_of(const struct cert *c);
struct tls_site *site_trusting(const struct cert *ca, const char *name);
/* tls_site_new that must work. */
struct tls_site *site_new(const struct tls_setup *setup);

#endif
