/* Every option by every prefix of its name, against lists of names kept here. */
#include "../../src/app/options_priv.h"
#include "options_line.h"
#include "unit.h"

#include <stdio.h>

/* websockify's long options, from its documentation. */
static const struct name {
	const char *name, *value; /* value: one that is right, NULL: takes none */
	bool built;
} theirs[] = {
	{"help", NULL, true},
	{"verbose", NULL, true},
	{"traffic", NULL, true},
	{"record", "f", false},
	{"daemon", NULL, false},
	{"run-once", NULL, true},
	{"timeout", "5", true},
	{"idle-timeout", "5", true},
	{"cert", "f", true},
	{"key", "f", true},
	{"key-password", "x", true},
	{"ssl-only", NULL, true},
	{"ssl-target", NULL, true},
	{"verify-client", NULL, true},
	{"cafile", "f", true},
	{"ssl-version", "tlsv1~2", true},
	{"ssl-ciphers", "HIGH", true},
	{"unix-listen", "/s", true},
	{"unix-listen-mode", "0660", true},
	{"unix-target", "/t", true},
	{"inetd", NULL, false},
	{"web", "/w", true},
	{"web-auth", NULL, false},
	{"wrap-mode", "exit", true},
	{"prefer-ipv6", NULL, true},
	{"libserver", NULL, false},
	{"target-config", "f", false},
	{"token-plugin", "P", false},
	{"token-source", "s", false},
	{"host-token", NULL, false},
	{"auth-plugin", "P", false},
	{"auth-source", "s", false},
	{"heartbeat", "5", true},
	{"log-file", "f", true},
	{"syslog", "s", false},
	{"legacy-syslog", NULL, false},
	{"file-only", NULL, true},
};
static const struct name ours[] = {
	{"version", NULL, true},
	{"workers", "3", true},
	{"allow-origin", "any", true},
	{"http-errors", NULL, true},
	{"testcard", NULL, true},
	{"dir-listing", NULL, true},
	{"log-format", "json", true},
	{"config", "f", false},
	{"pong-timeout", "0", true},
	{"first-byte-timeout", "3", true},
	{"head-timeout", "3", true},
	{"keepalive-timeout", "3", true},
	{"dial-timeout", "3", true},
	{"write-timeout", "3", true},
	{"close-timeout", "4", true},
	{"drain-timeout", "3", true},
	{"max-connections", "3", true},
	{"wrap-output", "log", true},
	{"wrap-library", "f", true},
	{"wrap-ready-timeout", "3", true},
	{"wrap-stop-timeout", "3", true},
	/* TLS */
	{"self-signed", NULL, true},
	{"state-dir", "d", true},
	{"key-password-file", "f", true},
	{"crl-file", "f", true},
	{"tls-timeout", "3", true},
	{"ssl-target-cafile", "f", true},
	{"ssl-target-crl-file", "f", true},
	{"ssl-target-name", "n", true},
	{"ssl-target-insecure", NULL, true},
	{"ssl-target-cert", "f", true},
	{"ssl-target-key", "f", true},
};
enum { THEIRS = sizeof theirs / sizeof *theirs, OURS = sizeof ours / sizeof *ours };

/* How many of the names begin so; *ret is the one of exactly that name, or else the last one. */
static unsigned begins(const struct name *names, size_t n, const char *prefix, size_t len,
                       const struct name **ret)
{
	unsigned found = 0;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(names[i].name, prefix, len) != 0)
			continue;
		*ret = &names[i];
		if (strlen(names[i].name) == len)
			return 1;
		found++;
	}
	return found;
}

/* What an option cannot do without. */
static const char *companion(const char *name)
{
	static const char *const rows[][2] = {
		{"dir-listing", " --web=/"},
		{"state-dir", " --self-signed"},
		{"cafile", " --verify-client"},
		{"crl-file", " --verify-client"},
		{"ssl-target-key", " --ssl-target --ssl-target-cert=c"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i][0], name) == 0)
			return rows[i][1];
	return strncmp(name, "ssl-target-", 11) == 0 ? " --ssl-target" : "";
}

