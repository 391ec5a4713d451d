/* Memory that runs out in the middle of TLS: each allocation in turn fails once, Mbed TLS's own
 * included. A connection then ends, says so, and leaves nothing behind; a site is not built.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "unit.h"

#include "../fake/fail_malloc.h"
#include "../fake/tls_joint.h"
#include "../fake/tls_two.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

struct world {
	struct cert ca, leaf, person;
	struct tls_site *server, *old_server, *client;
};

static struct tls_site *asking(const struct world *w, enum tls_version max)
{
	struct tls_pair pair = cert_pair(&w->leaf);

	return site_new(&(struct tls_setup){.pairs = &pair,
	                                    .pairs_n = 1,
	                                    .max = max,
	                                    .verify = TLS_VERIFY_REQUIRED,
	                                    .ca = cert_blob(&w->ca)});
}

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct tls_pair pair;

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &w->ca});
	cert_make(&w->person, &(struct cert_spec){.cn = "alice", .issuer = &w->ca});
	pair = cert_pair(&w->person);
	w->server = asking(w, TLS_1_3);
	w->old_server = asking(w, TLS_1_2);
	w->client = site_new(&(struct tls_setup){.client = true,
	                                         .pairs = &pair,
	                                         .pairs_n = 1,
	                                         .ca = cert_blob(&w->ca),
	                                         .name = "vnc1"});
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	tls_site_unref(w->server);
	tls_site_unref(w->old_server);
	tls_site_unref(w->client);
	cert_free(&w->person);
	cert_free(&w->leaf);
	cert_free(&w->ca);
	free(w);
	return 0;
}

/* ---- connections ---- */

/* A handshake and a word each way, with the nth allocation failing (0: none). Returns how many
 * there were. */
static unsigned long converse(struct tls_site *near, struct tls_site *far, unsigned long n)
{
	struct tls_joint j;

	tls_joint_open(&j, near, far, "vnc1");
	fail_malloc_at(n);
	tls_joint_turn(&j);
	if (j.ready && j.far->ready && !j.far->bad && !j.lost) {
		tls_end_say(j.far, span_str("up"));
		tls_joint_turn(&j);
	}
	if (j.ready && !j.lost)
		(void)!link_send(j.link, span_str("down"), 0);
	tls_joint_turn(&j);
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
	bool whole = j.got_len == 2 && j.far->got_len == 4;
	if (!whole && !j.lost) { /* then it is the far end that gave up: the near one hears it */
		assert_true(j.far->bad || !j.ready);
		fake_sleep(&j.fake, j.fake.limits.tls_ms);
		tls_joint_turn(&j);
	}
	if (n == 0)
		assert_true(whole);
	assert_true(whole || j.lost || j.far->bad);
	tls_joint_done(&j);
	return calls;
}

/* A shared library asks for memory behind our back. */
static void needs_our_library(void)
{
#if !defined(MBEDTLS_USER_CONFIG_FILE)
	unit_skip();
#endif
}

static void test_connections(void **state)
{
	struct world *w = *state;

	needs_our_library();
	for (int kind = 0; kind < 4; kind++) {
		struct tls_site *server = kind & 2 ? w->old_server : w->server;
		struct tls_site *near = kind & 1 ? w->client : server;
		struct tls_site *far = kind & 1 ? server : w->client;
		unsigned long calls = converse(near, far, 0);
		assert_true(calls > 50);
		/* most of them are numbers of Mbed TLS's: a sample of those */
		for (unsigned long n = 1; n <= calls; n += n < 60 ? 1 : 1 + n / 40) {
			unit_note("kind %d, allocation %lu of %lu", kind, n, calls);
			converse(near, far, n);
		}
	}
}

/* Once it runs, a connection asks for no memory. */
static void test_steady_state(void **state)
{
	struct world *w = *state;
	uint8_t *bytes = calloc(1, READ_ROOM);

	for (int kind = 0; kind < 2; kind++) {
		struct tls_joint j;
		tls_joint_open(&j, kind ? w->client : w->server, kind ? w->server : w->client,
		               "vnc1");
		tls_joint_turn(&j);
		assert_true(j.ready && j.far->ready);
		fail_malloc_at(0);
		for (int i = 0; i < 20; i++) {
			tls_joint_send(&j, span_of(bytes, READ_ROOM));
			tls_end_say(j.far, span_of(bytes, 100000));
			tls_joint_turn(&j);
		}
		assert_int_equal(fail_malloc_calls(), 0);
		fail_malloc_off();
		assert_int_equal(j.got_len, 20 * 100000);
		assert_int_equal(j.far->got_len, 20 * (size_t)READ_ROOM);
		tls_joint_done(&j);
	}
	free(bytes);
}

/* What a session keeps after its handshake: of the two record buffers none. */
static void test_little_is_kept(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct world *w = *state;
	struct tls_site *site = site_of(&w->leaf), *client = site_trusting(&w->ca, "vnc1");
	struct tls_two t;

	tls_two_shake(&t, site, client, NULL);
	assert_int_equal(t.server_is, TLS_READY);
	size_t with = mallinfo2().uordblks;
	tls_free(t.server);
	size_t without = mallinfo2().uordblks;
	t.server = NULL;
	unit_note("%zu bytes", with - without);
	assert_true(with - without > 1000 && with - without < 12000);
	tls_two_done(&t);
	tls_site_unref(site);
	tls_site_unref(client);
#else
	(void)state; /* a sanitizer's malloc keeps no such books */
#endif
}

/* ---- sites ---- */

static void test_sites(void **state)
{
	struct world *w = *state;

	needs_our_library();
	cert_chain(&w->leaf, &w->ca);
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_setup setup = {.pairs = &pair,
	                          .pairs_n = 1,
	                          .verify = TLS_VERIFY_REQUIRED,
	                          .ca = cert_blob(&w->ca)};
	unsigned long calls = 1;

	for (unsigned long n = 0; n <= calls; n++) {
		struct tls_site *s = NULL;
		char err[TLS_ERROR] = "";
		unit_note("allocation %lu of %lu", n, calls);
		fail_malloc_at(n);
		int r = tls_site_new(&s, &setup, err);
		bool failed = n > 0 && fail_malloc_calls() >= n; /* numbers take more or less */
		if (n == 0)
			calls = fail_malloc_calls();
		fail_malloc_off();
		assert_true(failed == (r < 0)); /* nothing is half there */
		assert_true(r == 0 || (!s && err[0] != 0));
		tls_site_unref(s);
	}
	assert_true(calls > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_connections), UNIT(test_steady_state),
	                                   UNIT(test_little_is_kept), UNIT(test_sites)};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
