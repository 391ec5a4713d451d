/* The command line at its best and at random: what each right one sets, where room ends, and argv
 * made of dice.
 */
#include "../../src/app/options_priv.h"
#include "base/str.h"
#include "options_line.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void test_places(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"6080 localhost:5900", "|6080 localhost:5900"},
		{":6080 localhost:5900", "|6080 localhost:5900"},
		{"0 localhost:5900", "|0 localhost:5900"},
		{"65535 localhost:5900", "|65535 localhost:5900"},
		{"127.0.0.1:6080 10.0.0.7:1", "127.0.0.1|6080 10.0.0.7:1"},
		{"[::1]:6080 [2001:db8::7]:5901", "::1|6080 [2001:db8::7]:5901"},
		{"::1:6080 ::1:5901", "::1|6080 [::1]:5901"},
		{"[::]:0 a:65535", "::|0 a:65535"},
		{"some.host:80 x:1", "some.host|80 x:1"},
		{"--unix-target=/run/vnc.sock 6080", "|6080 unix:/run/vnc.sock"},
		{"--unix-target /run/vnc.sock :6080", "|6080 unix:/run/vnc.sock"},
		{"--testcard 6080", "|6080 testcard"},
		{"6080 --testcard", "|6080 testcard"},
		{"--unix-listen=/run/ws localhost:5900", "unix:/run/ws localhost:5900"},
		{"--unix-listen=/run/ws --unix-target=/run/vnc", "unix:/run/ws unix:/run/vnc"},
		{"--unix-listen=/run/ws --testcard", "unix:/run/ws testcard"},
	};
	EXPECT_ROWS(rows);
}

static void test_commands(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"5901 -- vncserver :1", "|5901 command:vncserver -- moved:5901 vncserver :1"},
		{"127.0.0.1:5901 -- /usr/bin/Xvnc :1 -v --web",
	         "127.0.0.1|5901 command:Xvnc -- moved:5901 /usr/bin/Xvnc :1 -v --web"},
		{"-v 5901 --run-once -- a -- b",
	         "|5901 command:a run_once=1 level=3 -- moved:5901 a -- b"},
		{"0 -- Xvnc -rfbport {port}", "|0 command:Xvnc -- placed:0 Xvnc -rfbport {port}"},
		{"6080 -- a b:{port}/x", "|6080 command:a -- placed:0 a b:{port}/x"},
		{"6080 -- {port} x", "|6080 command:{port} -- moved:6080 {port} x"},
		{"--unix-target=/run/vnc 6080 -- Xvnc", "|6080 unix:/run/vnc -- unix:0 Xvnc"},
		{"--unix-target=/run/vnc --unix-listen=/s -- Xvnc",
	         "unix:/s unix:/run/vnc -- unix:0 Xvnc"},
		{"--unix-listen=/s 5901 -- Xvnc", "unix:/s command:Xvnc -- moved:5901 Xvnc"},
		{"--unix-listen=/s -- a {port}", "unix:/s command:a -- placed:0 a {port}"},
		{"--wrap-mode=exit 1 -- a", "|1 command:a given=1 -- moved:1 a"},
		{"--wrap-mode ignore 1 -- a", "|1 command:a wrap_mode=1 given=1 -- moved:1 a"},
		{"--wrap=respawn 1 -- a", "|1 command:a wrap_mode=2 given=1 -- moved:1 a"},
		{"--wrap-output=inherit 1 -- a", "|1 command:a wrap_output=1 -- moved:1 a"},
		{"--wrap-output=log 1 -- a", "|1 command:a wrap_output=2 -- moved:1 a"},
		{"--wrap-library=/r.so 1 -- a", "|1 command:a wrap_library=/r.so -- moved:1 a"},
		{"--wrap-ready-timeout=0.5 1 -- a", "|1 command:a wrap_ready_ms=500 -- moved:1 a"},
		{"--wrap-stop-timeout=7 1 -- a", "|1 command:a wrap_stop_ms=7000 -- moved:1 a"},
	};
	EXPECT_ROWS(rows);
}

