/* tls_pair: a certificate of ours with its key: reading them, and which names they are for. */
#include "site_priv.h"

#include "crt_text.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Mbed TLS adds a low-level code to some of its errors. */
enum { LOW_CODE = 0x7f };

/* ---- reading ---- */

static int load_chain(struct own_pair *p, const struct tls_blob *cert, char err[TLS_ERROR])
{
	struct blob_copy copy;
	int r = blob_copy(&copy, cert);

	if (r == 0)
		r = mbedtls_x509_crt_parse(&p->chain, copy.at, copy.len);
	blob_wipe(&copy);
	if (r > 0)
		return site_error(err, 0, "%s: %d of its certificates cannot be read", cert->name,
		                  r);
	if (r == 0 && p->chain.raw.len > 0)
		return 0;
	if ((-r & ~LOW_CODE) == -MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG)
		return site_error(err, r,
		                  "%s: signed with a kind of key that is not supported; have it "
		                  "signed with RSA or ECDSA",
		                  cert->name);
	return site_error(err, r,
	                  "%s: holds no certificate that can be read; give a PEM file with the "
	                  "certificate and its chain",
	                  cert->name);
}

/* Then it is not read in a certificate either. */
static bool is_unknown_kind(int r)
{
	return r == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG || r == MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE ||
	       r == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE;
}

static int key_error(char err[TLS_ERROR], const char *name, int r)
{
	if (r == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || r == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED)
		return site_error(err, r, "%s: the key is encrypted; give its password", name);
	if (r == MBEDTLS_ERR_PK_PASSWORD_MISMATCH || r == MBEDTLS_ERR_PEM_PASSWORD_MISMATCH)
		return site_error(err, r, "%s: the password does not open the key", name);
	if (is_unknown_kind(r))
		return site_error(err, r,
		                  "%s: this kind of key is not supported; use RSA or ECDSA (P-256, "
		                  "P-384)",
		                  name);
	return site_error(err, r, "%s: holds no private key that can be read", name);
}

static const struct tls_blob *key_blob(const struct tls_pair *from)
{
	return from->key.bytes.len ? &from->key : &from->cert;
}

/* 0, or what Mbed TLS says. */
static int read_key(struct own_pair *p, const struct tls_pair *from)
{
	const char *pw = from->password;
	struct blob_copy copy;
	int r = blob_copy(&copy, key_blob(from));

	if (r == 0)
		r = mbedtls_pk_parse_key(&p->keys[0], copy.at, copy.len, (const uint8_t *)pw,
		                         pw ? strlen(pw) : 0, mbedtls_psa_get_random,
		                         MBEDTLS_PSA_RANDOM_STATE);
	blob_wipe(&copy);
	return r;
}

static int check_key(struct own_pair *p, const struct tls_pair *from, char err[TLS_ERROR])
{
	int r = mbedtls_pk_check_pair(&p->chain.pk, &p->keys[0], mbedtls_psa_get_random,
	                              MBEDTLS_PSA_RANDOM_STATE);

	p->lanes = 1;
	if (r < 0)
		return site_error(err, r, "%s: the key is not the one of the certificate in %s",
		                  key_blob(from)->name, from->cert.name);
	return 0;
}

/* What is wrong with the certificate is told first, but for what its key explains. */
static int load_both(struct own_pair *p, const struct tls_pair *from, char err[TLS_ERROR])
{
	int key = read_key(p, from);
	int r = is_unknown_kind(key) ? 0 : load_chain(p, &from->cert, err);

	if (r < 0)
		return r;
	return key < 0 ? key_error(err, key_blob(from)->name, key) : check_key(p, from, err);
}

/* More copies of an RSA key: see KEY_LANES. */
static int key_spread(struct own_pair *p)
{
	if (mbedtls_pk_get_type(&p->keys[0]) != MBEDTLS_PK_RSA)
		return 0;
	while (p->lanes < KEY_LANES) {
		mbedtls_pk_context *k = &p->keys[p->lanes++];
		int r = mbedtls_pk_setup(k, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
		if (r == 0)
			r = mbedtls_rsa_copy(mbedtls_pk_rsa(*k), mbedtls_pk_rsa(p->keys[0]));
		if (r < 0)
			return -ENOMEM;
	}
	return 0;
}

static void name_kind(struct own_pair *p)
{
	bool rsa = mbedtls_pk_get_type(&p->keys[0]) == MBEDTLS_PK_RSA;

	snprintf(p->kind, sizeof p->kind, "%s %zu", rsa ? "RSA" : "ECDSA",
	         mbedtls_pk_get_bitlen(&p->keys[0]));
}

static bool is_for_servers(const mbedtls_x509_crt *crt)
{
	return mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
	       mbedtls_x509_crt_check_extended_key_usage(
		       crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) ==
	               0;
}

static void number_curve(struct own_pair *p)
{
	static const struct {
		mbedtls_ecp_group_id curve;
		uint16_t group, sig_alg;
	} curves[] = {
		{MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	         MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256},
		{MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
	         MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384},
		{MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
	         MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512},
	};

	if (!mbedtls_pk_can_do(&p->keys[0], MBEDTLS_PK_ECDSA) || !is_for_servers(&p->chain))
		return;
	mbedtls_ecp_group_id curve = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(p->keys[0]));
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (curve == curves[i].curve) {
			p->group = curves[i].group;
			p->sig_alg = curves[i].sig_alg;
		}
}

