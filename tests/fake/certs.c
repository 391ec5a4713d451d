/* certs: see the header. */
#include "../unit/unit.h"

#include "certs.h"

#include <arpa/inet.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <time.h>

#define RNG mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE

static void make_key(mbedtls_pk_context *key, bool rsa)
{
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA
	                                                                     : MBEDTLS_PK_ECKEY)),
	                 0);
	if (rsa)
		assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), RNG, 2048, 65537), 0);
	else
		assert_int_equal(
			mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), RNG), 0);
}

static const char *time_text(char out[16], int64_t from_now)
{
	time_t t = time(NULL) + from_now;
	struct tm tm;

	gmtime_r(&t, &tm);
	assert_int_equal(strftime(out, 16, "%Y%m%d%H%M%S", &tm), 14);
	return out;
}

static void set_names(mbedtls_x509write_cert *w, const struct cert_spec *spec)
{
	mbedtls_x509_san_list all[CERT_NAMES + 1];
	uint8_t ip[4];
	size_t n = 0;

	memset(all, 0, sizeof all);
	for (size_t i = 0; i < CERT_NAMES && spec->dns[i]; i++, n++) {
		all[n].node.type = MBEDTLS_X509_SAN_DNS_NAME;
		all[n].node.san.unstructured_name.p = (uint8_t *)(uintptr_t)spec->dns[i];
		all[n].node.san.unstructured_name.len = strlen(spec->dns[i]);
	}
	if (spec->ip) {
		assert_int_equal(inet_pton(AF_INET, spec->ip, ip), 1);
		all[n].node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
		all[n].node.san.unstructured_name.p = ip;
		all[n++].node.san.unstructured_name.len = sizeof ip;
	}
	for (size_t i = 1; i < n; i++)
		all[i - 1].next = &all[i];
	if (n > 0)
		assert_int_equal(mbedtls_x509write_crt_set_subject_alternative_name(w, all), 0);
}

static void set_dates(mbedtls_x509write_cert *w, const struct cert_spec *spec)
{
	bool usual = spec->from == 0 && spec->until == 0;
	char from[16], until[16];

	assert_int_equal(mbedtls_x509write_crt_set_validity(
				 w, time_text(from, usual ? -CERT_DAY : spec->from),
				 time_text(until, usual ? (int64_t)365 * CERT_DAY : spec->until)),
	                 0);
}

void cert_make(struct cert *ret, const struct cert_spec *spec)
{
	mbedtls_x509write_cert w;
	const struct cert *issuer = spec->issuer ? spec->issuer : ret;
	unsigned char serial[2];

	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	memset(ret, 0, sizeof *ret);
	ret->serial = spec->serial ? spec->serial : 1;
	snprintf(ret->name, sizeof ret->name, "%s.pem", spec->cn);
	snprintf(ret->subject, sizeof ret->subject, "CN=%s,O=Tests", spec->cn);
	make_key(&ret->key, spec->rsa);
	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_subject_key(&w, &ret->key);
	mbedtls_x509write_crt_set_issuer_key(&w, (mbedtls_pk_context *)(uintptr_t)&issuer->key);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	serial[0] = (unsigned char)(ret->serial >> 8 | 0x10);
	serial[1] = (unsigned char)ret->serial;
	assert_int_equal(mbedtls_x509write_crt_set_serial_raw(&w, serial, 2), 0);
	assert_int_equal(mbedtls_x509write_crt_set_subject_name(&w, ret->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&w, issuer->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&w, spec->ca, -1), 0);
	set_names(&w, spec);
	set_dates(&w, spec);
	assert_int_equal(
		mbedtls_x509write_crt_pem(&w, (unsigned char *)ret->pem, sizeof ret->pem, RNG), 0);
	assert_int_equal(mbedtls_pk_write_key_pem(&ret->key, (unsigned char *)ret->key_pem,
	                                          sizeof ret->key_pem),
	                 0);
	mbedtls_x509write_crt_free(&w);
}

void cert_free(struct cert *c)
{
	mbedtls_pk_free(&c->key);
}

void cert_chain(struct cert *c, const struct cert *more)
{
	size_t at = strlen(c->pem);

	assert_true(at + strlen(more->pem) < sizeof c->pem);
	memcpy(c->pem + at, more->pem, strlen(more->pem) + 1);
}

struct tls_blob cert_blob(const struct cert *c)
{
	return (struct tls_blob){c->name, span_str(c->pem)};
}

struct tls_pair cert_pair(const struct cert *c)
{
	return (struct tls_pair){cert_blob(c), {c->name, span_str(c->key_pem)}, NULL};
}

