/* Any value in a log line: one line whatever it holds, readable back byte for byte, valid when cut.
 */
#include "base/log.h"
#include "base/str.h"
#include "log_reader.h"
#include "unit.h"

#include <stdio.h>

/* Short random values, half of them valid UTF-8, go in and come out the same. */
static void random_value(struct rng *rng, char *out, bool valid)
{
	static const char *const parts[] = {"a",
	                                    " ",
	                                    "\"",
	                                    "\\",
	                                    "\n",
	                                    "\x1b",
	                                    "\x7f",
	                                    "\xc3\xa9",
	                                    "\xc2\x9b",
	                                    "\xe2\x80\xae",
	                                    "\xf0\x9f\x98\x80"};
	struct str s;
	str_init(&s, out, 40);
	for (uint64_t n = rng_below(rng, 9); n; n--) {
		if (valid)
			str_puts(&s, parts[rng_below(rng, sizeof parts / sizeof *parts)]);
		else
			str_putc(&s, (char)(1 + rng_below(rng, 255)));
	}
}

static void test_values_survive(void **state)
{
	(void)state;
	struct rng rng = {11};
	for (unsigned round = 0; round < 20000; round++) {
		struct log_catch c;
		struct log_json j;
		char value[40], back[256];
		bool valid = round % 2;
		random_value(&rng, value, valid);
		unit_note("round %u", round);
		log_catch_init(&c, true);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", value));
		log_json_read(&j, c.line);
		assert_int_equal(j.members, 3);
		assert_string_equal(j.last_key, "v");
		if (valid)
			assert_string_equal(j.value, value);
		log_catch_init(&c, false);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", value));
		const char *at = strchr(c.line, '=') + 1;
		if (*at == '"')
			log_text_read(at, back);
		else
			snprintf(back, sizeof back, "%.*s", (int)strcspn(at, "\n"), at);
		assert_string_equal(back, value);
	}
	unit_note_clear();
}

/* Every single byte as a value: JSON stays JSON, text stays one clean line. */
static void test_every_byte(void **state)
{
	(void)state;
	for (int b = 1; b < 256; b++) {
		struct log_catch c;
		struct log_json j;
		char value[] = {'<', (char)b, '>', 0};
		unit_note("byte %02x", b);
		log_catch_init(&c, true);
		log_event(&c.log, LOG_INFO, value, LOG_TEXT("v", value));
		log_json_read(&j, c.line);
		assert_true(j.value[0] == '<' && j.value[j.value_n - 1] == '>');
		log_catch_init(&c, false);
		log_event(&c.log, LOG_INFO, value, LOG_TEXT("v", value));
		for (size_t i = 0; i + 1 < c.n; i++)
			assert_true(c.line[i] >= 0x20 && c.line[i] < 0x7f);
	}
	unit_note_clear();
}

/* Which characters are written as they are: all but those that steer a terminal or a reader's eye. */
static void test_every_character(void **state)
{
	(void)state;
	for (unsigned code = 1; code < 0x3000; code++) {
		struct log_catch c;
		uint8_t three[] = {0xe0, 0x80, 0x80, 0}, *utf8 = three;
		three[0] |= (uint8_t)(code >> 12);
		three[1] |= (uint8_t)(code >> 6 & 63);
		three[2] |= (uint8_t)(code & 63);
		uint8_t two[] = {(uint8_t)(0xc0 | code >> 6), three[2], 0},
			one[] = {(uint8_t)code, 0};
		if (code < 0x800)
			utf8 = code < 0x80 ? one : two;
		bool control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
		bool steers = code == 0x200e || code == 0x200f ||
		              (code >= 0x2028 && code <= 0x202e) ||
		              (code >= 0x2066 && code <= 0x2069);
		bool quoted = code == 0x22 || code == 0x5c;
		log_catch_init(&c, true);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", (char *)utf8));
		unit_note("U+%04X", code);
		assert_int_equal(strchr(c.line, 0x5c) != NULL, control || steers || quoted);
	}
	unit_note_clear();
}