int pair_load(struct own_pair *p, const struct tls_pair *from, char err[TLS_ERROR])
{
	mbedtls_x509_crt_init(&p->chain);
	for (int i = 0; i < KEY_LANES; i++)
		mbedtls_pk_init(&p->keys[i]);
	p->name = strdup(from->cert.name);
	if (!p->name)
		return site_error(err, -ENOMEM, " ");
	int r = load_both(p, from, err);
	if (r == 0 && key_spread(p) < 0)
		r = site_error(err, -ENOMEM, " ");
	if (r == 0)
		name_kind(p);
	if (r == 0)
		number_curve(p);
	return r;
}

void pair_free(struct own_pair *p)
{
	free(p->name);
	mbedtls_x509_crt_free(&p->chain);
	for (int i = 0; i < KEY_LANES; i++)
		mbedtls_pk_free(&p->keys[i]);
}

/* ---- names ---- */

/* "*.example" fits one label in front of ".example" (RFC 6125 6.4.3). */
static bool name_fits(struct span pattern, struct span host)
{
	if (pattern.len > 2 && pattern.at[0] == '*' && pattern.at[1] == '.') {
		uint8_t *dot = memchr(host.at, '.', host.len);
		if (!dot || dot == host.at)
			return false;
		span_take(&pattern, 1);
		span_take(&host, (size_t)(dot - host.at));
	}
	return span_ieq(pattern, host);
}

/* Calls fn with each DNS name of the certificate (the common name, if there is no other) until
 * it says true. */
static bool any_name(const mbedtls_x509_crt *crt, bool (*fn)(void *ctx, struct span name),
                     void *ctx)
{
	bool sans = false;

	for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s; s = s->next) {
		if ((s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) != MBEDTLS_X509_SAN_DNS_NAME)
			continue;
		sans = true;
		if (fn(ctx, span_of(s->buf.p, s->buf.len)))
			return true;
	}
	for (const mbedtls_x509_name *n = &crt->subject; n && !sans; n = n->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) == 0 &&
		    fn(ctx, span_of(n->val.p, n->val.len)))
			return true;
	return false;
}

static bool fits_host(void *ctx, struct span name)
{
	return name_fits(name, *(struct span *)ctx);
}

bool pair_is_for(const struct own_pair *p, struct span host)
{
	return any_name(&p->chain, fits_host, &host);
}

static bool other_has(void *ctx, struct span name)
{
	return pair_is_for(ctx, name);
}

bool pair_shares_name(const struct own_pair *a, const struct own_pair *b)
{
	return any_name(&a->chain, other_has, (void *)(uintptr_t)b);
}

/* ---- what it is ---- */

static int64_t seconds_of(const mbedtls_x509_time *t)
{
	struct tm tm = {.tm_year = t->year - 1900,
	                .tm_mon = t->mon - 1,
	                .tm_mday = t->day,
	                .tm_hour = t->hour,
	                .tm_min = t->min,
	                .tm_sec = t->sec};
	return timegm(&tm);
}

static const mbedtls_x509_crt *first_to_end(const mbedtls_x509_crt *chain)
{
	const mbedtls_x509_crt *first = chain;

	for (; chain; chain = chain->next)
		if (seconds_of(&chain->valid_to) < seconds_of(&first->valid_to))
			first = chain;
	return first;
}

size_t tls_site_certs(const struct tls_site *s)
{
	return s->pairs_n;
}

void tls_site_cert(const struct tls_site *s, size_t i, struct tls_cert *ret)
{
	const struct own_pair *p = &s->pairs[i];
	const mbedtls_x509_crt *crt = &p->chain;

	*ret = (struct tls_cert){.name = p->name,
	                         .key = p->kind,
	                         .not_before = seconds_of(&crt->valid_from),
	                         .not_after = seconds_of(&crt->valid_to)};
	ret->self_signed = crt_is_self_signed(crt);
	crt_subject(crt, ret->subject);
	crt_fingerprint(crt, ret->fingerprint);
	const mbedtls_x509_crt *first = first_to_end(crt);
	ret->ends = seconds_of(&first->valid_to);
	crt_subject(first, ret->ends_subject);
}
