/* New keys under way (KeyUpdate): both roles, every suite of TLS 1.3, records whole and cut. The far end
 * asks with a forged record and changes its keys; openssl as the other side is in tls_more.test.mjs. Of
 * many records their number is set, not the records sent.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "unit.h"

#include "../../src/crypt/tls_keys.h"
#include "../fake/fail_malloc.h"
#include "../fake/tls_forge.h"
#include "../fake/tls_joint.h"
#include "../fake/tls_two.h"
#include "../fake/tls_world.h"

#include <mbedtls/ssl_ciphersuites.h>

#if defined(MBEDTLS_USER_CONFIG_FILE)
enum { SUPPORTED = 1 };
#else
enum { SUPPORTED = 0 };
#endif

static const size_t cuts[] = {0, 9000, 7};
static const int suites[] = {MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
                             MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256};

static void open_ready(struct tls_joint *p, struct tls_world *w, bool server)
{
	tls_joint_open(p, server ? w->server : w->client, server ? w->client : w->server, NULL);
	tls_joint_turn(p);
	assert_true(p->ready && p->far->ready);
}

static void far_says(struct tls_joint *p, struct span message)
{
	uint8_t bytes[256];
	struct tls_out out = {bytes, 0, sizeof bytes};

	assert_true(tls_forge(p->far->tls, FORGED_HANDSHAKE, message, &out));
	mem_say(p->far->mem, span_of(bytes, out.len));
}

static void far_renews(struct tls_joint *p, bool ask)
{
	const uint8_t message[] = {24, 0, 0, 1, ask};

	far_says(p, span_of(message, sizeof message));
	assert_int_equal(tls_keys_next(p->far->tls, true), 0);
}

static void both_ways(struct tls_joint *p)
{
	size_t up = p->got_len, down = p->far->got_len;

	tls_end_say(p->far, span_str("still there?"));
	tls_joint_turn(p);
	if (p->lost)
		fail_msg("%s", p->why.text);
	assert_span(span_of(p->got + up, p->got_len - up), span_str("still there?"));
	tls_joint_send(p, span_str("yes"));
	tls_joint_turn(p);
	if (p->far->bad)
		fail_msg("%s", tls_why(p->far->tls)->text);
	assert_span(span_of(p->far->got + down, p->far->got_len - down), span_str("yes"));
}

static void renew(struct tls_world *w, bool server, size_t cut)
{
	struct tls_joint p;

	open_ready(&p, w, server);
	both_ways(&p);
	p.far->mem->cut = cut;
	for (int i = 0; i < 3; i++)
		for (int ask = 0; ask < 2; ask++) {
			size_t heard = p.far->mem->heard_len;
			far_renews(&p, ask);
			tls_joint_turn(&p);
			assert_int_equal(p.far->mem->heard_len > heard, ask);
			both_ways(&p);
		}
	size_t got = p.got_len; /* with data in front and behind, all at once */
	tls_end_say(p.far, span_str("in front"));
	far_renews(&p, true);
	far_renews(&p, false);
	tls_end_say(p.far, span_str(", behind"));
	tls_joint_turn(&p);
	assert_span(span_of(p.got + got, p.got_len - got), span_str("in front, behind"));
	both_ways(&p);
	tls_end_close(p.far, false);
	tls_joint_turn(&p);
	assert_true(p.eof);
	tls_joint_done(&p);
}

/* ---- with each suite ---- */

static void set_suite(struct tls_site *s, const int *list)
{
	mbedtls_ssl_conf_ciphersuites(&s->conf, list);
}

static void test_renewed(void **state)
{
	struct tls_world *w = *state;

	if (!SUPPORTED)
		unit_skip();
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
		const int one[] = {suites[i], 0};
		set_suite(w->client, one);
		for (size_t k = 0; k < 2 * sizeof cuts / sizeof *cuts; k++) {
			unit_note("suite %zu, cut %zu, %s", i, cuts[k / 2],
			          k % 2 ? "server" : "client");
			renew(w, k % 2, cuts[k / 2]);
		}
		set_suite(w->client, w->client->suites);
	}
	unit_note_clear();
}

