/* What is said about each wrong command line, word for word. */
#include "options_line.h"
#include "unit.h"

#include <stdio.h>

static void test_wrong_places(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"", "nothing to do: websplice 6080 localhost:5900 listens on port 6080 and "
	             "connects to a VNC server; --help tells the rest"},
		{"-v", "nothing to do: websplice 6080 localhost:5900 listens on port 6080 and "
	               "connects to a VNC server; --help tells the rest"},
		{"6080", "the backend is missing: websplice 6080 localhost:5900 connects to a VNC "
	                 "server on this machine"},
		{"--testcard", "the port to listen on is missing: websplice --testcard 6080"},
		{"--unix-target=/x",
	         "the port to listen on is missing: websplice --unix-target=FILE 6080"},
		{"--unix-listen=/x", "the backend is missing: name it as HOST:PORT, for example "
	                             "localhost:5900"},
		{"--testcard 6080 localhost:5900",
	         "--testcard is the backend: leave 'localhost:5900' out"},
		{"--unix-target=/x 6080 localhost:5900",
	         "--unix-target is the backend: leave 'localhost:5900' out"},
		{"--unix-listen=/x 6080 localhost:5900",
	         "--unix-listen takes the place of a port: leave '6080' out"},
		{"--unix-listen=/x --testcard 6080", "--testcard is the backend: leave '6080' out"},
		{"6080 localhost:5900 more", "'more' is one argument too many: websplice "
	                                     "[HOST:]PORT BACKEND_HOST:PORT"},
		{"6080 localhost:5900 more and more", "'more' is one argument too many: websplice "
	                                              "[HOST:]PORT BACKEND_HOST:PORT"},
		{"--testcard 6080 a:1 b:2", "'a:1' is one argument too many: websplice "
	                                    "[HOST:]PORT BACKEND_HOST:PORT"},
		{"--unix-target=/x --testcard 6080",
	         "--unix-target and --testcard are two backends: keep one of them"},
		{"--testcard --unix-target=/x 6080",
	         "--testcard and --unix-target are two backends: keep one of them"},
		{"vnc a:1", "cannot listen on 'vnc': write [HOST:]PORT with a port from 0 (any "
	                    "free one) to 65535, for example 6080"},
		{"65536 a:1", "cannot listen on '65536': write [HOST:]PORT with a port from 0 "
	                      "(any free one) to 65535, for example 6080"},
		{"host: a:1", "cannot listen on 'host:': write [HOST:]PORT with a port from 0 "
	                      "(any free one) to 65535, for example 6080"},
		{"a- a:1", "cannot listen on 'a-': write [HOST:]PORT with a port from 0 (any free "
	                   "one) to 65535, for example 6080"},
		{"'' a:1", "cannot listen on '': write [HOST:]PORT with a port from 0 (any free "
	                   "one) to 65535, for example 6080"},
		{"- a:1", "cannot listen on '-': write [HOST:]PORT with a port from 0 (any free "
	                  "one) to 65535, for example 6080"},
		{"[::1:6080 a:1",
	         "cannot listen on '[::1:6080': the bracket [ is not closed: write "
	         "[ADDRESS]:PORT"},
		{"a_b:6080 a:1",
	         "cannot listen on 'a b:6080': the host holds a blank or a control character"},
		{"http://x:6080 a:1", "cannot listen on 'http://x:6080': write HOST:PORT alone, "
	                              "without a scheme or a path"},
		{"localhost:5900 6080", "'6080' is no backend: write HOST:PORT, for example "
	                                "localhost:6080"},
		{"6080 65535",
	         "'65535' is no backend: write HOST:PORT, for example localhost:65535"},
		{"6080 0", "'0' is no backend: the port is missing: write HOST:PORT, for example "
	                   "localhost:5900"},
		{"6080 1", "'1' is no backend: write HOST:PORT, for example localhost:1"},
		{"6080 localhost", "'localhost' is no backend: the port is missing: write "
	                           "HOST:PORT, for example localhost:5900"},
		{"6080 localhost:", "'localhost:' is no backend: the port must be a number from 1 "
	                            "to 65535"},
		{"6080 localhost:0", "'localhost:0' is no backend: the port must be a number from "
	                             "1 to 65535"},
		{"6080 :5900", "':5900' is no backend: the host is missing: write HOST:PORT, for "
	                       "example localhost:5900"},
		{"6080 a:b:1", "'a:b:1' is no backend: this is not an IPv6 address and a port: "
	                       "write [ADDRESS]:PORT"},
	};
	EXPECT_ERRORS(rows);
}

