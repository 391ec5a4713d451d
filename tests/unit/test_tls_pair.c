/* Certificates of both kinds for one name: ECDSA for everybody who can verify it, whatever the client
 * likes better, and RSA for the others.
 */
#include "unit.h"

#include "../../src/crypt/tls_hello.h"
#include "../../src/crypt/tls_priv.h"
#include "../fake/tls_two.h"

#include <mbedtls/ssl_ciphersuites.h>
#include <stdlib.h>

enum {
	EC256 = MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
	EC384 = MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
	PSS = MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
	PKCS1 = MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
	X25519 = MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	P256 = MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	EC_128 = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	EC_256 = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	RSA_128 = MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MANY = 24,
};

struct world {
	struct cert ca, ec, rsa;
	struct tls_site *server; /* the RSA one is first */
};

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->ec, &(struct cert_spec){.cn = "ec", .dns = {"one"}, .issuer = &w->ca});
	cert_make(&w->rsa,
	          &(struct cert_spec){.cn = "rsa", .dns = {"one"}, .issuer = &w->ca, .rsa = true});
	struct tls_pair pairs[2] = {cert_pair(&w->rsa), cert_pair(&w->ec)};
	w->server = site_new(&(struct tls_setup){.pairs = pairs, .pairs_n = 2});
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	tls_site_unref(w->server);
	cert_free(&w->ca);
	cert_free(&w->ec);
	cert_free(&w->rsa);
	free(w);
	return 0;
}

struct row {
	const char *what, *want; /* the common name */
	enum tls_version max;
	uint16_t sigs[MANY + 2], groups[4]; /* groups: none, the usual ones */
	int suites[3];                      /* none: the usual ones */
};

#define PSS_6 PSS, PSS, PSS, PSS, PSS, PSS
#define PSS_18 PSS_6, PSS_6, PSS_6
#define PSS_19 PSS_18, PSS

static const struct row rows[] = {
	{"1.3", "ec", TLS_1_3, {EC256, PSS}, {0}, {0}},
	{"1.3, RSA rather", "ec", TLS_1_3, {PSS, PKCS1, EC256}, {0}, {0}},
	{"1.3, RSA alone", "rsa", TLS_1_3, {PSS, PKCS1}, {0}, {0}},
	{"1.3, another curve", "rsa", TLS_1_3, {EC384, PSS}, {0}, {0}},
	{"1.3, the key exchange is another matter", "ec", TLS_1_3, {PSS, EC256}, {X25519}, {0}},
	{"1.3, behind what the library looks at", "rsa", TLS_1_3, {PSS_19, EC256}, {0}, {0}},
	{"1.3, just within it", "ec", TLS_1_3, {PSS_18, EC256}, {0}, {0}},
	{"1.2", "ec", TLS_1_2, {PKCS1, EC256}, {0}, {0}},
	{"1.2, by the suites RSA rather", "ec", TLS_1_2, {PKCS1, EC256}, {0}, {RSA_128, EC_256}},
	{"1.2, any hash will do", "ec", TLS_1_2, {PKCS1, EC384}, {0}, {RSA_128, EC_256}},
	{"1.2, no such suite", "rsa", TLS_1_2, {PKCS1, EC256}, {0}, {RSA_128}},
	{"1.2, no such signature", "rsa", TLS_1_2, {PKCS1}, {0}, {EC_128, RSA_128}},
	{"1.2, no such curve", "rsa", TLS_1_2, {PKCS1, EC256}, {X25519}, {EC_128, RSA_128}},
	{"1.2, with the curve", "ec", TLS_1_2, {PKCS1, EC256}, {X25519, P256}, {RSA_128, EC_256}},
};

static struct tls_site *client_of(const struct row *r)
{
	struct tls_setup setup = {.client = true, .insecure = true, .max = r->max};

	for (; setup.suites_n < 3 && r->suites[setup.suites_n]; setup.suites_n++)
		setup.suites = r->suites;
	struct tls_site *s = site_new(&setup);
	mbedtls_ssl_conf_sig_algs(&s->conf, r->sigs);
	if (r->groups[0])
		mbedtls_ssl_conf_groups(&s->conf, r->groups);
	return s;
}

static void assert_shown(const struct tls_two *t, const char *cn)
{
	const mbedtls_x509_crt *shown = mbedtls_ssl_get_peer_cert(&t->client->ssl);

	assert_int_equal(t->client_is, TLS_READY);
	assert_int_equal(t->server_is, TLS_READY);
	assert_non_null(shown);
	const mbedtls_x509_buf *name = &shown->subject_raw;
	assert_non_null(memmem(name->p, name->len, cn, strlen(cn)));
}

/* By its name, by nobody's, and by none: who goes by an address asks for no name. */
static void test_who_gets_which(void **state)
{
	static const char *const names[] = {"one", "nowhere", "192.0.2.9"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_site *client = client_of(&rows[i]);
		for (size_t k = 0; k < 3; k++) {
			struct tls_two t;
			unit_note("%s, %s", rows[i].what, names[k]);
			tls_two_shake(&t, w->server, client, names[k]);
			assert_shown(&t, rows[i].want);
			tls_two_done(&t);
		}
		tls_site_unref(client);
	}
	unit_note_clear();
}

/* ---- reading a ClientHello ---- */

static const uint8_t hello[] = {
	3,    3,                                               /* version */
	0,    0,    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, /* random */
	0,    0,    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, /* … */
	1,    0xaa,                                            /* session id */
	0,    4,    0, 1, 0, 2,                                /* suites */
	1,    0,                                               /* compression */
	0,    24,                                              /* extensions */
	0xee, 0xee, 0, 0,                                      /* one nobody knows */
	0,    10,   0, 4, 0, 2, 0, 29,                         /* groups */
	0,    13,   0, 8, 0, 6, 4, 3,  8, 4, 6, 1,             /* signature algorithms */
};

static void test_hello(void **state)
{
	struct tls_hello h;

	(void)state;
	assert_true(tls_hello_read(&h, span_of(hello, sizeof hello)));
	assert_span_is(h.suites, "\0\1\0\2");
	assert_span_is(h.groups, "\0\35");
	assert_span_is(h.sig_algs, "\4\3\10\4\6\1");
	assert_true(tls_hello_lists(h.sig_algs, 0x0403));
	assert_true(tls_hello_lists(h.sig_algs, 0x0601));
	assert_false(tls_hello_lists(h.sig_algs, 0x0308)); /* across two of them */
	assert_false(tls_hello_lists(h.sig_algs, 0));
	h.sig_algs.len--;
	assert_false(tls_hello_lists(h.sig_algs, 0x0601));
}

/* None but the one without extensions is whole, and none is read behind its end. */
static void test_hello_cut(void **state)
{
	enum { BARE = 2 + 32 + 2 + 6 + 2 };

	(void)state;
	for (size_t n = 0; n < sizeof hello; n++) {
		uint8_t *bytes = malloc(n ? n : 1);
		struct tls_hello h = {.suites = span_str("old")};
		memcpy(bytes, hello, n);
		assert_int_equal(tls_hello_read(&h, span_of(bytes, n)), n == BARE);
		assert_int_equal(h.suites.len, n == BARE ? 4 : 0);
		assert_int_equal(h.sig_algs.len, 0);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_who_gets_which),
		UNIT(test_hello),
		UNIT(test_hello_cut),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
