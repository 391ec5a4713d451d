/* Reasons: what goes in comes out, text always fits a Close frame and is UTF-8, errnos read well. */
#include "base/str.h"
#include "base/why.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_utf8(const char *text)
{
	struct span s = span_str(text);
	uint32_t code;
	while (s.len) {
		size_t n = str_char(s, &code);
		if (n == 0)
			return false;
		span_take(&s, n);
	}
	return true;
}

static void test_fields(void **state)
{
	(void)state;
	struct why w = why_make(WHY_DIAL, 1011, 502, -ECONNREFUSED, "backend %s refused the %s",
	                        "127.0.0.1:5901", "connection");
	assert_int_equal(w.layer, WHY_DIAL);
	assert_int_equal(w.close, 1011);
	assert_int_equal(w.status, 502);
	assert_int_equal(w.err, -ECONNREFUSED);
	assert_string_equal(w.text, "backend 127.0.0.1:5901 refused the connection");
}

static void test_longest(void **state)
{
	(void)state;
	char long_text[200];
	memset(long_text, 'x', sizeof long_text);
	for (size_t n = 120; n < 130; n++) {
		struct why w = why_make(WHY_WS, 0, 0, 0, "%.*s", (int)n, long_text);
		assert_int_equal(strlen(w.text), n < 123 ? n : 123);
	}
}

/* A character of every length across the limit, at every offset. */
static void test_cut_at_a_character(void **state)
{
	(void)state;
	static const char *const chars[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	for (size_t c = 0; c < 4; c++) {
		for (size_t lead = 0; lead < 4; lead++) {
			char text[300] = "";
			struct str s;
			str_init(&s, text, sizeof text);
			for (size_t i = 0; i < lead; i++)
				str_putc(&s, '.');
			while (s.len < 200)
				str_puts(&s, chars[c]);
			struct why w = why_make(WHY_WS, 0, 0, 0, "%s", text);
			size_t len = strlen(w.text), one = strlen(chars[c]);
			unit_note("characters of %zu bytes after %zu", one, lead);
			assert_true(is_utf8(w.text));
			assert_int_equal(len, lead + (123 - lead) / one * one);
			assert_memory_equal(w.text, text, len);
		}
	}
	unit_note_clear();
}

/* One wide character among ASCII, around the limit: there or not, but never in pieces. */
static void test_cut_beside_ascii(void **state)
{
	(void)state;
	static const char *const chars[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	for (size_t c = 0; c < 3; c++) {
		for (size_t before = 110; before < 126; before++) {
			char text[300], want[124];
			size_t one = strlen(chars[c]);
			memset(text, 'x', sizeof text);
			memcpy(text + before, chars[c], one);
			size_t len = before < 123 && before + one > 123 ? before : 123;
			memcpy(want, text, len);
			want[len] = 0;
			unit_note("%zu bytes after %zu", one, before);
			struct why w = why_make(WHY_WS, 0, 0, 0, "%.200s", text);
			assert_string_equal(w.text, want);
		}
	}
	unit_note_clear();
}

static void test_text_is_made_clean(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain", "plain"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"caf\xe9", "caf?"},
		{"a\nb\x1b[31mc\x7f", "a?b?[31mc?"},
		{"a\xc2\x9b"
	         "31m",
	         "a??31m"},
		{"\xed\xa0\x80", "???"},
		{"half \xe2\x82", "half ??"},
		{"\xff\xfe", "??"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct why w = why_make(WHY_WS, 0, 0, 0, "%s", rows[i].in);
		assert_string_equal(w.text, rows[i].out);
	}
}

static void test_any_bytes(void **state)
{
	(void)state;
	struct rng rng = {7};
	for (unsigned round = 0; round < 20000; round++) {
		char text[200] = "";
		rng_fill(&rng, text, rng_below(&rng, sizeof text - 1));
		if (round % 2) /* mostly multi-byte beginnings and tails */
			for (size_t i = 0; text[i]; i++)
				text[i] = (char)((text[i] & 0x7f) | 0x80);
		struct why w = why_make(WHY_WS, 0, 0, 0, "%s", text);
		unit_note("round %u", round);
		assert_true(strlen(w.text) <= 123);
		assert_true(is_utf8(w.text));
		for (size_t i = 0; w.text[i]; i++)
			assert_true((uint8_t)w.text[i] >= 0x20 && w.text[i] != 0x7f);
	}
	unit_note_clear();
}

static void test_layers(void **state)
{
	(void)state;
	static const char *const names[] = {"none", "tcp",  "tls",     "http",
	                                    "ws",   "dial", "session", "server"};
	for (int i = 0; i <= WHY_SERVER; i++)
		assert_string_equal(why_layer_name((enum why_layer)i), names[i]);
	assert_string_equal(why_layer_name((enum why_layer)99), "unknown");
}

static void test_errnos(void **state)
{
	(void)state;
	static const struct {
		int err;
		const char *text;
	} rows[] = {
		{ECONNREFUSED, "connection refused"},
		{EHOSTUNREACH, "no route to host"},
		{ETIMEDOUT, "timed out"},
		{ECONNRESET, "connection reset"},
		{EPIPE, "broken pipe"},
		{ENOENT, "no such file"},
		{EACCES, "permission denied"},
		{EADDRINUSE, "address already in use"},
		{EXDEV, "Invalid cross-device link"}, /* libc's words */
		{0, "no error"},
		{123456, "unknown error"},
		{INT32_MAX, "unknown error"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(why_errno(-rows[i].err), rows[i].text);
		assert_string_equal(why_errno(rows[i].err), rows[i].text);
	}
	assert_string_equal(why_errno(INT32_MIN), "unknown error");
	for (int err = -5000; err < 5000; err++)
		assert_true(strlen(why_errno(err)) > 0 && strlen(why_errno(err)) < 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_fields),
		UNIT(test_longest),
		UNIT(test_cut_at_a_character),
		UNIT(test_cut_beside_ascii),
		UNIT(test_text_is_made_clean),
		UNIT(test_any_bytes),
		UNIT(test_layers),
		UNIT(test_errnos),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
