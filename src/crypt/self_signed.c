/* self_signed: a key, and a certificate it signs itself (RFC 5280; names by RFC 6125: addresses
 * as addresses, not as text). */
#include "crypt/self_signed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <time.h>

enum { COMMON_NAME = 64, SERIAL = 16, SLACK_S = 24 * 3600, STAMP = 16 };

struct names {
	mbedtls_x509_san_list nodes[SELF_SIGNED_NAMES];
	uint8_t addresses[SELF_SIGNED_NAMES][16];
};

static int fail(char err[TLS_ERROR], int r)
{
	snprintf(err, TLS_ERROR, "no certificate could be made (Mbed TLS says -0x%04x)",
	         (unsigned)-r);
	return r == MBEDTLS_ERR_X509_ALLOC_FAILED ? -ENOMEM : -EIO;
}

static mbedtls_x509_san_list *name_put(struct names *to, size_t i, const char *name)
{
	mbedtls_x509_subject_alternative_name *san = &to->nodes[i].node;
	uint8_t *address = to->addresses[i];
	size_t len = inet_pton(AF_INET, name, address) == 1    ? 4
	             : inet_pton(AF_INET6, name, address) == 1 ? 16
	                                                       : 0;

	san->type = len ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
	san->san.unstructured_name.tag = MBEDTLS_ASN1_IA5_STRING;
	san->san.unstructured_name.p = len ? address : (uint8_t *)(uintptr_t)name;
	san->san.unstructured_name.len = len ? len : strlen(name);
	return &to->nodes[i];
}

/* One that is short enough (RFC 5280 A.1) and has no byte that a distinguished name gives a
 * meaning. */
static const char *common_name(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) <= COMMON_NAME && !strpbrk(names[i], ",+\"\\<>;=#"))
			return names[i];
	return "websplice";
}

static int set_subject(mbedtls_x509write_cert *w, const char *const *names, size_t n)
{
	char subject[COMMON_NAME + 8];

	snprintf(subject, sizeof subject, "CN=%s", common_name(names, n));
	int r = mbedtls_x509write_crt_set_subject_name(w, subject);
	return r < 0 ? r : mbedtls_x509write_crt_set_issuer_name(w, subject);
}

static void stamp(char out[STAMP], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	out[0] = 0;
	if (gmtime_r(&t, &tm))
		strftime(out, STAMP, "%Y%m%d%H%M%S", &tm);
}

static int set_times(mbedtls_x509write_cert *w, int64_t now)
{
	char from[STAMP], to[STAMP];

	stamp(from, now - SLACK_S);
	stamp(to, now - SLACK_S + SELF_SIGNED_S);
	return mbedtls_x509write_crt_set_validity(w, from, to);
}

/* Positive, and never 0 (RFC 5280 4.1.2.2). */
static int set_serial(mbedtls_x509write_cert *w)
{
	uint8_t serial[SERIAL];
	int r = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, serial, sizeof serial);

	serial[0] = (serial[0] & 0x3f) | 0x40;
	return r < 0 ? r : mbedtls_x509write_crt_set_serial_raw(w, serial, sizeof serial);
}

static int set_uses(mbedtls_x509write_cert *w)
{
	mbedtls_asn1_sequence server = {.buf = {.tag = MBEDTLS_ASN1_OID,
	                                        .p = (uint8_t *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH,
	                                        .len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)}};
	int r = mbedtls_x509write_crt_set_basic_constraints(w, 0, -1);

	if (r == 0)
		r = mbedtls_x509write_crt_set_key_usage(w, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	return r < 0 ? r : mbedtls_x509write_crt_set_ext_key_usage(w, &server);
}

static int make_key(mbedtls_pk_context *key)
{
	int r = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return r < 0 ? r
	             : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
	                                   mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
}

static int make_cert(struct self_signed *ret, mbedtls_x509write_cert *w, mbedtls_pk_context *key,
                     const mbedtls_x509_san_list *sans)
{
	int r;

	mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(w, key);
	mbedtls_x509write_crt_set_issuer_key(w, key);
	if ((r = set_serial(w)) < 0 || (r = set_uses(w)) < 0 ||
	    (r = mbedtls_x509write_crt_set_subject_alternative_name(w, sans)) < 0)
		return r;
	r = mbedtls_x509write_crt_pem(w, (uint8_t *)ret->cert, sizeof ret->cert,
	                              mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	return r < 0 ? r : mbedtls_pk_write_key_pem(key, (uint8_t *)ret->key, sizeof ret->key);
}

int self_signed_make(struct self_signed *ret, const char *const *names, size_t n, int64_t now,
                     char err[TLS_ERROR])
{
	mbedtls_x509write_cert w;
	mbedtls_pk_context key;
	struct names sans = {0};
	mbedtls_x509_san_list *list = NULL;

	if (n == 0 || n > SELF_SIGNED_NAMES || psa_crypto_init() != PSA_SUCCESS)
		return fail(err, MBEDTLS_ERR_X509_BAD_INPUT_DATA);
	for (size_t i = 0; i < n; i++) {
		mbedtls_x509_san_list *node = name_put(&sans, i, names[i]);
		node->next = list; /* the writer starts from the end */
		list = node;
	}
	mbedtls_x509write_crt_init(&w);
	mbedtls_pk_init(&key);
	int r = make_key(&key);
	if (r == 0)
		r = set_subject(&w, names, n);
	if (r == 0)
		r = set_times(&w, now);
	if (r == 0)
		r = make_cert(ret, &w, &key, list);
	mbedtls_x509write_crt_free(&w);
	mbedtls_pk_free(&key);
	return r < 0 ? fail(err, r) : 0;
}

void self_signed_wipe(struct self_signed *s)
{
	mbedtls_platform_zeroize(s, sizeof *s);
}