/* What the parser makes of --NAME with `of`'s value, in a line that is otherwise complete. */
static void outcome(const char *name, size_t len, const struct name *of,
                    char out[OPTIONS_LINE_TEXT])
{
	struct options o;
	struct options_line l;
	char words[256], err[OPTIONS_ERROR];
	bool unix_target = strcmp(of->name, "unix-target") == 0;
	bool testcard = strcmp(of->name, "testcard") == 0;
	bool unix_listen = strcmp(of->name, "unix-listen") == 0;
	bool wrap = strncmp(of->name, "wrap-", 5) == 0;
	snprintf(words, sizeof words, "--%.*s%s%s%s%s%s%s", (int)len, name, of->value ? "=" : "",
	         of->value ? of->value : "", unix_listen ? "" : " 6080",
	         unix_target || testcard || wrap ? "" : " a:1", companion(of->name),
	         wrap ? " -- x" : "");
	if (options_line_parse(&o, &l, words, err) < 0)
		snprintf(out, OPTIONS_LINE_TEXT, "ERROR %s", err);
	else
		options_line_dump(&o, out);
}

static void check_prefix(const char *name, size_t len)
{
	const struct name *of = NULL, *a = NULL, *b = NULL;
	unsigned n_theirs = begins(theirs, THEIRS, name, len, &a);
	unsigned n_ours = begins(ours, OURS, name, len, &b);
	char got[OPTIONS_LINE_TEXT], want[OPTIONS_LINE_TEXT];
	unit_note("--%.*s", (int)len, name);
	if (strlen(name) == len)
		of = n_theirs == 1 && strcmp(a->name, name) == 0 ? a : b;
	else if (n_theirs == 1)
		of = a;
	else if (n_theirs == 0 && n_ours == 1)
		of = b;
	if (of) {
		outcome(name, len, of, got);
		outcome(of->name, strlen(of->name), of, want);
		assert_string_equal(got, want);
		return;
	}
	outcome(name, len, a ? a : b, got);
	assert_non_null(strstr(got, " could be any of --"));
	assert_non_null(strstr(got, ": write more of it"));
	for (size_t i = 0; i < THEIRS + OURS; i++) {
		char whole[64];
		const char *other = i < THEIRS ? theirs[i].name : ours[i - THEIRS].name;
		snprintf(whole, sizeof whole, "--%s", other);
		if (strncmp(other, name, len) == 0)
			assert_non_null(strstr(got, whole));
	}
}

static void test_every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < THEIRS + OURS; i++) {
		const char *name = i < THEIRS ? theirs[i].name : ours[i - THEIRS].name;
		for (size_t len = 1; len <= strlen(name); len++)
			check_prefix(name, len);
	}
	unit_note_clear();
}

/* Letters to change, by the whole matrix. */
static unsigned distance(const char *a, const char *b)
{
	unsigned m[40][40];
	size_t n = strlen(a), k = strlen(b);
	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= k; j++) {
			unsigned best = (unsigned)(i ? j ? 99 : i : j);
			if (i && j && m[i - 1][j - 1] + (a[i - 1] != b[j - 1]) < best)
				best = m[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (i && j && m[i - 1][j] + 1 < best)
				best = m[i - 1][j] + 1;
			if (i && j && m[i][j - 1] + 1 < best)
				best = m[i][j - 1] + 1;
			m[i][j] = best;
		}
	return m[n][k];
}

/* A word that means nothing gets the nearest name, the first of several, if it is near at all. */
static void check_suggestion(const char *word)
{
	const char *best = NULL;
	unsigned least = 99;
	char got[OPTIONS_LINE_TEXT], want[160];
	struct name of = {word, NULL, true};
	unit_note("--%s", word);
	for (size_t i = 0; i < options_table_n; i++) {
		unsigned d = distance(word, options_table[i].name);
		if (strncmp(options_table[i].name, word, strlen(word)) == 0)
			return;
		if (d < least) {
			least = d;
			best = options_table[i].name;
		}
	}
	if (least <= strlen(word) / 3 + 1)
		snprintf(want, sizeof want, "ERROR unknown option --%s: did you mean --%s?", word,
		         best);
	else
		snprintf(want, sizeof want, "ERROR unknown option --%s: --help lists them all",
		         word);
	outcome(word, strlen(word), &of, got);
	assert_string_equal(got, want);
}

