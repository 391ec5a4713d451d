/* Who is believed and who is not, on either side, and what is said about it. */
#include "unit.h"

#include "../fake/tls_two.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct world {
	struct cert ca, mid, other_ca;
	struct cert leaf, ip, old, early, stranger, by_mid, wild;
	struct cert alice, bob, eve;
	struct tls_site *server;
};

static void make(struct cert *c, const char *cn, const struct cert *issuer, unsigned serial)
{
	cert_make(c,
	          &(struct cert_spec){.cn = cn, .dns = {cn}, .issuer = issuer, .serial = serial});
}

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->other_ca, &(struct cert_spec){.cn = "Other CA", .ca = true});
	cert_make(&w->mid, &(struct cert_spec){.cn = "Middle", .ca = true, .issuer = &w->ca});
	make(&w->leaf, "vnc1", &w->ca, 2);
	make(&w->stranger, "vnc1", &w->other_ca, 3);
	make(&w->by_mid, "vnc1", &w->mid, 4);
	make(&w->wild, "*.example", &w->ca, 5);
	make(&w->alice, "alice", &w->ca, 6);
	make(&w->bob, "bob", &w->ca, 7);
	make(&w->eve, "eve", NULL, 8);
	cert_make(&w->ip, &(struct cert_spec){.cn = "vnc1", .ip = "192.0.2.1", .issuer = &w->ca});
	cert_make(&w->old, &(struct cert_spec){.cn = "vnc1",
	                                       .dns = {"vnc1"},
	                                       .issuer = &w->ca,
	                                       .from = -9 * CERT_DAY,
	                                       .until = -CERT_DAY});
	cert_make(&w->early, &(struct cert_spec){.cn = "vnc1",
	                                         .dns = {"vnc1"},
	                                         .issuer = &w->ca,
	                                         .from = 3 * CERT_DAY,
	                                         .until = 9 * CERT_DAY});
	cert_chain(&w->by_mid, &w->mid);
	w->server = site_of(&w->leaf);
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;
	struct cert *all[] = {&w->ca,    &w->mid,   &w->other_ca, &w->leaf,   &w->ip,
	                      &w->old,   &w->early, &w->stranger, &w->by_mid, &w->wild,
	                      &w->alice, &w->bob,   &w->eve};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		cert_free(all[i]);
	tls_site_unref(w->server);
	free(w);
	return 0;
}

/* A backend with this certificate, expected to be `name`, in both versions. why NULL: fine. */
static void backend(const struct world *w, const struct cert *c, const char *name, const char *why,
                    const char *server_why)
{
	struct tls_pair pair = cert_pair(c);
	struct tls_site *client = site_trusting(&w->ca, NULL);

	for (int v = TLS_1_2; v <= TLS_1_3; v++) {
		struct tls_site *server = site_new(
			&(struct tls_setup){.pairs = &pair, .pairs_n = 1, .min = v, .max = v});
		unit_note("%s for %s, TLS 1.%d", c->name, name, v - TLS_1_2 + 2);
		tls_two_check(server, client, name, server_why, why);
		tls_site_unref(server);
	}
	tls_site_unref(client);
}

static void test_backends(void **state)
{
	const struct world *w = *state;

	backend(w, &w->leaf, "vnc1", NULL, NULL);
	backend(w, &w->leaf, "VNC1", NULL, NULL);
	backend(w, &w->wild, "desk.example", NULL, NULL);
	backend(w, &w->by_mid, "vnc1", NULL, NULL);
	backend(w, &w->ip, "192.0.2.1", NULL, NULL);
	backend(w, &w->leaf, "vnc2",
	        "backend certificate: is for DNS:vnc1, expected name vnc2 (our alert "
	        "bad_certificate)",
	        "client does not trust our certificate (its alert bad_certificate)");
	backend(w, &w->ip, "192.0.2.2",
	        "backend certificate: is for IP:192.0.2.1, expected name 192.0.2.2", "alert");
	backend(w, &w->leaf, "192.0.2.1", "is for DNS:vnc1, expected name 192.0.2.1", "alert");
	backend(w, &w->wild, "a.b.example", "expected name a.b.example", "alert");
	backend(w, &w->old, "vnc1", "backend certificate: expired 20", "alert certificate_expired");
	backend(w, &w->early, "vnc1", "backend certificate: not valid before 20", "alert");
	backend(w, &w->stranger, "vnc1",
	        "backend certificate: signed by an unknown CA (Other CA), expected name vnc1 (our "
	        "alert unknown_ca)",
	        "client does not trust our certificate (its alert unknown_ca)");
	backend(w, &w->eve, "eve",
	        "backend certificate: self-signed, expected name eve (our alert unknown_ca)",
	        "alert");
}

static void test_insecure(void **state)
{
	const struct world *w = *state;
	struct tls_site *server = site_of(&w->eve);
	struct tls_site *client = site_new(&(struct tls_setup){.client = true, .insecure = true});

	assert_shake(server, client, "anybody");
	assert_shake(server, client, NULL);
	tls_site_unref(client);
	tls_site_unref(server);
}

