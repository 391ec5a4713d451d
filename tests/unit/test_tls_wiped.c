/* ldflags: -Wl,--wrap=free */
/* What TLS gives back to the heap holds no private key and nothing that was said, and neither does
 * the ciphertext it was given: whoever gets that memory next learns nothing. */
#include "unit.h"

#include "../fake/tls_two.h"
#include "free_watch.h"

#include <stdlib.h>
#include <string.h>

static void nothing_found(void)
{
	assert_int_equal(free_watch_end(), 0);
}

struct world {
	struct cert leaf;
	struct tls_site *server, *client;
};

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}});
	w->server = site_of(&w->leaf);
	w->client = site_trusting(&w->leaf, "vnc1");
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	tls_site_unref(w->server);
	tls_site_unref(w->client);
	cert_free(&w->leaf);
	free(w);
	return 0;
}

/* The watch itself: what is not wiped is found. */
static void test_finds(void **state)
{
	char *p = strdup("a secret among others");

	(void)state;
	assert_non_null(p);
	free_watch(span_str("secret"));
	__wrap_free(p);
	assert_int_equal(free_watch_end(), 1);
}

/* A line of the key as it was in its file. */
static void test_key(void **state)
{
	const struct world *w = *state;
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_site *site = NULL;
	const char *line = strchr(w->leaf.key_pem, '\n');
	char err[TLS_ERROR];

	assert_non_null(line);
	free_watch(span_of(line + 1, 40));
	assert_int_equal(
		tls_site_new(&site, &(struct tls_setup){.pairs = &pair, .pairs_n = 1}, err), 0);
	tls_site_unref(site);
	nothing_found();
}

/* From the client to the server, in records that come whole and in pieces. */
static void test_words(void **state)
{
	static const char words[] = "the words that nobody else is to read";
	const struct world *w = *state;

	for (size_t cut = 0; cut < 60; cut += 20) {
		struct tls_two two;
		uint8_t wire[512], plain[512], alerts[256];
		struct span say = span_str(words);
		struct tls_out out = {wire, 0, sizeof wire}, back = {alerts, 0, sizeof alerts};
		size_t n, m;

		tls_two_shake(&two, w->server, w->client, NULL);
		assert_int_equal(two.server_is, TLS_READY);
		assert_int_equal(tls_write(two.client, &say, TLS_PLAIN_MAX, &out), 0);
		assert_int_equal(say.len, 0);
		free_watch(span_str(words));
		struct span first = span_of(wire, cut), rest = span_of(wire + cut, out.len - cut);
		struct span room = span_of(plain, sizeof plain);
		assert_int_equal(tls_read(two.server, &first, room, &n, &back), TLS_MORE);
		assert_int_equal(tls_read(two.server, &rest, room, &m, &back), TLS_MORE);
		assert_int_equal(n, 0);
		assert_span(span_of(plain, m), span_str(words));
		assert_null(memmem(wire, sizeof wire, words, sizeof words - 1));
		tls_two_done(&two);
		nothing_found();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_finds), UNIT(test_key), UNIT(test_words)};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
