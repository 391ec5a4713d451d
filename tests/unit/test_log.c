/* Log lines: exact in both formats, one line whatever a value holds, readable back byte for byte,
 * valid when cut. The JSON reader here is strict and knows just what a line may hold.
 */
#include "base/log.h"
#include "base/str.h"
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct catch
{
	struct log log;
	char line[4096];
	size_t n;
	unsigned lines;
	enum log_level level;
};

static void keep(void *self, enum log_level level, struct span line)
{
	struct catch *c = self;
	assert_true(line.len > 0 && line.len <= LOG_LINE);
	memcpy(c->line, line.at, line.len);
	c->line[line.len] = 0;
	c->n = line.len;
	c->level = level;
	c->lines++;
	assert_int_equal(line.at[line.len - 1], '\n');
	assert_ptr_equal(memchr(line.at, '\n', line.len), line.at + line.len - 1);
	assert_null(memchr(line.at, 0, line.len));
}

static void catch_init(struct catch *c, bool json)
{
	*c = (struct catch){.log = {.level = LOG_DEBUG, .json = json, .plain_time = true}};
	c->log.sink = keep;
	c->log.self = c;
}

static void test_text(void **state)
{
	(void)state;
	struct catch c;
	catch_init(&c, false);
	log_event(&c.log, LOG_INFO, "session ended", LOG_TEXT("client", "192.0.2.7:4711"),
	          LOG_NUM("up", 312), LOG_TEXT("why", "client gone"));
	assert_string_equal(c.line, "info  session ended client=192.0.2.7:4711 up=312 "
	                            "why=\"client gone\"\n");
	log_write(&c.log, LOG_ERROR, "bad", NULL, 0);
	assert_string_equal(c.line, "error bad\n");
	assert_int_equal(c.level, LOG_ERROR);
}

static void test_json(void **state)
{
	(void)state;
	struct catch c;
	catch_init(&c, true);
	log_event(&c.log, LOG_WARN, "session ended", LOG_TEXT("client", "192.0.2.7:4711"),
	          LOG_NUM("up", UINT64_MAX), LOG_TEXT("why", "client gone"));
	assert_string_equal(c.line, "{\"level\":\"warn\",\"event\":\"session ended\","
	                            "\"client\":\"192.0.2.7:4711\",\"up\":18446744073709551615,"
	                            "\"why\":\"client gone\"}\n");
	log_write(&c.log, LOG_DEBUG, "x", NULL, 0);
	assert_string_equal(c.line, "{\"level\":\"debug\",\"event\":\"x\"}\n");
}

static void test_levels(void **state)
{
	(void)state;
	for (int limit = LOG_ERROR; limit <= LOG_DEBUG; limit++) {
		struct catch c;
		catch_init(&c, false);
		c.log.level = (enum log_level)limit;
		for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
			c.lines = 0;
			log_write(&c.log, (enum log_level)level, "x", NULL, 0);
			assert_int_equal(c.lines, level <= limit);
			assert_int_equal(log_wants(&c.log, (enum log_level)level), level <= limit);
		}
	}
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct log l = {.level = LOG_DEBUG};
	log_write(NULL, LOG_ERROR, "x", NULL, 0);
	log_write(&l, LOG_ERROR, "x", NULL, 0);
	assert_false(log_wants(NULL, LOG_ERROR));
	assert_false(log_wants(&l, LOG_ERROR));
}

static void test_null_text_is_empty(void **state)
{
	(void)state;
	struct catch c;
	const char *none = NULL;
	catch_init(&c, false);
	log_event(&c.log, LOG_INFO, "x", LOG_TEXT("user", none), LOG_NUM("n", 0));
	assert_string_equal(c.line, "info  x user=\"\" n=0\n");
}