/* Without a name nothing would be verified: that is not a setting by accident. */
static void test_no_name(void **state)
{
	const struct world *w = *state;
	struct tls_site *client = site_trusting(&w->ca, NULL);
	struct tls *t = NULL;

	assert_int_equal(tls_new(&t, client, "backend", NULL), -22);
	assert_null(t);
	tls_site_unref(client);
	client = site_trusting(&w->ca, "vnc1"); /* the site's name wins */
	assert_shake(w->server, client, "vnc2");
	tls_site_unref(client);
}

/* ---- revoked ---- */

static void test_revoked_backend(void **state)
{
	const struct world *w = *state;
	const unsigned two[] = {9, 2};
	uint8_t crl[2048];
	struct tls_setup setup = {.client = true, .ca = cert_blob(&w->ca)};

	setup.crl = (struct tls_blob){
		"ca.crl", span_of(crl, crl_make(crl, sizeof crl, &w->ca, two, 2, CERT_DAY))};
	struct tls_site *client = site_new(&setup);
	tls_two_check(w->server, client, "vnc1", "alert certificate_revoked",
	              "backend certificate: revoked, expected name vnc1 (our alert "
	              "certificate_revoked)");
	tls_site_unref(client);
	setup.crl.bytes.len = crl_make(crl, sizeof crl, &w->ca, two, 1, CERT_DAY); /* not ours */
	client = site_new(&setup);
	assert_shake(w->server, client, "vnc1");
	tls_site_unref(client);
	setup.crl.bytes.len = crl_make(crl, sizeof crl, &w->ca, two, 1, -CERT_DAY / 2);
	client = site_new(&setup);
	tls_two_check(w->server, client, "vnc1", "alert", "the revocation list (CRL) has expired");
	tls_site_unref(client);
}

/* ---- clients ---- */

static struct tls_site *asking(const struct world *w, enum tls_verify verify, struct tls_blob crl)
{
	struct tls_pair pair = cert_pair(&w->leaf);

	return site_new(&(struct tls_setup){.pairs = &pair,
	                                    .pairs_n = 1,
	                                    .verify = verify,
	                                    .ca = cert_blob(&w->ca),
	                                    .crl = crl});
}

/* who: the client's certificate, or NULL. */
static void client(const struct world *w, struct tls_site *server, const struct cert *who,
                   const char *why)
{
	struct tls_pair pair = who ? cert_pair(who) : (struct tls_pair){0};

	for (int v = TLS_1_2; v <= TLS_1_3; v++) {
		struct tls_site *c = site_new(&(struct tls_setup){.client = true,
		                                                  .pairs = &pair,
		                                                  .pairs_n = who != NULL,
		                                                  .max = v,
		                                                  .ca = cert_blob(&w->ca),
		                                                  .name = "vnc1"});
		unit_note("%s, TLS 1.%d", who ? who->name : "nobody", v - TLS_1_2 + 2);
		tls_two_check(server, c, NULL, why, why ? "backend " : NULL);
		tls_site_unref(c);
	}
}

static void test_clients(void **state)
{
	const struct world *w = *state;
	const unsigned bob[] = {7};
	uint8_t der[2048];
	struct tls_blob crl = {"ca.crl",
	                       span_of(der, crl_make(der, sizeof der, &w->ca, bob, 1, CERT_DAY))};
	struct tls_site *must = asking(w, TLS_VERIFY_REQUIRED, crl);
	struct tls_site *may = asking(w, TLS_VERIFY_OPTIONAL, crl);

	client(w, must, &w->alice, NULL);
	client(w, may, &w->alice, NULL);
	client(w, may, NULL, NULL);
	client(w, must, NULL, "client certificate: none was given");
	client(w, must, &w->bob, "client certificate: revoked (our alert certificate_revoked)");
	client(w, may, &w->bob, "client certificate: revoked (our alert bad_certificate)");
	client(w, must, &w->eve, "client certificate: self-signed (our alert unknown_ca)");
	client(w, may, &w->eve, "client certificate: self-signed (our alert bad_certificate)");
	client(w, must, &w->stranger, "client certificate: signed by an unknown CA (Other CA)");
	client(w, w->server, &w->eve, NULL); /* not asked for: not looked at */
	tls_site_unref(must);
	tls_site_unref(may);
}

static void test_identity(void **state)
{
	const struct world *w = *state;
	struct tls_site *may = asking(w, TLS_VERIFY_OPTIONAL, (struct tls_blob){0});
	struct tls_pair pair = cert_pair(&w->alice);
	struct tls_site *alice = site_new(&(struct tls_setup){
		.client = true, .pairs = &pair, .pairs_n = 1, .ca = cert_blob(&w->ca)});
	struct tls_site *nobody = site_trusting(&w->ca, NULL);
	struct tls_identity id;
	struct tls_cert own;
	struct tls_two t;

	tls_two_shake(&t, may, alice, "vnc1");
	assert_true(tls_identity(t.server, &id));
	assert_string_equal(id.subject, "CN=alice, O=Tests");
	assert_string_equal(id.cn, "alice");
	assert_string_equal(id.sans, "DNS:alice");
	assert_string_equal(id.serial, "10:06");
	tls_site_cert(alice, 0, &own);
	assert_string_equal(id.fingerprint, own.fingerprint);
	tls_two_done(&t);
	tls_two_shake(&t, may, nobody, "vnc1");
	assert_int_equal(t.server_is, TLS_READY);
	assert_false(tls_identity(t.server, &id));
	tls_two_done(&t);
	tls_site_unref(may);
	tls_site_unref(alice);
	tls_site_unref(nobody);
}