static void test_every_option(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"-h", "HELP"},
		{"--help", "HELP"},
		{"--version", "VERSION"},
		{"-v 1 a:2", "|1 a:2 level=3"},
		{"--verbose 1 a:2", "|1 a:2 level=3"},
		{"-6 1 a:2", "|1 a:2 ipv6=1"},
		{"-v6 1 a:2", "|1 a:2 ipv6=1 level=3"},
		{"-vh 1 a:2", "HELP"},
		{"--prefer-ipv6 1 a:2", "|1 a:2 ipv6=1"},
		{"--traffic 1 a:2", "|1 a:2 traffic=1"},
		{"--run-once 1 a:2", "|1 a:2 run_once=1"},
		{"--timeout=7 1 a:2", "|1 a:2 timeout_s=7"},
		{"--idle-timeout=8 1 a:2", "|1 a:2 idle_timeout_s=8"},
		{"--unix-listen=/s --unix-listen-mode=660 a:2", "unix:/s a:2 mode=660"},
		{"--unix-listen-mode=0 1 a:2", "|1 a:2 mode=0"},
		{"--unix-listen-mode=0777 1 a:2", "|1 a:2 mode=777"},
		{"--unix-listen-mode=0o640 1 a:2", "|1 a:2 mode=640"},
		{"--web=/srv/my_files 1 a:2", "|1 a:2 web=/srv/my files"},
		{"--web / --file-only 1 a:2", "|1 a:2 web=/ file_only=1"},
		{"--file-only 1 a:2", "|1 a:2 file_only=1"},
		{"--web / --dir-listing 1 a:2", "|1 a:2 web=/ dir_listing=1"},
		{"--heartbeat=30 1 a:2", "|1 a:2 ping_ms=30000 pong_ms=20000"},
		{"--heartbeat=0.5 --pong-timeout=2 1 a:2", "|1 a:2 ping_ms=500 pong_ms=2000"},
		{"--pong-timeout=2 --heartbeat=1 1 a:2", "|1 a:2 ping_ms=1000 pong_ms=2000"},
		{"--heartbeat=30 --pong-timeout=0 1 a:2", "|1 a:2 ping_ms=30000"},
		{"--heartbeat=0 1 a:2", "|1 a:2"},
		{"--pong-timeout=0 1 a:2", "|1 a:2"},
		{"--log-file=/var/log/x 1 a:2", "|1 a:2 log_file=/var/log/x"},
		{"--log-format=json 1 a:2", "|1 a:2 json=1"},
		{"--log-format=text 1 a:2", "|1 a:2"},
		{"--workers=4 1 a:2", "|1 a:2 workers=4"},
		{"--http-errors 1 a:2", "|1 a:2 http_errors=1"},
		{"--allow-origin=any 1 a:2", "|1 a:2 origin=any"},
		{"--allow-origin a.example,b:80 1 a:2", "|1 a:2 origin=a.example origin=b:80"},
		{"--allow-origin=a,_b_,c --allow-origin https://d 1 a:2",
	         "|1 a:2 origin=a origin=b origin=c origin=https://d"},
		{"--first-byte-timeout=1 1 a:2", "|1 a:2 first_byte_ms=1000"},
		{"--head-timeout=2 1 a:2", "|1 a:2 head_ms=2000"},
		{"--keepalive-timeout=3 1 a:2", "|1 a:2 keepalive_ms=3000"},
		{"--dial-timeout=4 1 a:2", "|1 a:2 dial_ms=4000"},
		{"--write-timeout=5 1 a:2", "|1 a:2 stall_ms=5000"},
		{"--close-timeout=6 1 a:2", "|1 a:2 close_ms=6000"},
		{"--drain-timeout=7 1 a:2", "|1 a:2 drain_ms=7000"},
		{"--max-connections=8 1 a:2", "|1 a:2 connections=8"},
	};
	EXPECT_ROWS(rows);
}