static void test_wrong_options(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--hearbeat=3", "unknown option --hearbeat: did you mean --heartbeat?"},
		{"--vebrose", "unknown option --vebrose: did you mean --verbose?"},
		{"--max-conections=3",
	         "unknown option --max-conections: did you mean --max-connections?"},
		{"--auto-pong", "unknown option --auto-pong: --help lists them all"},
		{"--colour=x", "unknown option --colour: --help lists them all"},
		{"--=x", "unknown option --: --help lists them all"},
		{"--webs=/x", "unknown option --webs: did you mean --web?"},
		{"-x", "unknown option -x: --help lists them all"},
		{"-1", "unknown option -1: --help lists them all"},
		{"-vx", "unknown option -x in '-vx': long options begin with two dashes"},
		{"-web=/x", "unknown option -w in '-web=/x': long options begin with two dashes"},
		{"--ver", "--ver could be any of --verbose, --verify-client, --version: write more "
	                  "of it"},
		{"--unix-l=/x",
	         "--unix-l could be any of --unix-listen, --unix-listen-mode: write more of it"},
		{"--verbose=1", "--verbose takes no value: leave '=1' out"},
		{"--testcard=", "--testcard takes no value: leave '=' out"},
		{"--help=x", "--help takes no value: leave '=x' out"},
		{"--web", "--web needs a value: --web=VALUE"},
		{"1 a:2 --log-file", "--log-file needs a value: --log-file=VALUE"},
		{"--web --verbose 1 a:2",
	         "--web needs a value before '--verbose' (--web=VALUE if that is it)"},
		{"--web -- 1 a:2", "--web needs a value before '--' (--web=VALUE if that is it)"},
		{"--web= 1 a:2", "--web needs a value that is not empty"},
		{"--web '' 1 a:2", "--web needs a value that is not empty"},
		{"--timeout= 1 a:2", "--timeout needs a value that is not empty"},
		{"--dir-listing 1 a:2", "--dir-listing lists a web directory: add --web=DIR"},
		{"--web=/ --dir-listing --file-only 1 a:2",
	         "--file-only and --dir-listing are opposites: keep one of them"},
		{"--pong-timeout=5 1 a:2",
	         "--pong-timeout waits for answers to pings: add --heartbeat=SECONDS"},
		{"--heartbeat=0 --pong-timeout=5 1 a:2",
	         "--pong-timeout waits for answers to pings: add --heartbeat=SECONDS"},
	};
	EXPECT_ERRORS(rows);
}

static void test_wrong_commands(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--", "the command is missing: websplice 5901 -- vncserver :1"},
		{"5901 --", "the command is missing: websplice 5901 -- vncserver :1"},
		{"5901 -- ''", "the command is missing: websplice 5901 -- vncserver :1"},
		{"-- vncserver :1", "the port to listen on is missing: websplice 6080 -- COMMAND"},
		{"x -- vncserver :1", "cannot listen on 'x': write [HOST:]PORT with a port from 0 "
	                              "(any free one) to 65535, for example 6080"},
		{"5901 a:1 -- vncserver :1", "'a:1' is one argument too many: the command after "
	                                     "-- is the backend"},
		{"5901 a:1 b:2 -- vncserver",
	         "'a:1' is one argument too many: the command after -- is the backend"},
		{"--testcard 5901 -- vncserver", "--testcard and a command after -- are two "
	                                         "backends: keep one of them"},
		{"--unix-target=/x 5901 -- Xvnc -rfbport {port}",
	         "--unix-target and {port} are two ways to reach the command: keep one of them"},
		{"0 -- Xvnc :1",
	         "no port says where the command listens: websplice 5901 -- COMMAND "
	         "for one that listens on port 5901, or {port} among its arguments"},
		{"--unix-listen=/s -- Xvnc :1",
	         "no port says where the command listens: websplice --unix-listen=FILE 5901 -- "
	         "COMMAND for one that listens on port 5901, or {port} among its arguments"},
		{"--unix-listen=/s a:1 -- Xvnc :1",
	         "'a:1' is not the port of the command, a number from 1 to 65535; "
	         "--unix-listen is where to listen"},
		{"--unix-listen=/s 0 -- Xvnc :1",
	         "'0' is not the port of the command, a number from 1 to 65535; --unix-listen "
	         "is where to listen"},
		{"--wrap-mode=respawn 5901 a:1",
	         "--wrap-mode is for a command: add -- COMMAND at the end"},
		{"--wrap-stop-timeout=1 --wrap-mode=respawn 5901 a:1",
	         "--wrap-stop-timeout is for a command: add -- COMMAND at the end"},
		{"--wrap-mode=always 5901 -- x",
	         "--wrap-mode: 'always' is unknown: write exit, ignore or respawn"},
		{"--wrap-output=none 5901 -- x",
	         "--wrap-output: 'none' is unknown: write inherit or log"},
	};
	EXPECT_ERRORS(rows);
}

