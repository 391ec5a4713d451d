/* self_signed: what is in the certificate, seen with the library's own eyes and as a site. */
/* ldflags: -Wl,--wrap=mbedtls_psa_get_random */
#include "unit/unit.h"

#include "crypt/self_signed.h"

#include <errno.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <time.h>

static bool no_random;
int __real_mbedtls_psa_get_random(void *state, unsigned char *out, size_t n);
int __wrap_mbedtls_psa_get_random(void *state, unsigned char *out, size_t n);
int __wrap_mbedtls_psa_get_random(void *state, unsigned char *out, size_t n)
{
	return no_random ? -0x34 : __real_mbedtls_psa_get_random(state, out, n);
}

enum { NOW = 1795262400 }; /* 2026-11-21 */

static const char *const names[] = {"host.example", "host", "192.0.2.7", "2001:db8::7"};
enum { NAMES = sizeof names / sizeof *names };

static struct self_signed *made(const char *const *list, size_t n)
{
	struct self_signed *s = calloc(1, sizeof *s);
	char err[TLS_ERROR] = "";
	assert_non_null(s);
	if (self_signed_make(s, list, n, NOW, err) < 0)
		fail_msg("%s", err);
	return s;
}

static void unmade(struct self_signed *s)
{
	static const struct self_signed zero;
	self_signed_wipe(s);
	assert_memory_equal(s, &zero, sizeof zero);
	free(s);
}

static void parse(mbedtls_x509_crt *crt, const struct self_signed *s)
{
	mbedtls_x509_crt_init(crt);
	assert_int_equal(mbedtls_x509_crt_parse(crt, (const uint8_t *)s->cert, strlen(s->cert) + 1),
	                 0);
}

static void test_names_in_it(void **state)
{
	(void)state;
	struct self_signed *s = made(names, NAMES);
	mbedtls_x509_crt crt;
	char subject[256];
	size_t i = 0;
	parse(&crt, s);
	mbedtls_x509_dn_gets(subject, sizeof subject, &crt.subject);
	assert_string_equal(subject, "CN=host.example");
	static const struct {
		int tag;
		const char *bytes;
		size_t len;
	} want[] = {
		{MBEDTLS_X509_SAN_DNS_NAME, "host.example", 12},
		{MBEDTLS_X509_SAN_DNS_NAME, "host", 4},
		{MBEDTLS_X509_SAN_IP_ADDRESS, "\xc0\x00\x02\x07", 4},
		{MBEDTLS_X509_SAN_IP_ADDRESS,
	         "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07", 16},
	};
	for (const mbedtls_x509_sequence *san = &crt.subject_alt_names; san; san = san->next, i++) {
		assert_true(i < NAMES);
		assert_int_equal(san->buf.tag & 0x1f, want[i].tag);
		assert_span(span_of(san->buf.p, san->buf.len), span_of(want[i].bytes, want[i].len));
	}
	assert_int_equal(i, NAMES);
	mbedtls_x509_crt_free(&crt);
	unmade(s);
}

static void test_what_it_is_for(void **state)
{
	(void)state;
	struct self_signed *s = made(names, NAMES);
	mbedtls_x509_crt crt;
	parse(&crt, s);
	assert_int_equal(crt.version, 3);
	assert_int_equal(crt.MBEDTLS_PRIVATE(ca_istrue), 0);
	assert_int_equal(mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE),
	                 0);
	assert_int_not_equal(mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_KEY_CERT_SIGN),
	                     0);
	assert_int_equal(
		mbedtls_x509_crt_check_extended_key_usage(
			&crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)),
		0);
	assert_int_not_equal(
		mbedtls_x509_crt_check_extended_key_usage(
			&crt, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)),
		0);
	assert_int_equal(mbedtls_pk_get_type(&crt.pk), MBEDTLS_PK_ECKEY);
	assert_int_equal(mbedtls_pk_get_bitlen(&crt.pk), 256);
	assert_true(crt.serial.len >= 8 && crt.serial.p[0] > 0 && crt.serial.p[0] < 0x80);
	mbedtls_x509_crt_free(&crt);
	unmade(s);
}