static void test_forms(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		/* The shape of noVNC's launcher: some before, the rest behind. */
		{"--file-only --web /usr/share/novnc 6080 localhost:5900 --heartbeat 30 "
	         "--idle-timeout 5 --timeout 9",
	         "|6080 localhost:5900 web=/usr/share/novnc file_only=1 timeout_s=9 "
	         "idle_timeout_s=5 ping_ms=30000 pong_ms=20000"},
		{"6080 --verbose localhost:5900 -6", "|6080 localhost:5900 ipv6=1 level=3"},
		{"1 a-b:2", "|1 a-b:2"},
		{"--web a-b 1 a:2", "|1 a:2 web=a-b"},
		{"--web=a=b 1 a:2", "|1 a:2 web=a=b"},
		{"--web - 1 a:2", "|1 a:2 web=-"},
		{"--web -x 1 a:2", "|1 a:2 web=-x"},
		{"--web=--web 1 a:2", "|1 a:2 web=--web"},
		{"--web=x --web=y 1 a:2", "|1 a:2 web=y"},
		{"--timeout=1 --timeout=2 1 a:2", "|1 a:2 timeout_s=2"},
		{"--verbose --verbose 1 a:2", "|1 a:2 level=3"},
		{"--testcard --testcard 1", "|1 testcard"},
		{"--unix-target=/a --unix-target=/b 1", "|1 unix:/b"},
		/* Help and version win over whatever follows. */
		{"--help --no-such-option", "HELP"},
		{"1 --version --web", "VERSION"},
	};
	EXPECT_ROWS(rows);
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--timeout=0 1 a:2", "|1 a:2"},
		{"--timeout=0x10 1 a:2", "|1 a:2 timeout_s=16"},
		{"--timeout=0xAa 1 a:2", "|1 a:2 timeout_s=170"},
		{"--timeout=0XfF 1 a:2", "|1 a:2 timeout_s=255"},
		{"--timeout=0b101 1 a:2", "|1 a:2 timeout_s=5"},
		{"--timeout=0B11 1 a:2", "|1 a:2 timeout_s=3"},
		{"--timeout=010 1 a:2", "|1 a:2 timeout_s=8"},
		{"--timeout=31622400 1 a:2", "|1 a:2 timeout_s=31622400"},
		{"--workers=64 1 a:2", "|1 a:2 workers=64"},
		{"--workers=0 1 a:2", "|1 a:2"},
		{"--max-connections=1000000 1 a:2", "|1 a:2 connections=1000000"},
		{"--dial-timeout=0.001 1 a:2", "|1 a:2 dial_ms=1"},
		{"--dial-timeout=0.5 1 a:2", "|1 a:2 dial_ms=500"},
		{"--dial-timeout=.5 1 a:2", "|1 a:2 dial_ms=500"},
		{"--dial-timeout=0.05 1 a:2", "|1 a:2 dial_ms=50"},
		{"--dial-timeout=1.250 1 a:2", "|1 a:2 dial_ms=1250"},
		{"--dial-timeout=0x10 1 a:2", "|1 a:2 dial_ms=16000"},
		{"--dial-timeout=1000000 1 a:2", "|1 a:2 dial_ms=1000000000"},
		{"--dial-timeout=1000000.000 1 a:2", "|1 a:2 dial_ms=1000000000"},
	};
	EXPECT_ROWS(rows);
}

/* ---- room ---- */

static void test_socket_path_length(void **state)
{
	(void)state;
	static const char *const names[] = {"unix-listen", "unix-target"};
	for (int i = 0; i < 2; i++) {
		for (int len = 106; len <= 109; len++) {
			struct options o;
			struct options_line l;
			char words[400], path[128], err[OPTIONS_ERROR];
			memset(path, 'p', sizeof path);
			snprintf(words, sizeof words, "--%s=%.*s %s", names[i], len, path,
			         i ? "1" : "a:1");
			assert_int_equal(options_line_parse(&o, &l, words, err),
			                 len <= 107 ? 0 : -EINVAL);
			if (len > 107)
				assert_non_null(strstr(err, "a socket's may have 107"));
		}
	}
}

