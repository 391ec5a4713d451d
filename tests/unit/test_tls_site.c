/* Sites: what can be wrong with what is given, and which certificate a client gets. */
#include "unit.h"

#include "../fake/tls_two.h"

#include <errno.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <stdio.h>
#include <stdlib.h>

struct world {
	struct cert ca, leaf, leaf_rsa, second, wild, plain, other;
};

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->leaf, &(struct cert_spec){.cn = "ec", .dns = {"one"}, .issuer = &w->ca});
	cert_make(&w->leaf_rsa,
	          &(struct cert_spec){.cn = "rsa", .dns = {"one"}, .issuer = &w->ca, .rsa = true});
	cert_make(&w->second,
	          &(struct cert_spec){.cn = "two", .dns = {"two", "zwei"}, .issuer = &w->ca});
	cert_make(&w->wild,
	          &(struct cert_spec){.cn = "wild", .dns = {"*.wild.example"}, .issuer = &w->ca});
	cert_make(&w->plain, &(struct cert_spec){.cn = "plain", .issuer = &w->ca});
	cert_make(&w->other, &(struct cert_spec){.cn = "other"});
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	cert_free(&w->ca);
	cert_free(&w->leaf);
	cert_free(&w->leaf_rsa);
	cert_free(&w->second);
	cert_free(&w->wild);
	cert_free(&w->plain);
	cert_free(&w->other);
	free(w);
	return 0;
}

/* ---- what can be wrong ---- */

static void refuse(const struct tls_setup *setup, const char *want)
{
	struct tls_site *s = NULL;
	char err[TLS_ERROR] = "";

	assert_int_equal(tls_site_new(&s, setup, err), -EINVAL);
	assert_null(s);
	if (!strstr(err, want))
		fail_msg("want '%s'\nhave '%s'", want, err);
}

static void refuse_pair(struct tls_pair pair, const char *want)
{
	refuse(&(struct tls_setup){.pairs = &pair, .pairs_n = 1}, want);
}

static void test_wrong_pairs(void **state)
{
	struct world *w = *state;
	struct tls_pair good = cert_pair(&w->leaf), p;
	char cut[CERT_PEM], two[2 * CERT_PEM];

	refuse(&(struct tls_setup){0}, "no certificate is given");
	p = good;
	p.cert.bytes = span_str("hello\n");
	refuse_pair(p, "ec.pem: holds no certificate that can be read");
	p.cert.bytes = span_str("");
	refuse_pair(p, "ec.pem: holds no certificate that can be read");
	snprintf(cut, sizeof cut, "%.200s\n-----END CERTIFICATE-----\n", w->leaf.pem);
	p.cert.bytes = span_str(cut);
	refuse_pair(p, "ec.pem: holds no certificate that can be read");
	snprintf(two, sizeof two, "%s%s", w->leaf.pem, cut);
	p.cert.bytes = span_str(two);
	refuse_pair(p, "ec.pem: 1 of its certificates cannot be read");
	p = good;
	p.key = (struct tls_blob){0};
	refuse_pair(p, "ec.pem: holds no private key");
	p = good;
	p.key = (struct tls_blob){"key.pem", span_str(w->other.key_pem)};
	refuse_pair(p, "key.pem: the key is not the one of the certificate in ec.pem");
	p.key = (struct tls_blob){"key.pem", span_str(w->leaf_rsa.key_pem)};
	refuse_pair(p, "key.pem: the key is not the one of the certificate in ec.pem");
	p.key = (struct tls_blob){"key.pem", span_str("-----BEGIN PRIVATE KEY-----\nAAAA\n")};
	refuse_pair(p, "key.pem: holds no private key that can be read");
}

static void test_wrong_trust(void **state)
{
	struct world *w = *state;
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_setup s = {.pairs = &pair, .pairs_n = 1, .verify = TLS_VERIFY_REQUIRED};

	refuse(&s, "client certificates are to be verified, but no CA is given");
	s.ca = (struct tls_blob){"ca.pem", span_str("nothing")};
	refuse(&s, "ca.pem: holds no CA certificate that can be read");
	s.ca = cert_blob(&w->ca);
	s.crl = (struct tls_blob){"ca.crl", span_str("nothing")};
	refuse(&s, "ca.crl: holds no certificate revocation list");
	refuse(&(struct tls_setup){.client = true},
	       "backend certificates are to be verified, but no CA is given");
}

