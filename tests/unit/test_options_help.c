/* The help text against the table and the parser. */
#include "../../src/app/options_priv.h"
#include "options_line.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static void test_help_is_narrow(void **state)
{
	(void)state;
	const char *at = options_help();
	assert_true(strlen(at) > 1000);
	assert_int_equal(at[strlen(at) - 1], '\n');
	for (; *at; at++) {
		size_t n = strcspn(at, "\n");
		if (n > 80)
			fail_msg("%zu columns: %.*s", n, (int)n, at);
		for (size_t i = 0; i < n; i++)
			assert_true(at[i] >= ' ' && at[i] < 0x7f);
		assert_true(n == 0 || at[n - 1] != ' ');
		at += n;
	}
}

/* Where the help explains the option, or NULL. */
static const char *help_of(const char *name)
{
	char with[64];
	const char *help = options_help();
	for (int i = 0; i < 3; i++) {
		snprintf(with, sizeof with, "  --%s%c", name, "= \n"[i]);
		const char *at = strstr(help, with);
		if (at)
			return at;
		snprintf(with, sizeof with, ", --%s%c", name, "= \n"[i]);
		at = strstr(help, with);
		if (at)
			return at;
	}
	return NULL;
}

static void test_help_names_what_there_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_table_n; i++) {
		const struct option *opt = &options_table[i];
		const char *at = help_of(opt->name);
		unit_note("%s", opt->name);
		assert_int_equal(at != NULL, opt->kind != OPTION_LATER);
		if (!at)
			continue;
		char letter[8];
		snprintf(letter, sizeof letter, "  -%c, ", opt->letter ? opt->letter : '?');
		assert_int_equal(strstr(options_help(), letter) != NULL, opt->letter != 0);
		assert_int_equal(at[strlen(opt->name) + 4] == '=', option_takes_value(opt));
	}
	unit_note_clear();
	/* And nothing that there is not. */
	for (const char *at = options_help(); (at = strstr(at, "--")); at += 2) {
		bool known = false;
		size_t len = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");
		unit_note("%.*s", (int)len, at + 2);
		for (size_t i = 0; i < options_table_n; i++)
			known |= strncmp(options_table[i].name, at + 2, len) == 0;
		assert_true(known);
	}
	unit_note_clear();
}

/* The examples work as they stand. */
static void test_help_examples(void **state)
{
	(void)state;
	unsigned examples = 0;
	for (const char *at = options_help(); (at = strstr(at, "\n  websplice ")); at++) {
		struct options o;
		struct options_line l;
		char words[128], err[OPTIONS_ERROR];
		const char *from = at + strlen("\n  websplice ");
		snprintf(words, sizeof words, "%.*s", (int)strcspn(from, "\n"), from);
		unit_note("websplice %s", words);
		if (options_line_parse(&o, &l, words, err) < 0)
			fail_msg("%s", err);
		examples++;
	}
	unit_note_clear();
	assert_int_equal(examples, 3);
}

/* "(default N" behind each option is what the parser starts from. */
static void test_help_defaults(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t offset;
		unsigned unit;
	} rows[] = {
		{"timeout", offsetof(struct options, timeout_s), 1},
		{"idle-timeout", offsetof(struct options, idle_timeout_s), 1},
		{"workers", offsetof(struct options, workers), 1},
		{"heartbeat", offsetof(struct options, limits.ping_ms), 1000},
		{"first-byte-timeout", offsetof(struct options, limits.first_byte_ms), 1000},
		{"head-timeout", offsetof(struct options, limits.head_ms), 1000},
		{"keepalive-timeout", offsetof(struct options, limits.keepalive_ms), 1000},
		{"dial-timeout", offsetof(struct options, limits.dial_ms), 1000},
		{"write-timeout", offsetof(struct options, limits.stall_ms), 1000},
		{"close-timeout", offsetof(struct options, limits.close_ms), 1000},
		{"drain-timeout", offsetof(struct options, limits.drain_ms), 1000},
		{"max-connections", offsetof(struct options, limits.connections), 1},
	};
	struct options o;
	struct options_line l;
	char err[OPTIONS_ERROR];
	assert_int_equal(options_line_parse(&o, &l, "1 a:2", err), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("%s", rows[i].name);
		const char *at = help_of(rows[i].name), *next = strstr(at + 4, "--");
		const char *is = strstr(at, "(default");
		assert_true(is && next && is < next);
		is += strcspn(is, "0123456789");
		uint32_t value = *(const uint32_t *)(const void *)((char *)&o + rows[i].offset);
		assert_int_equal(strtoul(is, NULL, 10) * rows[i].unit, value);
	}
	unit_note_clear();
	assert_int_equal(options_line_parse(&o, &l, "--heartbeat=1 1 a:2", err), 0);
	assert_non_null(strstr(help_of("pong-timeout"), "(default 20 with --heartbeat"));
	assert_int_equal(o.limits.pong_ms, 20000);
	assert_non_null(strstr(help_of("unix-listen-mode"), "(default 600)"));
	assert_int_equal(o.unix_mode, 0600);
	assert_non_null(strstr(help_of("log-format"), "(default text)"));
	assert_false(o.log_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_help_is_narrow),
		UNIT(test_help_names_what_there_is),
		UNIT(test_help_examples),
		UNIT(test_help_defaults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
