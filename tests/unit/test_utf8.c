/* utf8: every character there is, every sequence of up to three bytes and the four-byte ones at
 * their limits, against a decoder that is written the other way round: it decodes first and then
 * asks whether the number was allowed and the form the shortest.
 */
#include "unit/unit.h"

#include "wire/utf8.h"

static size_t encode(uint8_t out[4], uint32_t c)
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)((n > 1 ? lead[n] : 0) | c);
	return n;
}

/* The length of the one valid character at the front of s, 0 if there is none. */
static size_t one_character(struct span s)
{
	uint8_t b = s.at[0], again[4];
	size_t n = b < 0x80 ? 1 : b >> 5 == 6 ? 2 : b >> 4 == 14 ? 3 : b >> 3 == 30 ? 4 : 0;
	if (n == 0 || n > s.len)
		return 0;
	uint32_t c = n == 1 ? b : (uint32_t)b & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (s.at[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s.at[i] & 0x3f);
	}
	if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return encode(again, c) == n ? n : 0;
}

static bool oracle(struct span s)
{
	while (s.len > 0) {
		size_t n = one_character(s);
		if (n == 0)
			return false;
		span_take(&s, n);
	}
	return true;
}

static void check(const uint8_t *bytes, size_t n)
{
	bool want = oracle(span_of(bytes, n));
	if (utf8_ok(span_of(bytes, n)) == want)
		return;
	fail_msg("%02x %02x %02x %02x (%zu bytes): should be %s", bytes[0], n > 1 ? bytes[1] : 0,
	         n > 2 ? bytes[2] : 0, n > 3 ? bytes[3] : 0, n, want ? "valid" : "invalid");
}

static void test_every_character(void **state)
{
	(void)state;
	uint8_t bytes[4];
	for (uint32_t c = 0; c < 0x120000; c++) {
		size_t n = encode(bytes, c);
		bool surrogate = c >= 0xd800 && c < 0xe000;
		if (utf8_ok(span_of(bytes, n)) != (c <= 0x10ffff && !surrogate))
			fail_msg("U+%04X", c);
	}
}

static void test_every_three_bytes(void **state)
{
	(void)state;
	uint8_t bytes[4] = {0};
	for (uint32_t i = 0; i < 1 << 24; i++) {
		bytes[0] = (uint8_t)(i >> 16);
		bytes[1] = (uint8_t)(i >> 8);
		bytes[2] = (uint8_t)i;
		if (bytes[0] < 0x80 && (i & 0xffff) > 0x1ff)
			continue; /* an ASCII character says nothing about what follows it */
		check(bytes, 3);
		if (bytes[2] == 0)
			check(bytes, 2);
		if ((i & 0xffff) == 0)
			check(bytes, 1);
	}
}

static void test_four_bytes(void **state)
{
	(void)state;
	static const uint8_t tails[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90,
	                                0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	enum { TAILS = sizeof tails };
	for (unsigned first = 0xe0; first < 0x100; first++)
		for (unsigned second = 0; second < 0x100; second++)
			for (unsigned i = 0; i < TAILS * TAILS; i++) {
				uint8_t bytes[4] = {(uint8_t)first, (uint8_t)second,
				                    tails[i / TAILS], tails[i % TAILS]};
				check(bytes, 4);
			}
}

/* Cut characters lie against an unmapped page. */
static void test_ends_of_input(void **state)
{
	(void)state;
	static const char *const whole[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x96\xa5"};
	struct edge e;
	edge_init(&e, 8);
	assert_true(utf8_ok(span_of(NULL, 0)));
	for (size_t i = 0; i < 4; i++)
		for (size_t n = 1; n <= i + 1; n++)
			assert_int_equal(utf8_ok(edge_copy(&e, span_of(whole[i], n))), n == i + 1);
	edge_done(&e);
}

static void test_cut(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t max, want;
	} rows[] = {
		{"", 0, 0},
		{"", 5, 0},
		{"abc", 5, 3},
		{"abc", 3, 3},
		{"abc", 2, 2},
		{"abc", 0, 0},
		{"a\xc3\xa4", 3, 3},
		{"a\xc3\xa4", 2, 1},
		{"\xc3\xa4", 1, 0},
		{"\xe2\x82\xac", 3, 3},
		{"\xe2\x82\xac", 2, 0},
		{"\xe2\x82\xac", 1, 0},
		{"x\xe2\x82\xacy", 4, 4},
		{"x\xe2\x82\xacy", 3, 1},
		{"x\xe2\x82\xacy", 2, 1},
		{"\xf0\x9f\x96\xa5", 4, 4},
		{"\xf0\x9f\x96\xa5", 3, 0},
		{"\xf0\x9f\x96\xa5", 2, 0},
		{"\xf0\x9f\x96\xa5", 1, 0},
		{"\xf0\x9f\x96\xa5z", 5, 5},
		/* cut short by somebody else already */
		{"ab\xe2\x82", 9, 2},
		{"ab\xf0", 3, 2},
		/* not UTF-8: nothing sensible to keep, but nothing beyond max either */
		{"\x80\x80", 2, 2},
		{"\x80\x80\x80\x80\x80", 4, 4},
		{"a\x80\x80\x80\x80", 5, 5},
		{"a\xff\x80", 3, 3},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unit_note("row %zu", i);
		assert_int_equal(utf8_cut(span_str(rows[i].text), rows[i].max), rows[i].want);
	}
	unit_note_clear();
	assert_int_equal(utf8_cut(span_of(NULL, 0), 7), 0);
}

/* Of valid text: what is kept is valid, fits, and the next character would not have fitted. */
static void test_cut_random_text(void **state)
{
	(void)state;
	struct rng rng = {3};
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t text[256];
		size_t len = 0, max = (size_t)rng_below(&rng, 140);
		while (len < 200) {
			uint32_t c = (uint32_t)rng_below(&rng, 0x800u << rng_below(&rng, 6));
			len += encode(text + len, c >= 0xd800 && c < 0xe000 ? 'x' : c);
		}
		struct span s = span_of(text, len);
		assert_true(utf8_ok(s));
		size_t n = utf8_cut(s, max);
		assert_true(n <= max && utf8_ok(span_of(text, n)));
		span_take(&s, n);
		assert_true(n + one_character(s) > max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_character),
		UNIT(test_every_three_bytes),
		UNIT(test_four_bytes),
		UNIT(test_ends_of_input),
		UNIT(test_cut),
		UNIT(test_cut_random_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