static void test_wrong_values(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--log-format=xml", "--log-format: 'xml' is unknown: write text or json"},
		{"--log-format=jsonx", "--log-format: 'jsonx' is unknown: write text or json"},
		{"--unix-listen-mode=888", "--unix-listen-mode: '888' is not a mode: write three "
	                                   "octal digits, for example 660"},
		{"--unix-listen-mode=7770", "--unix-listen-mode: '7770' is not a mode: write three "
	                                    "octal digits, for example 660"},
		{"--unix-listen-mode=668", "--unix-listen-mode: '668' is not a mode: write three "
	                                   "octal digits, for example 660"},
		{"--unix-listen-mode=1777", "--unix-listen-mode: '1777' is not a mode: write three "
	                                    "octal digits, for example 660"},
		{"--unix-listen-mode=0o", "--unix-listen-mode: '0o' is not a mode: write three "
	                                  "octal digits, for example 660"},
		{"--unix-listen-mode=99999999999999999999",
	         "--unix-listen-mode: '99999999999999999999' is not a mode: write three octal "
	         "digits, for example 660"},
		{"--unix-listen-mode=rw", "--unix-listen-mode: 'rw' is not a mode: write three "
	                                  "octal digits, for example 660"},
		{"--allow-origin=a,,b", "--allow-origin: an entry is empty: write HOST, HOST:PORT, "
	                                "SCHEME://HOST or any, with commas between them"},
		{"--allow-origin=,", "--allow-origin: an entry is empty: write HOST, HOST:PORT, "
	                             "SCHEME://HOST or any, with commas between them"},
		{"--allow-origin=\x01"
	         "a",
	         "--allow-origin: '?a' holds a blank or a control character"},
		{"--allow-origin=a_b",
	         "--allow-origin: 'a b' holds a blank or a control character"},
	};
	EXPECT_ERRORS(rows);
}

static void test_wrong_numbers(void **state)
{
	(void)state;
	static const char *const whole[] = {
		"65",
		"-1",
		"+1",
		"1.5",
		"x",
		"0x",
		"0b",
		"0b2",
		"0x@",
		"0x/",
		"0x:",
		"0xG",
		"0x1g",
		"08",
		"1_000",
		"1,5",
		"1e1",
		"4294967296",
		"_1",
		"1_",
		"99999999999999999999",
		"0x100000000",
		"0xffffffffffffffffff",
		"18446744073709551621",
	};
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		char words[128], want[256];
		struct options_row row = {words, want};
		snprintf(words, sizeof words, "--workers=%s 1 a:2", whole[i]);
		snprintf(want, sizeof want, "--workers: '%s' is not a whole number from 0 to 64",
		         whole[i]);
		for (char *c = want; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		options_rows_bad(&row, 1);
	}
	static const struct options_row rows[] = {
		{"--timeout=31622401",
	         "--timeout: '31622401' is not a whole number from 0 to 31622400"},
		{"--timeout=0.5", "--timeout: '0.5' is not a whole number from 0 to 31622400"},
		{"--max-connections=1000001",
	         "--max-connections: '1000001' is not a whole number from 0 to 1000000"},
	};
	EXPECT_ERRORS(rows);
}

static void test_wrong_durations(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"0",          "0.0",
		"0.0001",     "1.",
		"1.2345",     ".",
		"-1",         "-0.5",
		"1,5",        "x",
		"1s",         "1.5s",
		"1.x",        "x.1",
		"0x1.5",      "1.1.1",
		"+1",         "1e3",
		"1000001",    "1000000.001",
		"4294967296", "99999999999999999999.1",
		"_1",
	};
	static const char *const names[] = {
		"first-byte-timeout", "head-timeout",  "keepalive-timeout", "dial-timeout",
		"write-timeout",      "close-timeout", "drain-timeout",
	};
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			char words[128], want[256];
			struct options_row row = {words, want};
			snprintf(words, sizeof words, "--%s=%s 1 a:2", names[n], bad[i]);
			snprintf(want, sizeof want,
			         "--%s: '%s' is not a number of seconds from 0.001 to 1000000, "
			         "such as 10 or 0.5",
			         names[n], bad[i]);
			for (char *c = want; *c; c++)
				*c = *c == '_' ? ' ' : *c;
			options_rows_bad(&row, 1);
		}
	}
	static const struct options_row rows[] = {
		{"--heartbeat=x", "--heartbeat: 'x' is not a number of seconds from 0 to 1000000, "
	                          "such as 10 or 0.5"},
		{"--heartbeat=1.2345",
	         "--heartbeat: '1.2345' is not a number of seconds from 0 to 1000000, "
	         "such as 10 or 0.5"},
		{"--heartbeat=1.",
	         "--heartbeat: '1.' is not a number of seconds from 0 to 1000000, "
	         "such as 10 or 0.5"},
		{"--pong-timeout=1000001", "--pong-timeout: '1000001' is not a number of seconds "
	                                   "from 0 to 1000000, such as 10 or 0.5"},
	};
	EXPECT_ERRORS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_wrong_places),  UNIT(test_wrong_options),   UNIT(test_wrong_values),
		UNIT(test_wrong_numbers), UNIT(test_wrong_durations), UNIT(test_wrong_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