/* Our last word is said: nothing may follow it, and what comes is still read. */
static void test_after_our_end(void **state)
{
	if (!SUPPORTED)
		unit_skip();
	for (int server = 0; server < 2; server++) {
		struct tls_joint p;
		open_ready(&p, *state, server);
		link_finish(p.link, NULL);
		tls_joint_turn(&p);
		size_t heard = p.far->mem->heard_len;
		far_renews(&p, true);
		tls_end_say(p.far, span_str("the rest"));
		tls_joint_turn(&p);
		assert_span(span_of(p.got, p.got_len), span_str("the rest"));
		assert_int_equal(p.far->mem->heard_len, heard);
		tls_joint_done(&p);
	}
}

/* Each allocation in turn fails: the connection is over and says why, and nothing is sent with half a
 * key (at once, or when the key is first used); or it can do without, and goes on. Returns how many
 * there are. */
static unsigned long scarce(struct tls_world *w, unsigned long failing)
{
	static const uint8_t message[] = {24, 0, 0, 1, 1};
	uint8_t asked[256], answers[256], more[256], plain[64];
	struct tls_out out = {asked, 0, sizeof asked}, back = {answers, 0, sizeof answers};
	struct tls_out up = {more, 0, sizeof more};
	struct span yes = span_str("yes");
	struct tls_two two;
	size_t n;

	tls_two_shake(&two, w->server, w->client, NULL);
	assert_true(tls_forge(two.client, FORGED_HANDSHAKE, span_of(message, 5), &out));
	struct span in = span_of(asked, out.len);
	fail_malloc_at(failing);
	enum tls_event e = tls_read(two.server, &in, span_of(plain, sizeof plain), &n, &back);
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
	int written = tls_write(two.server, &yes, TLS_SMALL, &back);
	if (e == TLS_BAD || written < 0) {
		assert_string_equal(tls_why(two.server)->text, "out of memory");
		assert_true(failing > 0 && written < 0);
		size_t said = back.len;
		tls_end(two.server, &back);
		assert_int_equal(back.len, said);
	} else {
		assert_int_equal(e, TLS_MORE);
		in = span_of(answers, back.len);
		e = tls_read(two.client, &in, span_of(plain, sizeof plain), &n, &up);
		assert_int_equal(e, TLS_MORE);
		assert_span(span_of(plain, n), span_str("yes"));
	}
	tls_two_done(&two);
	return calls;
}

static void test_scarce(void **state)
{
	if (!SUPPORTED)
		unit_skip();
	unsigned long calls = scarce(*state, 0);
	assert_true(calls > 0);
	for (unsigned long i = 1; i <= calls; i++)
		scarce(*state, i);
}

/* ---- a key that is worn ---- */

static void set_count(uint8_t *counter, uint64_t n)
{
	for (int i = 8; i-- > 0; n >>= 8)
		counter[i] = (uint8_t)n;
}

static uint64_t count_of(const uint8_t *counter)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | counter[i];
	return n;
}

/* As if the writer had sent so many records, and the reader had got them. */
static void set_written(struct tls *writer, struct tls *reader, uint64_t n)
{
	set_count(writer->ssl.cur_out_ctr, n);
	set_count(reader->site->client ? reader->ssl.in_buf
	          : reader->in_own     ? reader->own
	                               : reader->sequence_in,
	          n);
}

/* n bytes in records of TLS_SMALL arrive, through an `out` with no more room than there must be. */
static void carry(struct tls *writer, struct tls *reader, size_t n)
{
	static const uint8_t plain[3 * TLS_SMALL];
	uint8_t wire[TLS_OUT_MIN], back[256], got[sizeof plain];
	struct span left = span_of(plain, n);
	size_t sum = 0;

	while (left.len > 0) {
		struct tls_out out = {wire, 0, sizeof wire}, none = {back, 0, sizeof back};
		assert_int_equal(tls_write(writer, &left, TLS_SMALL, &out), 0);
		assert_true(out.len > 0);
		struct span in = span_of(wire, out.len);
		size_t k = 0;
		enum tls_event e = tls_read(reader, &in, span_of(got, sizeof got), &k, &none);
		assert_int_equal(e, TLS_MORE);
		assert_int_equal(none.len, 0);
		sum += k;
	}
	assert_int_equal(sum, n);
}