static void test_quoting(void **state)
{
	(void)state;
	static const struct {
		const char *value, *text, *json;
	} rows[] = {
		{"plain-1.2:[::1]/x?y", "plain-1.2:[::1]/x?y", "plain-1.2:[::1]/x?y"},
		{"", "\"\"", ""},
		{"a b", "\"a b\"", "a b"},
		{"a=b", "\"a=b\"", "a=b"},
		{"say \"hi\"", "\"say \\\"hi\\\"\"", "say \\\"hi\\\""},
		{"back\\slash", "\"back\\\\slash\"", "back\\\\slash"},
		{"two\nlines\r\n", "\"two\\nlines\\r\\n\"", "two\\nlines\\r\\n"},
		{"tab\t", "\"tab\\t\"", "tab\\t"},
		{"\x1b[31mred", "\"\\u001b[31mred\"", "\\u001b[31mred"},
		{"\x7f", "\"\\u007f\"", "\\u007f"},
		{"caf\xc3\xa9", "\"caf\xc3\xa9\"", "caf\xc3\xa9"},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
		{"caf\xe9", "\"caf\\xe9\"", "caf\xef\xbf\xbd"},
		{"\xc2\x9b"
	         "31m",
	         "\"\\u009b31m\"", "\\u009b31m"},
		{"\xe2\x80\xae"
	         "gpj.exe",
	         "\"\\u202egpj.exe\"", "\\u202egpj.exe"},
		{"\xe2\x80\xa8\xe2\x81\xa6", "\"\\u2028\\u2066\"", "\\u2028\\u2066"},
		{"\xed\xa0\x80", "\"\\xed\\xa0\\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"cut \xe2\x82", "\"cut \\xe2\\x82\"", "cut \xef\xbf\xbd\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct catch c;
		char want[256];
		unit_note("row %zu", i);
		catch_init(&c, false);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", rows[i].value));
		snprintf(want, sizeof want, "info  x v=%s\n", rows[i].text);
		assert_string_equal(c.line, want);
		catch_init(&c, true);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", rows[i].value));
		snprintf(want, sizeof want, "{\"level\":\"info\",\"event\":\"x\",\"v\":\"%s\"}\n",
		         rows[i].json);
		assert_string_equal(c.line, want);
	}
	unit_note_clear();
}

/* ---- a strict reader of one JSON line ---- */

struct json {
	const char *at;
	unsigned members;
	char last_key[64];
	char value[2048]; /* of the last string, unescaped */
	size_t value_n;
};

static void expect_char(struct json *j, char c)
{
	if (*j->at != c)
		fail_msg("'%c' expected at \"%s\"", c, j->at);
	j->at++;
}

static uint32_t read_hex4(struct json *j)
{
	uint32_t code = 0;
	for (int i = 0; i < 4; i++, j->at++) {
		assert_true(isxdigit((unsigned char)*j->at));
		code = code * 16 + (uint32_t)(isdigit((unsigned char)*j->at)
		                                      ? *j->at - '0'
		                                      : tolower(*j->at) - 'a' + 10);
	}
	return code;
}

static void append(struct json *j, const void *bytes, size_t n)
{
	assert_true(j->value_n + n < sizeof j->value);
	memcpy(j->value + j->value_n, bytes, n);
	j->value_n += n;
	j->value[j->value_n] = 0;
}

static void read_escape(struct json *j)
{
	static const char from[] = "\"\\nrt", to[] = "\"\\\n\r\t";
	char c = *j->at++;
	if (c == 'u') {
		uint32_t code = read_hex4(j);
		uint8_t b[3] = {(uint8_t)(0xe0 | code >> 12), (uint8_t)(0x80 | (code >> 6 & 63)),
		                (uint8_t)(0x80 | (code & 63))};
		uint8_t two[2] = {(uint8_t)(0xc0 | code >> 6), b[2]};
		uint8_t one = (uint8_t)code;
		if (code < 0x80)
			append(j, &one, 1);
		else
			append(j, code < 0x800 ? two : b, code < 0x800 ? 2 : 3);
		return;
	}
	const char *known = c ? strchr(from, c) : NULL;
	if (!known)
		fail_msg("escape \\%c", c);
	append(j, to + (known - from), 1);
}

static void read_string(struct json *j)
{
	j->value_n = 0;
	j->value[0] = 0;
	expect_char(j, '"');
	while (*j->at != '"') {
		uint32_t code;
		size_t n = str_char(span_str(j->at), &code);
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			fail_msg("not clean UTF-8 at \"%s\"", j->at);
		if (code == '\\') {
			j->at++;
			read_escape(j);
			continue;
		}
		append(j, j->at, n);
		j->at += n;
	}
	j->at++;
}

static void read_line(struct json *j, const char *line)
{
	*j = (struct json){.at = line};
	expect_char(j, '{');
	do {
		read_string(j);
		assert_true(j->value_n < sizeof j->last_key);
		memcpy(j->last_key, j->value, j->value_n + 1);
		expect_char(j, ':');
		if (*j->at == '"') {
			read_string(j);
		} else {
			assert_true(isdigit((unsigned char)*j->at));
			while (isdigit((unsigned char)*j->at))
				j->at++;
		}
		j->members++;
	} while (*j->at == ',' && j->at++);
	expect_char(j, '}');
	assert_string_equal(j->at, "\n");
}

/* The text form of a quoted value, read back. */
static size_t read_text(const char *from, char *to)
{
	size_t n = 0;
	struct json j = {.at = from};
	expect_char(&j, '"');
	while (*j.at != '"') {
		assert_true((uint8_t)*j.at >= 0x20);
		if (j.at[0] == '\\' && j.at[1] == 'x') {
			char hex[3] = {j.at[2], j.at[3], 0};
			to[n++] = (char)strtoul(hex, NULL, 16);
			j.at += 4;
		} else if (j.at[0] == '\\') {
			j.at++;
			j.value_n = 0;
			read_escape(&j);
			memcpy(to + n, j.value, j.value_n);
			n += j.value_n;
		} else {
			to[n++] = *j.at++;
		}
	}
	to[n] = 0;
	assert_string_equal(j.at, "\"\n");
	return n;
}

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
		struct catch c;
		struct json j;
		char value[40], back[256];
		bool valid = round % 2;
		random_value(&rng, value, valid);
		unit_note("round %u", round);
		catch_init(&c, true);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", value));
		read_line(&j, c.line);
		assert_int_equal(j.members, 3);
		assert_string_equal(j.last_key, "v");
		if (valid)
			assert_string_equal(j.value, value);
		catch_init(&c, false);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", value));
		const char *at = strchr(c.line, '=') + 1;
		if (*at == '"')
			read_text(at, back);
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
		struct catch c;
		struct json j;
		char value[] = {'<', (char)b, '>', 0};
		unit_note("byte %02x", b);
		catch_init(&c, true);
		log_event(&c.log, LOG_INFO, value, LOG_TEXT("v", value));
		read_line(&j, c.line);
		assert_true(j.value[0] == '<' && j.value[j.value_n - 1] == '>');
		catch_init(&c, false);
		log_event(&c.log, LOG_INFO, value, LOG_TEXT("v", value));
		for (size_t i = 0; i + 1 < c.n; i++)
			assert_true(c.line[i] >= 0x20 && c.line[i] < 0x7f);
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
			struct catch c;
			struct json j;
			str_init(&s, value, sizeof value);
			for (size_t i = 0; i < n; i++)
				str_puts(&s, chars[k]);
			unit_note("%zu of \"%s\"", n, chars[k]);
			catch_init(&c, true);
			log_event(&c.log, LOG_INFO, "x", LOG_NUM("n", 5), LOG_TEXT("v", value));
			read_line(&j, c.line);
			assert_int_equal(j.members, 4);
			assert_true(j.value_n > 0);
			bool marked = j.value_n >= 3 &&
			              memcmp(j.value + j.value_n - 3, "\xe2\x80\xa6", 3) == 0;
			if (!marked && k != 4)
				assert_string_equal(j.value, value);
			if (marked && k != 4)
				assert_memory_equal(j.value, value, j.value_n - 3);
			assert_int_equal(marked, n * escaped[k] > 320);
			catch_init(&c, true);
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
	struct catch c;
	for (size_t n = 310; n < 330; n++) {
		memset(value, 'x', n);
		value[n] = 0;
		catch_init(&c, false);
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
		struct catch c;
		struct json j;
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
		catch_init(&c, true);
		log_write(&c.log, LOG_INFO, "event", f, n);
		read_line(&j, c.line);
		assert_true(j.members <= n + 2);
		catch_init(&c, false);
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
			struct catch c;
			struct json j;
			memset(value, 'x', n);
			value[n] = 0;
			catch_init(&c, json);
			log_event(&c.log, LOG_INFO, "e", LOG_TEXT("a", value), LOG_TEXT("b", value),
			          LOG_TEXT("c", value), LOG_TEXT("d", value), LOG_TEXT("e", value),
			          LOG_NUM("f", 1));
			if (json)
				read_line(&j, c.line);
			longest = c.n > longest ? c.n : longest;
		}
		/* The room is really used: text may lack the byte that closes JSON. */
		assert_true(longest >= LOG_LINE - 1);
	}
}

