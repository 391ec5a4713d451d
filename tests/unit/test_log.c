/* Log lines: exact in both formats, quoted where they must be, stamped. */
#include "base/log.h"
#include "log_reader.h"
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

static void test_text(void **state)
{
	(void)state;
	struct log_catch c;
	log_catch_init(&c, false);
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
	struct log_catch c;
	log_catch_init(&c, true);
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
		struct log_catch c;
		log_catch_init(&c, false);
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
	struct log_catch c;
	const char *none = NULL;
	log_catch_init(&c, false);
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
		struct log_catch c;
		char want[256];
		unit_note("row %zu", i);
		log_catch_init(&c, false);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", rows[i].value));
		snprintf(want, sizeof want, "info  x v=%s\n", rows[i].text);
		assert_string_equal(c.line, want);
		log_catch_init(&c, true);
		log_event(&c.log, LOG_INFO, "x", LOG_TEXT("v", rows[i].value));
		snprintf(want, sizeof want, "{\"level\":\"info\",\"event\":\"x\",\"v\":\"%s\"}\n",
		         rows[i].json);
		assert_string_equal(c.line, want);
	}
	unit_note_clear();
}

static void test_time(void **state)
{
	(void)state;
	struct log_catch c;
	struct tm tm = {0};
	time_t before = time(NULL);
	log_catch_init(&c, false);
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
	struct log_catch c;
	bool seen = false;
	log_catch_init(&c, false);
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
		UNIT(test_time),
		UNIT(test_time_is_cached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
