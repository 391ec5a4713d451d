/* tls_site: building it in the order in which mistakes are best told. */
#include "tls_priv.h"

#include <errno.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const uint16_t groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519,    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

static const uint16_t sig_algs[] = {
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
	MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
	MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
	MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,       MBEDTLS_TLS1_3_SIG_NONE,
};

static const char *const alpn[] = {"http/1.1", NULL};

/* ---- helpers of all the parts ---- */

int site_error(char err[TLS_ERROR], int code, const char *fmt, ...)
{
	va_list ap;

	if (code == -ENOMEM || code == MBEDTLS_ERR_X509_ALLOC_FAILED ||
	    code == MBEDTLS_ERR_PK_ALLOC_FAILED || code == MBEDTLS_ERR_SSL_ALLOC_FAILED) {
		snprintf(err, TLS_ERROR, "out of memory");
		return -ENOMEM;
	}
	va_start(ap, fmt);
	vsnprintf(err, TLS_ERROR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int blob_copy(struct blob_copy *ret, const struct tls_blob *b)
{
	static const char begin[] = "-----BEGIN ";

	ret->cap = b->bytes.len + 1;
	ret->at = malloc(ret->cap);
	if (!ret->at)
		return -ENOMEM;
	if (b->bytes.len > 0)
		memcpy(ret->at, b->bytes.at, b->bytes.len);
	ret->at[b->bytes.len] = 0;
	bool pem = memmem(ret->at, ret->cap, begin, sizeof begin - 1) != NULL;
	ret->len = b->bytes.len + (pem ? 1 : 0);
	return 0;
}

void blob_wipe(struct blob_copy *c)
{
	if (c->at)
		mbedtls_platform_zeroize(c->at, c->cap);
	free(c->at);
	c->at = NULL;
}

/* ---- the parts ---- */

static int load_pairs(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR])
{
	if (setup->pairs_n > (s->client ? 1 : TLS_PAIRS))
		return site_error(err, 0, "too many certificates: %d is the most",
		                  s->client ? 1 : TLS_PAIRS);
	if (!s->client && setup->pairs_n == 0)
		return site_error(err, 0, "no certificate is given");
	if (setup->pairs_n == 0)
		return 0;
	s->pairs = calloc(setup->pairs_n, sizeof *s->pairs);
	if (!s->pairs)
		return site_error(err, -ENOMEM, " ");
	for (size_t i = 0; i < setup->pairs_n; i++) {
		struct own_pair *p = &s->pairs[s->pairs_n++];
		int r = pair_load(p, &setup->pairs[i], err);
		if (r < 0)
			return r;
		p->fallback = i == 0 || pair_shares_name(&s->pairs[0], p);
		r = mbedtls_ssl_conf_own_cert(&s->conf, &p->chain, &p->keys[0]);
		if (r < 0)
			return site_error(err, r, "%s: cannot be used", p->name);
	}
	return 0;
}

static int set_versions(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR])
{
	enum tls_version min = setup->min ? setup->min : TLS_1_2;
	enum tls_version max = setup->max ? setup->max : TLS_1_3;

	if (min > max || min < TLS_1_2 || max > TLS_1_3)
		return site_error(err, 0, "TLS versions: 1.2 and 1.3 are what there is");
	mbedtls_ssl_conf_min_tls_version(&s->conf, (mbedtls_ssl_protocol_version)min);
	mbedtls_ssl_conf_max_tls_version(&s->conf, (mbedtls_ssl_protocol_version)max);
	return 0;
}

static int set_tickets(struct tls_site *s, char err[TLS_ERROR])
{
	int r = mbedtls_ssl_ticket_setup(&s->tickets, mbedtls_psa_get_random,
	                                 MBEDTLS_PSA_RANDOM_STATE, MBEDTLS_CIPHER_AES_256_GCM,
	                                 TLS_TICKET_S);

	if (r < 0)
		return site_error(err, r, "session tickets cannot be set up (-0x%04x)",
		                  (unsigned)-r);
	mbedtls_ssl_conf_session_tickets_cb(&s->conf, mbedtls_ssl_ticket_write,
	                                    mbedtls_ssl_ticket_parse, &s->tickets);
	return 0;
}

static int set_server(struct tls_site *s, char err[TLS_ERROR])
{
	int r = mbedtls_ssl_conf_alpn_protocols(&s->conf, (const char **)(uintptr_t)alpn);

	if (r < 0)
		return site_error(err, r, "ALPN cannot be set up (-0x%04x)", (unsigned)-r);
	mbedtls_ssl_conf_cert_cb(&s->conf, tls_choose_pair);
	return s->verify == TLS_VERIFY_OFF ? set_tickets(s, err) : 0;
}

static int set_conf(struct tls_site *s, char err[TLS_ERROR])
{
	int r = mbedtls_ssl_config_defaults(
		&s->conf, s->client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
		MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (r < 0)
		return site_error(err, r, "TLS cannot be set up (-0x%04x)", (unsigned)-r);
	mbedtls_ssl_conf_rng(&s->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_groups(&s->conf, groups);
	mbedtls_ssl_conf_sig_algs(&s->conf, sig_algs);
	mbedtls_ssl_conf_tls13_key_exchange_modes(
		&s->conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
#if defined(MBEDTLS_SSL_RENEGOTIATION)
	mbedtls_ssl_conf_renegotiation(&s->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C)
	if (s->client) /* nothing is resumed towards backends */
		mbedtls_ssl_conf_session_tickets(&s->conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
	return s->client ? 0 : set_server(s, err);
}

static int site_fill(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR])
{
	int r;

	if (psa_crypto_init() != PSA_SUCCESS)
		return site_error(err, 0, "no randomness: the system's generator cannot be used");
	if (setup->name && !(s->name = strdup(setup->name)))
		return site_error(err, -ENOMEM, " ");
	if ((r = set_conf(s, err)) < 0 || (r = set_versions(s, setup, err)) < 0 ||
	    (r = suites_load(s, setup, err)) < 0 || (r = load_pairs(s, setup, err)) < 0)
		return r;
	return trust_load(s, setup, err);
}

/* ---- life ---- */

static void site_free(struct tls_site *s)
{
	mbedtls_ssl_config_free(&s->conf);
	mbedtls_ssl_ticket_free(&s->tickets);
	mbedtls_x509_crt_free(&s->ca);
	mbedtls_x509_crl_free(&s->crl);
	for (size_t i = 0; i < s->pairs_n; i++)
		pair_free(&s->pairs[i]);
	free(s->pairs);
	free(s->name);
	free(s);
}

int tls_site_new(struct tls_site **ret, const struct tls_setup *setup, char err[TLS_ERROR])
{
	struct tls_site *s = calloc(1, sizeof *s);

	if (!s)
		return site_error(err, -ENOMEM, " ");
	s->refs = 1;
	s->client = setup->client;
	s->insecure = setup->client && setup->insecure;
	s->verify = setup->client ? TLS_VERIFY_OFF : setup->verify;
	mbedtls_ssl_config_init(&s->conf);
	mbedtls_ssl_ticket_init(&s->tickets);
	mbedtls_x509_crt_init(&s->ca);
	mbedtls_x509_crl_init(&s->crl);
	int r = site_fill(s, setup, err);
	if (r < 0)
		site_free(s);
	else
		*ret = s;
	return r;
}

struct tls_site *tls_site_ref(struct tls_site *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

bool tls_site_is_client(const struct tls_site *s)
{
	return s->client;
}

void tls_site_unref(struct tls_site *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		site_free(s);
}