static unsigned costly_steps(struct tls_site *server, struct tls_site *client)
{
	struct tls_two t;

	tls_two_shake(&t, server, client, "vnc1");
	assert_int_equal(t.server_is, TLS_READY);
	tls_two_done(&t);
	return t.again;
}

/* A signature each, and not two in a row without a pause for others. */
static void test_costly_steps(void **state)
{
	const struct world *w = *state;
	struct tls_pair own = cert_pair(&w->alice);
	struct tls_site *alice = site_new(&(struct tls_setup){
		.client = true, .pairs = &own, .pairs_n = 1, .ca = cert_blob(&w->ca)});

	for (int v = TLS_1_2; v <= TLS_1_3; v++) {
		struct tls_pair pair = cert_pair(&w->leaf);
		struct tls_setup s = {
			.pairs = &pair, .pairs_n = 1, .min = v, .max = v, .ca = cert_blob(&w->ca)};
		struct tls_site *any = site_new(&s);
		s.verify = TLS_VERIFY_REQUIRED;
		struct tls_site *ours = site_new(&s);
		unsigned steps = costly_steps(any, alice);
		assert_true(steps >= 2); /* the key exchange, the signature */
		/* and the client's certificate and its signature to be verified; in 1.2 a step that
		 * passes without, too */
		assert_true(costly_steps(ours, alice) >= steps + (v == TLS_1_2 ? 1 : 2));
		tls_site_unref(any);
		tls_site_unref(ours);
	}
	tls_site_unref(alice);
}

/* ---- what is on the wire ---- */

/* The ClientHello of a connection to `name`. */
static size_t hello(struct tls_site *client, const char *name, uint8_t *bytes, size_t cap)
{
	struct tls *t = NULL;
	struct span none = {0};
	struct tls_out out = {bytes, 0, cap};

	assert_int_equal(tls_new(&t, client, "backend", name), 0);
	while (tls_shake(t, &none, &out) == TLS_AGAIN)
		;
	tls_free(t);
	return out.len;
}

/* A host name is told the server, an address is not (RFC 6066 3). */
static void test_server_name(void **state)
{
	static const char *const names[] = {"vnc1.example", "192.0.2.1", "2001:db8::1"};
	const struct world *w = *state;
	struct tls_site *client = site_trusting(&w->ca, NULL);

	for (int i = 0; i < 3; i++) {
		uint8_t bytes[4096];
		size_t n = hello(client, names[i], bytes, sizeof bytes);
		assert_true(n > 100);
		assert_int_equal(memmem(bytes, n, names[i], strlen(names[i])) != NULL, i == 0);
	}
	tls_site_unref(client);
}

/* After the end there is nothing but the end: no second alert, no other reason. */
static void test_over_is_over(void **state)
{
	const struct world *w = *state;
	struct tls_site *client = site_trusting(&w->ca, NULL);
	struct tls_two two;
	uint8_t bytes[4096], plain[100], forged[2][5 + 258] = {{23, 3, 3, 1, 2}, {23, 3, 3, 1, 2}};
	struct span in = span_of(forged[0], sizeof forged[0]);
	struct span more = span_of(forged[1], sizeof forged[1]), words = span_str("words");
	struct tls_out out = {bytes, 0, sizeof bytes};
	char text[WHY_TEXT];
	size_t n;

	tls_two_shake(&two, w->server, client, "vnc1");
	struct tls *t = two.server;
	assert_int_equal(tls_read(t, &in, span_of(plain, sizeof plain), &n, &out), TLS_BAD);
	assert_true(out.len > 0);
	assert_non_null(strstr(tls_why(t)->text, "client sent a record that does not decrypt"));
	out.len = 0;
	snprintf(text, sizeof text, "%s", tls_why(t)->text);
	assert_int_equal(tls_read(t, &more, span_of(plain, sizeof plain), &n, &out), TLS_BAD);
	assert_int_equal(n, 0);
	assert_int_equal(tls_shake(t, &more, &out), TLS_BAD);
	assert_int_equal(tls_write(t, &words, TLS_PLAIN_MAX, &out), -EPIPE);
	tls_end(t, &out);
	assert_int_equal(out.len, 0);
	assert_string_equal(tls_why(t)->text, text);
	tls_two_done(&two);
	tls_site_unref(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_backends),        UNIT(test_insecure),    UNIT(test_no_name),
		UNIT(test_revoked_backend), UNIT(test_clients),     UNIT(test_identity),
		UNIT(test_costly_steps),    UNIT(test_server_name), UNIT(test_over_is_over),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