static void test_origins_run_out(void **state)
{
	(void)state;
	char words[1024];
	struct str s;
	struct options o;
	struct options_line l;
	char err[OPTIONS_ERROR];
	str_init(&s, words, sizeof words);
	str_puts(&s, "1 a:2 --allow-origin=o");
	for (int i = 1; i < OPTIONS_ORIGINS; i++)
		str_puts(&s, ",o");
	assert_int_equal(options_line_parse(&o, &l, words, err), 0);
	assert_int_equal(o.origins_n, OPTIONS_ORIGINS);
	str_puts(&s, " --allow-origin=p");
	assert_int_equal(options_line_parse(&o, &l, words, err), -EINVAL);
	assert_non_null(strstr(err, "more than 64 entries or 4096 bytes"));
}

/* Two entries that fill the room to the last byte, or need one more. */
static void test_origin_text_runs_out(void **state)
{
	(void)state;
	static const struct {
		size_t first, second;
		bool fits;
	} rows[] = {{4095, 0, true}, {4096, 0, false}, {4000, 94, true}, {4000, 95, false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct options o;
		char value[5000], err[OPTIONS_ERROR];
		char *argv[] = {(char *)"websplice",
		                (char *)"--allow-origin",
		                value,
		                (char *)"1",
		                (char *)"a:2",
		                NULL};
		size_t n = rows[i].first + rows[i].second + (rows[i].second > 0);
		memset(value, 'o', n);
		value[n] = 0;
		if (rows[i].second)
			value[rows[i].first] = ',';
		unit_note("row %zu", i);
		assert_int_equal(options_parse(&o, 5, argv, err), rows[i].fits ? 0 : -EINVAL);
		if (!rows[i].fits)
			continue;
		assert_int_equal(strlen(o.origins[0]), rows[i].first);
		if (rows[i].second)
			assert_int_equal(strlen(o.origins[1]), rows[i].second);
	}
	unit_note_clear();
}

/* Long and dirty words come back short and clean, with the advice behind them intact. */
static void test_errors_are_clean(void **state)
{
	(void)state;
	static char dirty[3000];
	for (size_t i = 0; i < sizeof dirty - 1; i++)
		dirty[i] = (char)(1 + i % 255);
	static const struct {
		const char *before, *tail;
	} rows[] = {
		{"", "for example 6080"},
		{"--", "--help lists them all"},
		{"-", "two dashes"},
		{"--workers=", "from 0 to 64"},
		{"--dial-timeout=", "such as 10 or 0.5"},
		{"--unix-listen-mode=", "for example 660"},
		{"--log-format=", "text or json"},
		{"--verbose=", "out"},
		{"--unix-target=", "use a shorter one"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct options o;
		char word[3200], err[OPTIONS_ERROR];
		char *argv[] = {(char *)"websplice", word, (char *)"a:1", NULL};
		snprintf(word, sizeof word, "%s%s", rows[i].before, dirty);
		unit_note("row %zu", i);
		assert_int_equal(options_parse(&o, 3, argv, err), -EINVAL);
		size_t len = strlen(err), tail = strlen(rows[i].tail);
		assert_true(len > tail);
		assert_string_equal(err + len - tail, rows[i].tail);
		for (size_t k = 0; k < len; k++)
			assert_true((uint8_t)err[k] >= 0x20 && err[k] != 0x7f);
	}
	unit_note_clear();
}

static void test_no_argv_at_all(void **state)
{
	(void)state;
	struct options o;
	char err[OPTIONS_ERROR];
	char *none[] = {NULL};
	assert_int_equal(options_parse(&o, 0, none, err), -EINVAL);
	assert_memory_equal(err, "nothing to do", 13);
}

/* ---- dice ---- */

static void random_word(struct rng *rng, char *out, size_t cap)
{
	static const char *const parts[] = {
		"--",        "-",  "=",  ":",  "[",   "]",     "::1",    "6080",
		"localhost", "0",  ".5", "0x", ",",   "any",   "/run/x", "json",
		"\x80",      "\n", " ",  "%",  "660", "65536", "h",      "v6",
	};
	struct str s;
	str_init(&s, out, cap);
	if (rng_below(rng, 2)) {
		const char *name = options_table[rng_below(rng, options_table_n)].name;
		size_t len = strlen(name);
		str_puts(&s, "--");
		str_put(&s, span_of(name, rng_below(rng, 3) ? len : rng_below(rng, len + 1)));
		if (rng_below(rng, 2))
			return;
		str_putc(&s, '=');
	}
	for (uint64_t n = rng_below(rng, 4); n; n--)
		str_puts(&s, parts[rng_below(rng, sizeof parts / sizeof *parts)]);
}

static void check_outcome(const struct options *o, int r, const char *err)
{
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		size_t n = strnlen(err, OPTIONS_ERROR);
		assert_true(n > 10 && n < OPTIONS_ERROR);
		for (size_t i = 0; i < n; i++)
			assert_true((uint8_t)err[i] >= 0x20 && err[i] != 0x7f);
		return;
	}
	assert_int_equal(r, 0);
	if (o->run != RUN_SERVE)
		return;
	assert_true(o->unix_listen || !o->listen_host || *o->listen_host);
	assert_true(o->target.kind == TARGET_TESTCARD || *o->target.host);
	assert_true(o->target.kind != TARGET_TCP || o->target.port > 0);
	assert_true(o->limits.first_byte_ms && o->limits.head_ms && o->limits.keepalive_ms &&
	            o->limits.dial_ms && o->limits.stall_ms && o->limits.close_ms &&
	            o->limits.drain_ms);
	assert_true(o->limits.pong_ms == 0 || o->limits.ping_ms > 0);
	assert_true(o->origins_n <= OPTIONS_ORIGINS);
	assert_true(o->unix_mode <= 0777 && o->workers <= 64);
}

/* Words of their exact size on the heap, so that a step too far is seen by a sanitizer. */
static void test_dice(void **state)
{
	(void)state;
	struct rng rng = {2};
	unsigned good = 0;
	for (unsigned round = 0; round < 100000; round++) {
		struct options o;
		char *argv[8], err[OPTIONS_ERROR], word[200];
		int argc = 1 + (int)rng_below(&rng, 6);
		unit_note("round %u", round);
		for (int i = 0; i < argc; i++) {
			random_word(&rng, word, sizeof word);
			if (i > 0 && rng_below(&rng, 3) == 0)
				snprintf(word, sizeof word, "%s",
				         rng_below(&rng, 2) ? "6080" : "localhost:5900");
			argv[i] = malloc(strlen(word) + 1);
			assert_non_null(argv[i]);
			memcpy(argv[i], word, strlen(word) + 1);
		}
		argv[argc] = NULL;
		memset(err, 0x5a, sizeof err);
		int r = options_parse(&o, argc, argv, err);
		check_outcome(&o, r, err);
		good += r == 0 && o.run == RUN_SERVE;
		for (int i = 0; i < argc; i++)
			free(argv[i]);
	}
	unit_note_clear();
	assert_true(good > 500); /* the dice do throw right ones, too */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_places),
		UNIT(test_commands),
		UNIT(test_every_option),
		UNIT(test_forms),
		UNIT(test_numbers),
		UNIT(test_socket_path_length),
		UNIT(test_origins_run_out),
		UNIT(test_origin_text_runs_out),
		UNIT(test_errors_are_clean),
		UNIT(test_no_argv_at_all),
		UNIT(test_dice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
