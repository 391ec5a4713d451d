/* Who a client is by its certificate: nobody passes for somebody else, whatever its CA has signed. */
#include "unit.h"

#include "../fake/tls_two.h"

/* What a certificate of the CA with these names makes of its owner. */
static struct tls_identity identity_of(const struct cert *ca, struct cert_spec spec)
{
	struct cert server, client;
	struct tls_identity id;
	struct tls_two t;

	spec.issuer = ca;
	cert_make(&server, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = ca});
	cert_make(&client, &spec);
	struct tls_pair theirs = cert_pair(&client), ours = cert_pair(&server);
	struct tls_site *asks = site_new(&(struct tls_setup){
		.pairs = &ours, .pairs_n = 1, .verify = TLS_VERIFY_REQUIRED, .ca = cert_blob(ca)});
	struct tls_site *shows = site_new(&(struct tls_setup){
		.client = true, .pairs = &theirs, .pairs_n = 1, .ca = cert_blob(ca)});
	tls_two_shake(&t, asks, shows, "vnc1");
	assert_true(tls_identity(t.server, &id));
	tls_two_done(&t);
	tls_site_unref(asks);
	tls_site_unref(shows);
	cert_free(&server);
	cert_free(&client);
	return id;
}

static int group_open(void **state)
{
	static struct cert ca;

	cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	*state = &ca;
	return 0;
}

static int group_close(void **state)
{
	cert_free(*state);
	return 0;
}

/* A name may contain what separates names. (They are signed in the opposite order here.) */
static void test_separators(void **state)
{
	struct tls_identity id = identity_of(
		*state, (struct cert_spec){.cn = "eve",
	                                   .dns = {"a\\2Cb", "\xc3\xa9\x7f", "eve, DNS:alice"}});
	assert_string_equal(id.sans, "DNS:eve\\2C\\20DNS:alice, DNS:\\C3\\A9\\7F, DNS:a\\5C2Cb");
}

/* A name may be longer than there is room for: its front is another name. */
static void test_too_long(void **state)
{
	char half[sizeof((struct tls_identity *)0)->sans / 2 + 1];
	struct cert_spec spec = {.cn = "eve", .dns = {"c", half, "b", half}};
	struct tls_identity id;

	memset(half, 'a', sizeof half - 1);
	half[sizeof half - 1] = 0;
	id = identity_of(*state, spec);
	assert_int_equal(strlen(id.sans), strlen("DNS:, DNS:b") + strlen(half));
	assert_string_equal(id.sans + strlen("DNS:") + strlen(half), ", DNS:b");
}

static void test_long_cn(void **state)
{
	char cn[sizeof((struct tls_identity *)0)->cn + 1];
	struct cert_spec spec = {.cn = cn, .dns = {"eve"}};
	struct tls_identity id;

	memset(cn, 'a', sizeof cn - 1);
	cn[sizeof cn - 1] = 0;
	id = identity_of(*state, spec);
	assert_string_equal(id.cn, "");
	assert_string_equal(id.sans, "DNS:eve");
	cn[sizeof cn - 2] = 0;
	id = identity_of(*state, spec);
	assert_string_equal(id.cn, cn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_separators),
		UNIT(test_too_long),
		UNIT(test_long_cn),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