/* It is a site, key and all, and one that signed it itself. */
static void test_site(void **state)
{
	(void)state;
	struct self_signed *s = made(names, NAMES);
	struct tls_pair pair = {
		.cert = {.name = "self", .bytes = span_str(s->cert)},
		.key = {.name = "self", .bytes = span_str(s->key)},
	};
	struct tls_setup setup = {.pairs = &pair, .pairs_n = 1};
	struct tls_site *site;
	struct tls_cert cert;
	char err[TLS_ERROR] = "";
	if (tls_site_new(&site, &setup, err) < 0)
		fail_msg("%s", err);
	tls_site_cert(site, 0, &cert);
	assert_true(cert.self_signed);
	assert_int_equal(cert.not_before, NOW - 24 * 3600);
	assert_int_equal(cert.not_after, NOW + 396 * 24 * 3600);
	assert_string_equal(cert.key, "ECDSA 256");
	tls_site_unref(site);
	unmade(s);
}

static void test_never_the_same(void **state)
{
	(void)state;
	struct self_signed *a = made(names, NAMES), *b = made(names, NAMES);
	assert_string_not_equal(a->key, b->key);
	assert_string_not_equal(a->cert, b->cert);
	unmade(a);
	unmade(b);
}

static void test_odd_names(void **state)
{
	(void)state;
	static const struct {
		const char *names[2], *subject;
	} rows[] = {
		{{"a234567890123456789012345678901234567890123456789012345678901234x", "short"},
	         "CN=short"},
		{{"a234567890123456789012345678901234567890123456789012345678901234", "short"},
	         "CN=a234567890123456789012345678901234567890123456789012345678901234"},
		{{"a,CN=b", "a+b"}, "CN=websplice"},
		{{"192.0.2.7", "host"}, "CN=192.0.2.7"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct self_signed *s = made(rows[i].names, 2);
		mbedtls_x509_crt crt;
		char subject[256];
		unit_note("%s", rows[i].names[0]);
		parse(&crt, s);
		mbedtls_x509_dn_gets(subject, sizeof subject, &crt.subject);
		assert_string_equal(subject, rows[i].subject);
		mbedtls_x509_crt_free(&crt);
		unmade(s);
	}
	unit_note_clear();
}

/* The most names, each as long as a name can be. */
static void test_most_names(void **state)
{
	(void)state;
	static char text[SELF_SIGNED_NAMES][254];
	const char *list[SELF_SIGNED_NAMES + 1];
	for (size_t i = 0; i < SELF_SIGNED_NAMES; i++) {
		memset(text[i], 'a' + (int)(i % 26), 253);
		list[i] = text[i];
	}
	list[SELF_SIGNED_NAMES] = "more";
	unmade(made(list, SELF_SIGNED_NAMES));
	struct self_signed s;
	char err[TLS_ERROR] = "";
	assert_int_equal(self_signed_make(&s, list, SELF_SIGNED_NAMES + 1, NOW, err), -EIO);
	assert_true(strstr(err, "no certificate could be made") == err);
	assert_int_equal(self_signed_make(&s, list, 0, NOW, err), -EIO);
}

static void test_no_randomness(void **state)
{
	(void)state;
	struct self_signed s;
	char err[TLS_ERROR] = "";
	no_random = true;
	assert_true(self_signed_make(&s, names, NAMES, NOW, err) < 0);
	no_random = false;
	assert_true(strlen(err) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_names_in_it),    UNIT(test_what_it_is_for), UNIT(test_site),
		UNIT(test_never_the_same), UNIT(test_odd_names),      UNIT(test_most_names),
		UNIT(test_no_randomness),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
