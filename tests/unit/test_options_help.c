/* The help text and the manual page against the table and the parser. */
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
	assert_int_equal(examples, 4);
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
		{"tls-timeout", offsetof(struct options, limits.tls_ms), 1000},
		{"keepalive-timeout", offsetof(struct options, limits.keepalive_ms), 1000},
		{"dial-timeout", offsetof(struct options, limits.dial_ms), 1000},
		{"write-timeout", offsetof(struct options, limits.stall_ms), 1000},
		{"close-timeout", offsetof(struct options, limits.close_ms), 1000},
		{"drain-timeout", offsetof(struct options, limits.drain_ms), 1000},
		{"max-connections", offsetof(struct options, limits.connections), 1},
		{"wrap-ready-timeout", offsetof(struct options, wrap_ready_ms), 1000},
		{"wrap-stop-timeout", offsetof(struct options, wrap_stop_ms), 1000},
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

/* ---- the manual page ---- */

enum { MAN_TEXT = 32768 };

/* The page without its backslashes; make runs tests in the project's root. */
static void read_man(char out[MAN_TEXT])
{
	size_t n = 0;
	FILE *f = fopen("docs/websplice.1", "r");
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;) {
		assert_true(n < MAN_TEXT - 1);
		if (c != 0x5c)
			out[n++] = (char)c;
	}
	out[n] = 0;
	fclose(f);
}

/* The paragraph of an option: from its name in a tag to the next tag or section. NULL: has none. */
static char *man_paragraph(char *man, const char *name, char out[MAN_TEXT])
{
	size_t len = strlen(name);
	for (char *at = man; (at = strstr(at, "\n.TP\n"));) {
		at += 5;
		const char *tag = strstr(at, "--");
		if (!tag || tag > at + strcspn(at, "\n") || strncmp(tag + 2, name, len) != 0 ||
		    !strchr("=\n \"", tag[2 + len]))
			continue;
		const char *end = strstr(tag, "\n.TP"), *section = strstr(tag, "\n.S");
		end = end && end < section ? end : section;
		assert_non_null(end);
		snprintf(out, MAN_TEXT, "%.*s", (int)(end - tag), tag);
		return out;
	}
	return NULL;
}

/* All options and no others; the same defaults as in the help, which are the parser's. */
static void test_manual(void **state)
{
	(void)state;
	static char man[MAN_TEXT], text[MAN_TEXT];
	read_man(man);
	for (size_t i = 0; i < options_table_n; i++) {
		const struct option *opt = &options_table[i];
		char *paragraph = man_paragraph(man, opt->name, text);
		unit_note("%s", opt->name);
		assert_int_equal(paragraph != NULL, opt->kind != OPTION_LATER);
		if (!paragraph)
			continue;
		assert_int_equal(paragraph[2 + strlen(opt->name)] == '=', option_takes_value(opt));
		const char *help = help_of(opt->name), *next = strstr(help + 4, "--");
		const char *in_help = strstr(help, "(default"), *in_man = strstr(text, "(default");
		if (in_help && next && in_help > next)
			in_help = NULL;
		assert_int_equal(in_help != NULL, in_man != NULL);
		if (in_help)
			assert_int_equal(strtol(in_man + 9, NULL, 10),
			                 strtol(in_help + 9, NULL, 10));
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_help_is_narrow), UNIT(test_help_names_what_there_is),
		UNIT(test_help_examples),  UNIT(test_help_defaults),
		UNIT(test_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