static void test_time(void **state)
{
	(void)state;
	struct catch c;
	struct tm tm = {0};
	time_t before = time(NULL);
	catch_init(&c, false);
	c.log.plain_time = false;
	log_write(&c.log, LOG_INFO, "x", NULL, 0);
	time_t after = time(NULL);
	const char *rest = strptime(c.line, "%Y-%m-%dT%H:%M:%S", &tm);
	assert_non_null(rest);
	time_t then = timegm(&tm);
	assert_true(then >= before && then <= after);
	assert_true(rest[0] == '.' && isdigit((unsigned char)rest[1]) &&
	            isdigit((unsigned char)rest[2]) && isdigit((unsigned char)rest[3]));
	assert_string_equal(rest + 4, "Z info  x\n");
	c.log.json = true;
	log_write(&c.log, LOG_INFO, "x", NULL, 0);
	assert_memory_equal(c.line, "{\"time\":\"2", 10);
	assert_non_null(strstr(c.line, "Z\",\"level\":\"info\",\"event\":\"x\"}\n"));
}

/* The words for a second are kept while it lasts, and no longer. */
static void test_time_is_cached(void **state)
{
	(void)state;
	struct catch c;
	bool seen = false;
	catch_init(&c, false);
	c.log.plain_time = false;
	for (int tries = 0; tries < 5 && !seen; tries++) { /* a second may end in between */
		log_write(&c.log, LOG_INFO, "x", NULL, 0);
		memcpy(c.log.stamp, "cached", 7);
		log_write(&c.log, LOG_INFO, "x", NULL, 0);
		seen = memcmp(c.line, "cached.", 7) == 0;
	}
	assert_true(seen);
	c.log.stamp_sec--;
	log_write(&c.log, LOG_INFO, "x", NULL, 0);
	assert_memory_equal(c.line, "20", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_text),
		UNIT(test_json),
		UNIT(test_levels),
		UNIT(test_nobody_listens),
		UNIT(test_null_text_is_empty),
		UNIT(test_quoting),
		UNIT(test_values_survive),
		UNIT(test_every_byte),
		UNIT(test_long_value),
		UNIT(test_value_just_fits),
		UNIT(test_full_line),
		UNIT(test_line_limit),
		UNIT(test_time),
		UNIT(test_time_is_cached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