static void test_wrong_settings(void **state)
{
	struct world *w = *state;
	struct tls_pair pair = cert_pair(&w->leaf);
	const int none[] = {0x9999};
	struct tls_setup s = {.pairs = &pair, .pairs_n = 1, .min = TLS_1_3, .max = TLS_1_2};

	refuse(&s, "TLS versions");
	s.min = s.max = 0;
	s.suites = none;
	refuse(&s, "give 1 to 64, not 0");
	s.suites_n = 1;
	refuse(&s, "this build knows no 0x9999");
}

/* Both in one file, as DER, with a chain: all of it works. */
static void test_forms(void **state)
{
	struct world *w = *state;
	char both[2 * CERT_PEM];
	struct tls_pair pair = {.cert = {"both.pem", {0}}};
	struct tls_site *client = site_trusting(&w->ca, "one");
	struct tls_cert c;

	for (int key_first = 0; key_first < 2; key_first++) {
		snprintf(both, sizeof both, "%s%s", key_first ? w->leaf.key_pem : w->leaf.pem,
		         key_first ? w->leaf.pem : w->leaf.key_pem);
		pair.cert.bytes = span_str(both);
		struct tls_site *s = site_new(&(struct tls_setup){.pairs = &pair, .pairs_n = 1});
		memset(both, 0, sizeof both); /* nothing of it is needed any more */
		assert_shake(s, client, NULL);
		tls_site_unref(s);
	}
	struct tls_site *s = site_of(&w->leaf_rsa);
	assert_int_equal(tls_site_certs(s), 1);
	tls_site_cert(s, 0, &c);
	assert_string_equal(c.name, "rsa.pem");
	assert_string_equal(c.key, "RSA 2048");
	assert_string_equal(c.subject, "CN=rsa, O=Tests");
	assert_false(c.self_signed);
	assert_true(c.not_after - c.not_before == (int64_t)366 * CERT_DAY);
	assert_int_equal(strlen(c.fingerprint), 95);
	tls_site_unref(s);
	s = site_of(&w->other);
	tls_site_cert(s, 0, &c);
	assert_true(c.self_signed);
	assert_string_equal(c.key, "ECDSA 256");
	tls_site_unref(s);
	tls_site_unref(client);
}

/* ---- which one a client gets ---- */

/* The common name of what the server showed. */
static void assert_shows(struct tls_site *server, struct tls_site *client, const char *name,
                         const char *cn)
{
	struct tls_identity id;
	struct tls_two t;

	tls_two_shake(&t, server, client, name);
	if (t.client_is == TLS_BAD)
		fail_msg("asked for %s: %s", name, tls_why(t.client)->text);
	assert_true(tls_identity(t.client, &id));
	assert_string_equal(id.cn, cn);
	tls_two_done(&t);
}

static struct tls_site *site_of_all(const struct world *w, const struct cert *first)
{
	struct tls_pair pairs[4] = {cert_pair(first), cert_pair(&w->second), cert_pair(&w->wild),
	                            cert_pair(first == &w->leaf ? &w->leaf_rsa : &w->leaf)};

	return site_new(&(struct tls_setup){.pairs = pairs, .pairs_n = 4});
}

static void test_sni(void **state)
{
	struct world *w = *state;
	struct tls_site *server = site_of_all(w, &w->leaf);
	struct tls_site *client = site_trusting(&w->ca, NULL);

	assert_shows(server, client, "one", "ec");
	assert_shows(server, client, "two", "two");
	assert_shows(server, client, "ZWEI", "two");
	assert_shows(server, client, "a.wild.example", "wild");
	/* nobody's name, and none at all (an address): the first */
	tls_two_check(server, client, "nowhere", "alert", "is for DNS:one, expected name nowhere");
	tls_two_check(server, client, "192.0.2.9", "alert", "is for DNS:one");
	tls_two_check(server, client, "a.b.wild.example", "alert", "is for DNS:one");
	tls_two_check(server, client, "wild.example", "alert", "is for DNS:one");
	tls_two_check(server, client, ".wild.example", "alert", "is for DNS:one");
	tls_site_unref(server);
	tls_site_unref(client);
}

/* The common name is one to be asked for only where the certificate has no others. */
static void test_common_names(void **state)
{
	struct world *w = *state;
	struct tls_pair pairs[3] = {cert_pair(&w->leaf), cert_pair(&w->wild), cert_pair(&w->plain)};
	struct tls_site *server = site_new(&(struct tls_setup){.pairs = pairs, .pairs_n = 3});
	struct tls_site *client = site_trusting(&w->ca, NULL);

	assert_shows(server, client, "plain", "plain");
	tls_two_check(server, client, "wild", "alert", "is for DNS:one, expected name wild");
	tls_two_check(server, client, "nowhere", "alert", "is for DNS:one");
	tls_site_unref(server);
	tls_site_unref(client);
}