static void test_every_slip(void **state)
{
	(void)state;
	struct rng rng = {4};
	for (size_t i = 0; i < THEIRS + OURS; i++) {
		const char *name = i < THEIRS ? theirs[i].name : ours[i - THEIRS].name;
		int len = (int)strlen(name);
		for (int at = 0; at <= len; at++) {
			char word[40];
			snprintf(word, sizeof word, "%.*sq%s", at, name, name + at);
			check_suggestion(word);
			if (at == len)
				break;
			snprintf(word, sizeof word, "%.*s%s", at, name, name + at + 1);
			check_suggestion(word);
			snprintf(word, sizeof word, "%.*sq%s", at, name, name + at + 1);
			check_suggestion(word);
		}
	}
	for (unsigned round = 0; round < 5000; round++) {
		char word[36] = "";
		size_t n = 1 + (size_t)rng_below(&rng, 32);
		for (size_t i = 0; i < n; i++)
			word[i] = "abceiklmnorstuvwy-"[rng_below(&rng, 18)];
		check_suggestion(word);
	}
	unit_note_clear();
}

/* What is not built says so, with and without a value, and hints at a way out. */
static void test_not_built_yet(void **state)
{
	(void)state;
	for (size_t i = 0; i < THEIRS + OURS; i++) {
		const struct name *n = i < THEIRS ? &theirs[i] : &ours[i - THEIRS];
		char got[OPTIONS_LINE_TEXT], want[128];
		struct name bare = {n->name, NULL, n->built}, full = {n->name, "x", n->built};
		outcome(n->name, strlen(n->name), n, got);
		unit_note("%s: %s", n->name, got);
		assert_int_equal(strncmp(got, "ERROR", 5) == 0, !n->built);
		if (n->built)
			continue;
		snprintf(want, sizeof want, "ERROR --%s is not built yet: ", n->name);
		assert_memory_equal(got, want, strlen(want));
		assert_true(strlen(got) > strlen(want) + 5);
		outcome(n->name, strlen(n->name), &bare, got);
		assert_memory_equal(got, want, strlen(want));
		outcome(n->name, strlen(n->name), &full, got);
		assert_memory_equal(got, want, strlen(want));
	}
	static const struct options_row rows[] = {
		{"-D 6080 a:1", "--daemon is not built yet: start it under a supervisor, or with & "
	                        "behind it"},
	};
	EXPECT_ERRORS(rows);
}

/* The lists above and the table are the same set, so nothing in it goes untested. */
static void test_table_is_known(void **state)
{
	(void)state;
	assert_int_equal(options_table_n, THEIRS + OURS);
	for (size_t i = 0; i < options_table_n; i++) {
		const struct option *opt = &options_table[i];
		const struct name *n = NULL;
		size_t len = strlen(opt->name);
		unit_note("%s", opt->name);
		assert_int_equal(opt->ours ? begins(ours, OURS, opt->name, len, &n)
		                           : begins(theirs, THEIRS, opt->name, len, &n),
		                 1);
		assert_string_equal(n->name, opt->name);
		assert_int_equal(opt->kind == OPTION_LATER, !n->built);
		assert_int_equal(opt->kind == OPTION_LATER, opt->hint != NULL);
		if (n->built)
			assert_int_equal(option_takes_value(opt), n->value != NULL);
		assert_true(opt->letter == 0 || !opt->ours); /* ours are long only */
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_prefix),
		UNIT(test_every_slip),
		UNIT(test_not_built_yet),
		UNIT(test_table_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
