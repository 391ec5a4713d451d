/* Base64: the RFC's vectors, every short input against a second, slower decoder written from the
 * grammar, every cut, and round trips of random bytes.
 */
#include "base/b64.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a decoder makes of all pieces together. */
struct result {
	uint8_t bytes[512];
	size_t n;
	bool bad, whole;
};

/* ---- the second decoder: four characters at a time, from RFC 4648 section 4 ---- */

static int value_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* A quantum, or the beginning of one (n < 4). Appends what it says to r. */
static void ref_quantum(struct result *r, const char *c, size_t n)
{
	size_t letters = 0;
	uint32_t bits = 0;
	while (letters < n && value_of(c[letters]) >= 0)
		bits = bits << 6 | (uint32_t)value_of(c[letters++]);
	for (size_t i = letters; i < n; i++)
		if (c[i] != '=' || i < 2)
			r->bad = true;
	size_t bytes = letters * 6 / 8;
	if (letters < n && bits & ((1u << (letters * 6 - bytes * 8)) - 1))
		r->bad = true;
	bits <<= 24 - 6 * letters;
	for (size_t i = 0; i < bytes; i++, bits <<= 8)
		r->bytes[r->n++] = (uint8_t)(bits >> 16);
}

static void ref_decode(struct result *r, const char *text, size_t n)
{
	*r = (struct result){.whole = n % 4 == 0};
	for (size_t i = 0; i < n && !r->bad; i += 4)
		ref_quantum(r, text + i, n - i < 4 ? n - i : 4);
}

/* ---- ours ---- */

struct want {
	struct result *result;
	const char *text;
};

static void decode_pieces(void *ctx, const struct span *pieces, size_t n)
{
	const struct want *want = ctx;
	struct b64_dec d = {0};
	struct result got = {0};
	for (size_t i = 0; i < n && !got.bad; i++) {
		size_t out = 4711;
		got.bad = b64_dec_next(&d, pieces[i], &out) != 0;
		if (got.bad) {
			assert_int_equal(out, 4711);
			break;
		}
		assert_true(out <= pieces[i].len);
		memcpy(got.bytes + got.n, pieces[i].at, out);
		got.n += out;
	}
	if (got.bad != want->result->bad)
		fail_msg("\"%s\": %s", want->text, got.bad ? "refused" : "accepted");
	if (got.bad)
		return;
	assert_span(span_of(got.bytes, got.n), span_of(want->result->bytes, want->result->n));
	assert_int_equal(b64_dec_whole(&d), want->result->whole);
}

static void check_text(const char *text, size_t n)
{
	struct result want;
	struct want w = {&want, text};
	ref_decode(&want, text, n);
	unit_cuts(span_of(text, n), decode_pieces, &w);
}

static void test_rfc_vectors(void **state)
{
	(void)state;
	static const struct {
		const char *plain, *coded;
	} rows[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[16];
		struct result r;
		struct span plain = span_str(rows[i].plain);
		b64_enc(out, plain);
		assert_span(span_of(out, b64_enc_len(plain.len)), span_str(rows[i].coded));
		ref_decode(&r, rows[i].coded, strlen(rows[i].coded));
		assert_false(r.bad);
		assert_span(span_of(r.bytes, r.n), plain);
		check_text(rows[i].coded, strlen(rows[i].coded));
	}
}

static void test_what_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"=",
		"A=",
		"==",
		"A===",
		"====",
		"AA=A",
		"AAA==",
		"AAAA=",
		"AB==",
		"AAB=",
		"Zh==",
		"Zm9=",
		"A A=",
		"AAAA ",
		"AA\nAA",
		"AA-A",
		"AA_A",
		"\x80"
		"AAA",
		"YQ==YQ=Y",
		"YQ=AYQ==",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct b64_dec d = {0};
		size_t n;
		char text[16];
		snprintf(text, sizeof text, "%s", rows[i]);
		unit_note("\"%s\"", rows[i]);
		assert_int_equal(b64_dec_next(&d, span_str(text), &n), -EINVAL);
		check_text(rows[i], strlen(rows[i]));
	}
	unit_note_clear();
}

/* "YQ==YQ==" and friends: padding ends a quantum, another may follow. */
static void test_quanta_in_a_row(void **state)
{
	(void)state;
	static const struct {
		const char *coded, *plain;
	} rows[] = {
		{"YQ==YQ==", "aa"},
		{"YWI=YQ==YWJj", "abaabc"},
		{"YQ==YWI=YQ==YWJjYQ==", "aabaabca"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct result want = {.whole = true, .n = strlen(rows[i].plain)};
		struct want w = {&want, rows[i].coded};
		memcpy(want.bytes, rows[i].plain, want.n);
		unit_cuts(span_str(rows[i].coded), decode_pieces, &w);
	}
}

static void test_unfinished(void **state)
{
	(void)state;
	static const char *const rows[] = {"Y", "YQ", "YQ=", "YWI", "YWJjY", "YQ==YQ="};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct b64_dec d = {0};
		size_t n;
		char text[16];
		snprintf(text, sizeof text, "%s", rows[i]);
		assert_int_equal(b64_dec_next(&d, span_str(text), &n), 0);
		assert_false(b64_dec_whole(&d));
		check_text(rows[i], strlen(rows[i]));
	}
}