/* The client's suites say what it can verify. */
static void test_rsa_and_ecdsa(void **state)
{
	static const int rsa[] = {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256};
	static const int ec[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};
	struct world *w = *state;

	for (int i = 0; i < 2; i++) {
		struct tls_site *server = site_of_all(w, i ? &w->leaf : &w->leaf_rsa);
		struct tls_setup s = {.client = true,
		                      .ca = cert_blob(&w->ca),
		                      .max = TLS_1_2,
		                      .suites = rsa,
		                      .suites_n = 1};
		struct tls_site *client = site_new(&s);
		assert_shows(server, client, "one", "rsa");
		tls_two_check(server, client, "two", "no ciphersuite, group or signature",
		              "alert handshake_failure");
		tls_site_unref(client);
		s.suites = ec;
		client = site_new(&s);
		assert_shows(server, client, "one", "ec");
		assert_shows(server, client, "two", "two");
		/* nobody's name: what there is for the first one's */
		tls_two_check(server, client, "nowhere", "alert", "is for DNS:one");
		tls_site_unref(client);
		tls_site_unref(server);
	}
}

/* ---- versions and suites ---- */

static void versions(const struct world *w, unsigned server_v, unsigned client_v, const char *want,
                     const char *alert)
{
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_setup s = {.pairs = &pair, .pairs_n = 1};
	struct tls_setup c = {.client = true, .ca = cert_blob(&w->ca), .name = "one"};
	struct tls_two t;

	s.min = s.max = server_v;
	c.min = c.max = client_v;
	struct tls_site *server = site_new(&s), *client = site_new(&c);
	tls_two_shake(&t, server, client, NULL);
	if (want) {
		assert_int_equal(t.server_is, TLS_READY);
		assert_string_equal(tls_version_name(t.server), want);
		assert_non_null(strstr(tls_suite_used(t.server), "AES-128-GCM"));
	} else {
		assert_int_equal(t.server_is, TLS_BAD);
		assert_non_null(strstr(tls_why(t.server)->text, alert));
	}
	tls_two_done(&t);
	tls_site_unref(server);
	tls_site_unref(client);
}

static void test_versions(void **state)
{
	versions(*state, 0, 0, "TLSv1.3", NULL);
	versions(*state, 0, TLS_1_2, "TLSv1.2", NULL);
	versions(*state, TLS_1_2, 0, "TLSv1.2", NULL);
	versions(*state, TLS_1_3, TLS_1_3, "TLSv1.3", NULL);
	versions(*state, TLS_1_3, TLS_1_2, NULL, "alert protocol_version");
	versions(*state, TLS_1_2, TLS_1_3, NULL, "alert handshake_failure");
}

/* By default: forward secrecy and AEAD, nothing else. */
static void test_default_suites(void **state)
{
	size_t n = 0;

	(void)state;
	for (const int *id = tls_suites_default(); *id; id++, n++) {
		const char *name = tls_suite_name(*id);
		assert_non_null(name);
		assert_true(strstr(name, "GCM") || strstr(name, "CHACHA20"));
		assert_true(strstr(name, "TLS1-3-") || strstr(name, "-ECDHE-"));
	}
	assert_int_equal(n, 9);
	assert_null(tls_suite_name(0x9999));
	assert_non_null(tls_suites_all());
}

/* A client with nothing but what is old. */
static void test_old_suites(void **state)
{
	static const int cbc[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256};
	struct world *w = *state;
	struct tls_site *server = site_of(&w->leaf), *client;

	if (!tls_suite_name(cbc[0]))
		return; /* the library does not even know it */
	client = site_new(&(struct tls_setup){.client = true,
	                                      .ca = cert_blob(&w->ca),
	                                      .name = "one",
	                                      .max = TLS_1_2,
	                                      .suites = cbc,
	                                      .suites_n = 1});
	tls_two_check(server, client, NULL,
	              "client has no ciphersuite, group or signature in common",
	              "backend gave up (its alert handshake_failure)");
	tls_site_unref(client);
	tls_site_unref(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_wrong_pairs),   UNIT(test_wrong_trust), UNIT(test_wrong_settings),
		UNIT(test_forms),         UNIT(test_sni),         UNIT(test_common_names),
		UNIT(test_rsa_and_ecdsa), UNIT(test_versions),    UNIT(test_default_suites),
		UNIT(test_old_suites),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
