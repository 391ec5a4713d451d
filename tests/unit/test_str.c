/* The bounded builder at every size, numbers at their edges, UTF-8 against the standard's table. */
#include "base/str.h"
#include "unit.h"

#include <stdio.h>

static void test_fits(void **state)
{
	(void)state;
	char at[32];
	struct str s;
	str_init(&s, at, sizeof at);
	assert_string_equal(at, "");
	str_puts(&s, "a=");
	str_fmt(&s, "%d", -5);
	str_putc(&s, ';');
	str_put(&s, span_of("x\0y", 3));
	assert_int_equal(s.len, 8);
	assert_span_is(str_span(&s), "a=-5;x\0y");
	assert_int_equal(at[8], 0);
	str_fmt(&s, "%c", 33);
	assert_int_equal(s.len, 9);
	assert_false(s.cut);
}

/* "abc" + "de" + "1234" + "f" into every capacity from 0 to 12, against an unmapped page. */
static void test_every_capacity(void **state)
{
	(void)state;
	static const char whole[] = "abcde1234f";
	struct edge e;
	edge_init(&e, 16);
	for (size_t cap = 0; cap <= 12; cap++) {
		struct str s;
		unit_note("capacity %zu", cap);
		str_init(&s, edge_span(&e, cap).at, cap);
		str_puts(&s, "abc");
		str_put(&s, span_str("de"));
		str_fmt(&s, "%d", 1234);
		str_putc(&s, 'f');
		size_t want = cap == 0 ? 0 : cap - 1 < 10 ? cap - 1 : 10;
		assert_int_equal(s.len, want);
		assert_span(str_span(&s), span_of(whole, want));
		assert_int_equal(s.cut, cap < 11);
		if (cap)
			assert_int_equal(s.at[s.len], 0);
	}
	unit_note_clear();
	edge_done(&e);
}

static void test_nothing_is_not_a_cut(void **state)
{
	(void)state;
	char at[1];
	struct str s;
	str_init(&s, at, 1);
	str_put(&s, (struct span){NULL, 0});
	str_puts(&s, "");
	str_fmt(&s, "%s", "");
	assert_false(s.cut);
	str_putc(&s, 'x');
	assert_true(s.cut);
	assert_int_equal(at[0], 0);
}

static void test_cut_stays(void **state)
{
	(void)state;
	char at[4];
	struct str s;
	str_init(&s, at, sizeof at);
	str_fmt(&s, "%s", "abcdef");
	assert_true(s.cut);
	str_puts(&s, "");
	assert_true(s.cut);
	assert_string_equal(at, "abc");
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t min, max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 0, 10, true, 0},
		{"7", 0, 10, true, 7},
		{"0010", 0, 10, true, 10},
		{"11", 0, 10, false, 0},
		{"4", 5, 10, false, 0},
		{"", 0, 10, false, 0},
		{" 1", 0, 10, false, 0},
		{"1 ", 0, 10, false, 0},
		{"+1", 0, 10, false, 0},
		{"-1", 0, 10, false, 0},
		{"1a", 0, 10, false, 0},
		{"0x1", 0, 10, false, 0},
		{"1.0", 0, 10, false, 0},
		{"65535", 1, 65535, true, 65535},
		{"65536", 1, 65535, false, 0},
		{"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
		{"18446744073709551620", 0, UINT64_MAX, false, 0},
		{"99999999999999999999999999", 0, UINT64_MAX, false, 0},
		{"1a", 0, UINT64_MAX, false, 0},
		{"1/", 0, UINT64_MAX, false, 0},
		{"1:", 0, UINT64_MAX, false, 0},
		{"1 ", 0, UINT64_MAX, false, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t n = 4711;
		unit_note("\"%s\"", rows[i].text);
		assert_int_equal(str_number(rows[i].text, rows[i].min, rows[i].max, &n),
		                 rows[i].ok);
		assert_int_equal(n, rows[i].ok ? rows[i].value : 4711);
	}
	unit_note_clear();
}

static size_t encode(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(0xf00u >> n | c);
	return n;
}

/* Every code point there is, whole, followed by something, and cut short. */
static void test_every_character(void **state)
{
	(void)state;
	struct edge e;
	edge_init(&e, 8);
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t bytes[8] = {0};
		uint32_t code = 0xdead;
		size_t n = encode(c, bytes);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;
		size_t got = str_char(edge_copy(&e, span_of(bytes, n)), &code);
		if (got != (surrogate ? 0 : n) || code != (surrogate ? 0xdead : c))
			fail_msg("U+%04X: length %zu, code %x", c, got, code);
		if (str_char(span_of(bytes, n + 1), &code) != got)
			fail_msg("U+%04X with a byte behind it", c);
		for (size_t cut = 0; cut < n; cut++)
			if (str_char(edge_copy(&e, span_of(bytes, cut)), &code) != 0)
				fail_msg("U+%04X cut at %zu", c, cut);
	}
	edge_done(&e);
}

/* All two-byte beginnings: only those that some code point has are taken. */
static void test_bad_beginnings(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"\x80", 1},
		{"\xbf", 1},
		{"\xc0\x80", 2},
		{"\xc1\xbf", 2},
		{"\xe0\x9f\xbf", 3},
		{"\xed\xa0\x80", 3},
		{"\xf0\x8f\xbf\xbf", 4},
		{"\xf4\x90\x80\x80", 4},
		{"\xf5\x80\x80\x80", 4},
		{"\xff", 1},
		{"\xfe", 1},
		{"\xc3\x28", 2},
		{"\xe2\x28\xa1", 3},
		{"\xe2\x82\x28", 3},
		{"\xf0\x90\x28\xbc", 4},
		{"\xf0\x28\x8c\xbc", 4},
		{"\xf0\x90\x8c\x28", 4},
		{"\xc3\xc3", 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t code = 7;
		unit_note("row %zu", i);
		assert_int_equal(str_char(span_of(rows[i].bytes, rows[i].n), &code), 0);
		assert_int_equal(code, 7);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_fits),
		UNIT(test_every_capacity),
		UNIT(test_nothing_is_not_a_cut),
		UNIT(test_cut_stays),
		UNIT(test_numbers),
		UNIT(test_every_character),
		UNIT(test_bad_beginnings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