/* Each byte value in each place of a quantum. */
static void test_every_byte_everywhere(void **state)
{
	(void)state;
	for (int place = 0; place < 8; place++) {
		for (int c = 0; c < 256; c++) {
			char text[9] = "QUFBQUFB";
			text[place] = (char)c;
			check_text(text, 8);
		}
	}
}

/* Every text of up to six characters over letters with and without low bits, '=' and dirt. */
static void test_every_short_text(void **state)
{
	(void)state;
	static const char some[] = {'A', 'Q', 'g', '/', '=', '-', 0};
	enum { SOME = sizeof some };
	for (size_t n = 0; n <= 6; n++) {
		size_t all = 1;
		for (size_t i = 0; i < n; i++)
			all *= SOME;
		for (size_t k = 0; k < all; k++) {
			char text[8] = "", copy[8];
			struct b64_dec d = {0};
			struct result want;
			size_t x = k, first, second = 0, cut = k % (n + 1);
			for (size_t i = 0; i < n; i++, x /= SOME)
				text[i] = some[x % SOME];
			memcpy(copy, text, sizeof copy);
			ref_decode(&want, text, n);
			bool bad = b64_dec_next(&d, span_of(copy, cut), &first) != 0 ||
			           b64_dec_next(&d, span_of(copy + cut, n - cut), &second) != 0;
			if (bad != want.bad)
				fail_msg("text %zu of length %zu", k, n);
			if (bad)
				continue;
			assert_int_equal(first + second, want.n);
			assert_memory_equal(copy, want.bytes, first);
			assert_memory_equal(copy + cut, want.bytes + first, second);
			assert_int_equal(b64_dec_whole(&d), want.whole);
		}
	}
}

/* All one- and two-byte inputs and their encodings. */
static void test_round_trip_short(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 65536 + 256; k++) {
		uint8_t plain[2] = {(uint8_t)k, (uint8_t)(k >> 8)};
		size_t n = k < 65536 ? 2 : 1, out;
		char coded[4];
		struct b64_dec d = {0};
		b64_enc(coded, span_of(plain, n));
		assert_int_equal(b64_dec_next(&d, span_of(coded, 4), &out), 0);
		assert_true(b64_dec_whole(&d));
		assert_span(span_of(coded, out), span_of(plain, n));
	}
}

struct trip {
	struct span plain;
};

static void decode_trip(void *ctx, const struct span *pieces, size_t n)
{
	const struct trip *trip = ctx;
	struct span left = trip->plain;
	struct b64_dec d = {0};
	for (size_t i = 0; i < n; i++) {
		size_t out;
		assert_int_equal(b64_dec_next(&d, pieces[i], &out), 0);
		assert_true(out <= left.len);
		assert_span(span_of(pieces[i].at, out), span_take(&left, out));
	}
	assert_int_equal(left.len, 0);
	assert_true(b64_dec_whole(&d));
}

/* Several encoded chunks in a row, as a peer sends them, cut at random. */
static void test_round_trip_random(void **state)
{
	(void)state;
	struct rng rng = {42};
	for (unsigned round = 0; round < 60; round++) {
		uint8_t plain[3000];
		char coded[8000];
		size_t n = 0, to = 0;
		rng_fill(&rng, plain, sizeof plain);
		for (unsigned chunk = 0; chunk < 5; chunk++) {
			size_t len = (size_t)rng_below(&rng, 600);
			b64_enc(coded + to, span_of(plain + n, len));
			n += len;
			to += b64_enc_len(len);
		}
		struct trip trip = {span_of(plain, n)};
		unit_random_cuts(span_of(coded, to), round, 10, decode_trip, &trip);
	}
}

static void test_encoded_length(void **state)
{
	(void)state;
	struct edge e, in;
	edge_init(&e, 512);
	edge_init(&in, 256);
	for (size_t n = 0; n <= 200; n++) {
		/* Writes no byte more than promised and reads none beyond the input. */
		struct span out = edge_span(&e, b64_enc_len(n)), from = edge_span(&in, n);
		memset(from.at, (int)n, n);
		memset(out.at, 0, out.len);
		b64_enc((char *)out.at, from);
		assert_int_equal(out.len % 4, 0);
		assert_null(memchr(out.at, 0, out.len));
	}
	edge_done(&e);
	edge_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rfc_vectors),           UNIT(test_what_is_refused),
		UNIT(test_quanta_in_a_row),       UNIT(test_unfinished),
		UNIT(test_every_byte_everywhere), UNIT(test_every_short_text),
		UNIT(test_round_trip_short),      UNIT(test_round_trip_random),
		UNIT(test_encoded_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