/* A value of any length is cut at a character, marked, and the fields behind it stay. */
static void test_long_value(void **state)
{
	(void)state;
	static const char *const chars[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\n", "\xff", "\""};
	static const size_t escaped[] = {1, 2, 3, 2, 3, 2}; /* bytes each takes in JSON */
	for (size_t k = 0; k < sizeof chars / sizeof *chars; k++) {
		for (size_t n = 1; n < 700; n += n < 400 ? 1 : 50) {
			char value[2800];
			struct str s;
			struct log_catch c;
			struct log_json j;
			str_init(&s, value, sizeof value);
			for (size_t i = 0; i < n; i++)
				str_puts(&s, chars[k]);
			unit_note("%zu of \"%s\"", n, chars[k]);
			log_catch_init(&c, true);
			log_event(&c.log, LOG_INFO, "x", LOG_NUM("n", 5), LOG_TEXT("v", value));
			log_json_read(&j, c.line);
			assert_int_equal(j.members, 4);
			assert_true(j.value_n > 0);
			bool marked = j.value_n >= 3 &&
			              memcmp(j.value + j.value_n - 3, "\xe2\x80\xa6", 3) == 0;
			if (!marked && k != 4)
				assert_string_equal(j.value, value);
			if (marked && k != 4)
				assert_memory_equal(j.value, value, j.value_n - 3);
			assert_int_equal(marked, n * escaped[k] > 320);
			log_catch_init(&c, true);
			log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", value), LOG_NUM("n", 5));
			assert_non_null(strstr(c.line, "\"n\":5}"));
		}
	}
	unit_note_clear();
}

static void test_value_just_fits(void **state)
{
	(void)state;
	char value[512];
	struct log_catch c;
	for (size_t n = 310; n < 330; n++) {
		memset(value, 'x', n);
		value[n] = 0;
		log_catch_init(&c, false);
		log_event(&c.log, LOG_INFO, "e", LOG_TEXT("v", value));
		unit_note("%zu", n);
		if (n <= 320) {
			assert_int_equal(c.n, strlen("info  e v=\n") + n);
			assert_null(strstr(c.line, "\xe2\x80\xa6"));
		} else {
			assert_int_equal(c.n, strlen("info  e v=\n") + 320);
			assert_non_null(strstr(c.line, "xx\xe2\x80\xa6\n"));
		}
	}
	unit_note_clear();
}

/* Too many fields: the line is full, whole fields are missing, the rest is valid. */
static void test_full_line(void **state)
{
	(void)state;
	struct rng rng = {5};
	for (unsigned round = 0; round < 5000; round++) {
		struct log_field f[24];
		char values[24][600];
		struct log_catch c;
		struct log_json j;
		size_t n = 1 + (size_t)rng_below(&rng, 24);
		for (size_t i = 0; i < n; i++) {
			size_t len = (size_t)rng_below(&rng, rng_below(&rng, 2) ? 20 : 600);
			memset(values[i], 'a' + (int)i, len);
			values[i][len] = 0;
			if (len > 5)
				values[i][rng_below(&rng, len)] = '\x01';
			f[i] = rng_below(&rng, 3) ? LOG_TEXT("key", values[i])
			                          : LOG_NUM("number", rng_next(&rng));
		}
		unit_note("round %u", round);
		log_catch_init(&c, true);
		log_write(&c.log, LOG_INFO, "event", f, n);
		log_json_read(&j, c.line);
		assert_true(j.members <= n + 2);
		log_catch_init(&c, false);
		log_write(&c.log, LOG_INFO, "event", f, n);
		assert_memory_equal(c.line, "info  event ", 12);
	}
	unit_note_clear();
}

/* Lines that end exactly at, just below and just above the limit. */
static void test_line_limit(void **state)
{
	(void)state;
	char value[400];
	for (int json = 0; json < 2; json++) {
		size_t longest = 0;
		for (size_t n = 1; n < 320; n++) {
			struct log_catch c;
			struct log_json j;
			memset(value, 'x', n);
			value[n] = 0;
			log_catch_init(&c, json);
			log_event(&c.log, LOG_INFO, "e", LOG_TEXT("a", value), LOG_TEXT("b", value),
			          LOG_TEXT("c", value), LOG_TEXT("d", value), LOG_TEXT("e", value),
			          LOG_NUM("f", 1));
			if (json)
				log_json_read(&j, c.line);
			longest = c.n > longest ? c.n : longest;
		}
		/* The room is really used: text may lack the byte that closes JSON. */
		assert_true(longest >= LOG_LINE - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_values_survive), UNIT(test_every_byte),      UNIT(test_every_character),
		UNIT(test_long_value),     UNIT(test_value_just_fits), UNIT(test_full_line),
		UNIT(test_line_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
