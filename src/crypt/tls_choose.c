/* tls_choose: which of our certificates a client gets: one for the name it asks for, ECDSA if it can
 * verify that. Left to itself, Mbed TLS goes by the client's order of signature algorithms (TLS 1.3)
 * or by the order of the suites (1.2), and some clients name RSA first.
 */
#include "tls_priv.h"

#include "tls_hello.h"

#include <mbedtls/ssl_ciphersuites.h>

enum {
	HS_HEADER = 4,
	SIG_ALGS_LOOKED_AT = 19, /* Mbed TLS keeps no more of those that a client of 1.3 has */
};

static void read_hello(const mbedtls_ssl_context *ssl, struct tls_hello *ret)
{
	size_t len = ssl->MBEDTLS_PRIVATE(in_hslen);

	*ret = (struct tls_hello){0};
	if (len > HS_HEADER)
		(void)tls_hello_read(
			ret, span_of(ssl->MBEDTLS_PRIVATE(in_msg) + HS_HEADER, len - HS_HEADER));
}

static bool suite_in_common(const struct tls_site *s, const struct tls_hello *h)
{
	for (const int *id = s->suites; *id; id++) {
		const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(*id);
		if (suite->MBEDTLS_PRIVATE(key_exchange) == MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA &&
		    tls_hello_lists(h->suites, (unsigned)*id))
			return true;
	}
	return false;
}

/* TLS 1.2: any of these hashes goes with any curve. */
static bool hash_in_common(const struct tls_hello *h)
{
	return tls_hello_lists(h->sig_algs, MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256) ||
	       tls_hello_lists(h->sig_algs, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384) ||
	       tls_hello_lists(h->sig_algs, MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512);
}

/* It is ECDSA, and Mbed TLS will find that this client can verify it. */
static bool is_better(const struct tls *t, const struct own_pair *p, const struct tls_hello *h)
{
	struct span algs = h->sig_algs;

	if (!p->group)
		return false;
	if (mbedtls_ssl_get_version_number(&t->ssl) == MBEDTLS_SSL_VERSION_TLS1_2)
		return tls_hello_lists(h->groups, p->group) && hash_in_common(h) &&
		       suite_in_common(t->site, h);
	if (algs.len > 2 * SIG_ALGS_LOOKED_AT)
		algs.len = 2 * SIG_ALGS_LOOKED_AT;
	return tls_hello_lists(algs, p->sig_alg);
}

/* Those that are for the name (NULL: for nobody's), and better, if that is asked. */
static int give(struct tls *t, const struct span *name, const struct tls_hello *better,
                size_t *ret_given)
{
	struct tls_site *s = t->site;
	int r = 0;

	*ret_given = 0;
	for (size_t i = 0; i < s->pairs_n && r == 0; i++) {
		struct own_pair *p = &s->pairs[i];
		if (name ? !pair_is_for(p, *name) : !p->fallback)
			continue;
		if (better && !is_better(t, p, better))
			continue;
		r = mbedtls_ssl_set_hs_own_cert(&t->ssl, &p->chain, &p->keys[t->lane % p->lanes]);
		(*ret_given)++;
	}
	return r;
}

static int give_best(struct tls *t, const struct span *name, const struct tls_hello *h,
                     size_t *ret_given)
{
	int r = give(t, name, h, ret_given);

	return r == 0 && *ret_given == 0 ? give(t, name, NULL, ret_given) : r;
}

int tls_choose_pair(mbedtls_ssl_context *ssl)
{
	struct tls *t = mbedtls_ssl_get_user_data_p(ssl);
	size_t len = 0, given = 0;
	const unsigned char *sni = mbedtls_ssl_get_hs_sni(ssl, &len);
	struct span name = span_of(sni, len);
	struct tls_hello h;
	int r = 0;

	read_hello(ssl, &h);
	if (sni)
		r = give_best(t, &name, &h, &given);
	return r == 0 && given == 0 ? give_best(t, NULL, &h, &given) : r;
}