/* ---- revocation lists: Mbed TLS reads them, but writes none (RFC 5280 5.1) ---- */

struct der {
	unsigned char *start, *at; /* written from the end to the front */
};

static size_t der_check(int r)
{
	assert_true(r >= 0);
	return (size_t)r;
}

static size_t der_wrap(struct der *d, size_t len, int tag)
{
	len += der_check(mbedtls_asn1_write_len(&d->at, d->start, len));
	return len + der_check(mbedtls_asn1_write_tag(&d->at, d->start, (unsigned char)tag));
}

enum { SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE };

static size_t der_time(struct der *d, int64_t from_now)
{
	char text[16];

	time_text(text, from_now);
	size_t n = der_check(
		mbedtls_asn1_write_raw_buffer(&d->at, d->start, (unsigned char *)text + 2, 12));
	d->at -= 1;
	*d->at = 'Z';
	/* the Z belongs behind the digits */
	memmove(d->at, d->at + 1, n);
	d->at[n] = 'Z';
	return der_wrap(d, n + 1, MBEDTLS_ASN1_UTC_TIME);
}

static size_t der_revoked(struct der *d, const unsigned *serials, size_t n)
{
	size_t all = 0;

	for (size_t i = n; i-- > 0;) {
		unsigned char serial[2] = {(unsigned char)(serials[i] >> 8 | 0x10),
		                           (unsigned char)serials[i]};
		size_t one = der_time(d, -CERT_DAY / 2), len;
		len = der_check(mbedtls_asn1_write_raw_buffer(&d->at, d->start, serial, 2));
		one += der_wrap(d, len, MBEDTLS_ASN1_INTEGER);
		all += der_wrap(d, one, SEQUENCE);
	}
	return n > 0 ? der_wrap(d, all, SEQUENCE) : 0;
}

static size_t der_algorithm(struct der *d)
{
	return der_check(mbedtls_asn1_write_algorithm_identifier_ext(
		&d->at, d->start, MBEDTLS_OID_ECDSA_SHA256, sizeof MBEDTLS_OID_ECDSA_SHA256 - 1, 0,
		0));
}

static size_t der_issuer(struct der *d, const struct cert *ca)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	assert_int_equal(
		mbedtls_x509_crt_parse(&crt, (const unsigned char *)ca->pem, strlen(ca->pem) + 1),
		0);
	size_t n = der_check(mbedtls_asn1_write_raw_buffer(&d->at, d->start, crt.subject_raw.p,
	                                                   crt.subject_raw.len));
	mbedtls_x509_crt_free(&crt);
	return n;
}

size_t crl_make(uint8_t *out, size_t cap, const struct cert *ca, const unsigned *serials, size_t n,
                int64_t until)
{
	unsigned char tbs[2048], sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE], hash[32];
	struct der d = {tbs, tbs + sizeof tbs}, w = {out, out + cap};
	size_t len, sig_len = 0, all;

	len = der_revoked(&d, serials, n);
	len += der_time(&d, until);
	len += der_time(&d, -CERT_DAY);
	len += der_issuer(&d, ca);
	len += der_algorithm(&d);
	len += der_check(mbedtls_asn1_write_int(&d.at, d.start, 1)); /* v2 */
	len = der_wrap(&d, len, SEQUENCE);
	assert_int_equal(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), d.at, len, hash),
	                 0);
	assert_int_equal(mbedtls_pk_sign((mbedtls_pk_context *)(uintptr_t)&ca->key,
	                                 MBEDTLS_MD_SHA256, hash, sizeof hash, sig, sizeof sig,
	                                 &sig_len, RNG),
	                 0);
	all = der_check(mbedtls_asn1_write_bitstring(&w.at, w.start, sig, sig_len * 8));
	all += der_algorithm(&w);
	all += der_check(mbedtls_asn1_write_raw_buffer(&w.at, w.start, d.at, len));
	all = der_wrap(&w, all, SEQUENCE);
	memmove(out, w.at, all);
	return all;
}

/* ---- sites ---- */

struct tls_site *site_new(const struct tls_setup *setup)
{
	struct tls_site *s = NULL;
	char err[TLS_ERROR] = "";

	if (tls_site_new(&s, setup, err) < 0)
		fail_msg("tls_site_new: %s", err);
	return s;
}

struct tls_site *site_of(const struct cert *c)
{
	struct tls_pair pair = cert_pair(c);

	return site_new(&(struct tls_setup){.pairs = &pair, .pairs_n = 1});
}

struct tls_site *site_trusting(const struct cert *ca, const char *name)
{
	return site_new(&(struct tls_setup){.client = true, .ca = cert_blob(ca), .name = name});
}