static void wear(struct tls_world *w, bool server, bool old)
{
	enum { LIMIT = 1 << 24 };
	struct tls_two two;

	tls_two_shake(&two, old ? w->old_server : w->server, w->client, "vnc1");
	struct tls *writer = server ? two.server : two.client;
	struct tls *reader = server ? two.client : two.server;
	carry(writer, reader, TLS_SMALL);
	for (int i = 0; i < 2; i++) { /* the new key wears out, too */
		bool renewed = SUPPORTED && !old;
		set_written(writer, reader, LIMIT - 2);
		carry(writer, reader, TLS_SMALL);
		assert_int_equal(count_of(writer->ssl.cur_out_ctr), LIMIT - 1);
		carry(writer, reader, 3 * TLS_SMALL);
		assert_int_equal(count_of(writer->ssl.cur_out_ctr), renewed ? 2 : LIMIT + 2);
		carry(writer, reader, 1);
		carry(reader, writer, 3 * TLS_SMALL); /* whose key is as it was */
	}
	tls_two_done(&two);
}

/* Before it has encrypted more than AES-GCM allows, in both roles and with each suite. TLS 1.2 has no
 * such thing. */
static void test_worn(void **state)
{
	struct tls_world *w = *state;

	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
		const int one[] = {suites[i], 0};
		set_suite(w->client, one);
		wear(w, true, false);
		wear(w, false, false);
		set_suite(w->client, w->client->suites);
	}
	wear(w, true, true);
	wear(w, false, true);
}

/* ---- what is refused ---- */

static void assert_refused(struct tls_joint *p)
{
	tls_joint_turn(p);
	assert_true(p->lost);
	assert_string_equal(p->why.text,
	                    "peer " TLS_KEYS_REFUSED " (our alert unexpected_message)");
	assert_true(p->far->bad);
	assert_non_null(strstr(tls_why(p->far->tls)->text, "its alert unexpected_message"));
	tls_joint_done(p);
}

static void test_wrong(void **state)
{
	static const struct {
		uint8_t len, bytes[10];
	} rows[] = {
		{5, {24, 0, 0, 1, 2}},                  /* neither of the two */
		{4, {24, 0, 0, 0}},                     /* nothing in it */
		{6, {24, 0, 0, 2, 0, 0}},               /* too much */
		{10, {24, 0, 0, 1, 0, 24, 0, 0, 1, 0}}, /* what is behind it has old keys */
		{9, {24, 0, 0, 1, 0, 4, 0, 0, 0}},
	};

	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		struct tls_joint p;
		open_ready(&p, *state, i % 2);
		unit_note("row %zu", i / 2);
		far_says(&p, span_of(rows[i / 2].bytes, rows[i / 2].len));
		assert_refused(&p);
	}
	unit_note_clear();
}

/* Where the library cannot do it: the first is one too many. */
static void test_in_a_row(void **state)
{
	for (int server = 0; server < 2; server++) {
		struct tls_joint p;
		open_ready(&p, *state, server);
		for (int i = 0; SUPPORTED && i < 2 * TLS_KEYS_IN_A_ROW; i++) {
			far_renews(&p, true);
			if (i % TLS_KEYS_IN_A_ROW == TLS_KEYS_IN_A_ROW - 1)
				both_ways(&p);
		}
		for (int i = 0; SUPPORTED && i < TLS_KEYS_IN_A_ROW; i++)
			far_renews(&p, false);
		tls_joint_turn(&p);
		assert_false(p.lost);
		far_says(&p, span_of("\30\0\0\1\0", 5));
		assert_refused(&p);
	}
}

/* Any other message there: the peer hears of it, too. */
static void test_other_messages(void **state)
{
	static const uint8_t types[] = {1, 2, 8, 20, 25};

	for (size_t i = 0; i < 2 * sizeof types; i++) {
		const uint8_t message[] = {types[i / 2], 0, 0, 1, 0};
		struct tls_joint p;
		open_ready(&p, *state, i % 2);
		far_says(&p, span_of(message, sizeof message));
		tls_joint_turn(&p);
		assert_true(p.lost);
		assert_string_equal(p.why.text,
		                    "peer sent a message that has no place here (our alert "
		                    "unexpected_message)");
		assert_non_null(strstr(tls_why(p.far->tls)->text, "its alert unexpected_message"));
		tls_joint_done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_renewed),        UNIT(test_after_our_end), UNIT(test_scarce),
		UNIT(test_worn),           UNIT(test_wrong),         UNIT(test_in_a_row),
		UNIT(test_other_messages),
	};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
