/* HOST:PORT in all the shapes people write it, and what is said about the wrong ones. */
#include "base/target.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host;
		uint16_t port;
		const char *name;
	} rows[] = {
		{"localhost:5901", "localhost", 5901, "localhost:5901"},
		{"127.0.0.1:1", "127.0.0.1", 1, "127.0.0.1:1"},
		{"a:65535", "a", 65535, "a:65535"},
		{"a:00080", "a", 80, "a:80"},
		{"[::1]:5901", "::1", 5901, "[::1]:5901"},
		{"::1:5901", "::1", 5901, "[::1]:5901"},
		{"2001:db8::7:5900", "2001:db8::7", 5900, "[2001:db8::7]:5900"},
		{"[fe80::1%eth0]:5900", "fe80::1%eth0", 5900, "[fe80::1%eth0]:5900"},
		{"[::ffff:192.0.2.7]:80", "::ffff:192.0.2.7", 80, "[::ffff:192.0.2.7]:80"},
		{"[localhost]:5901", "localhost", 5901, "localhost:5901"},
		{"b\xc3\xbc"
	         "cher.example:80",
	         "b\xc3\xbc"
	         "cher.example",
	         80,
	         "b\xc3\xbc"
	         "cher.example:80"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct target t;
		const char *err = "untouched";
		char name[TARGET_NAME];
		unit_note("%s", rows[i].text);
		assert_int_equal(target_parse(&t, rows[i].text, &err), 0);
		assert_string_equal(err, "untouched");
		assert_int_equal(t.kind, TARGET_TCP);
		assert_string_equal(t.host, rows[i].host);
		assert_int_equal(t.port, rows[i].port);
		assert_ptr_equal(target_name(&t, name), name);
		assert_string_equal(name, rows[i].name);
	}
	unit_note_clear();
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "the port is missing"},
		{"localhost", "the port is missing"},
		{"5901", "the port is missing"},
		{":5901", "the host is missing"},
		{"[]:5901", "the host is missing"},
		{"localhost:", "the port must be a number from 1 to 65535"},
		{"localhost:0", "the port must be a number from 1 to 65535"},
		{"localhost:65536", "the port must be a number from 1 to 65535"},
		{"localhost:-1", "the port must be a number from 1 to 65535"},
		{"localhost:+1", "the port must be a number from 1 to 65535"},
		{"localhost: 5901", "the port must be a number from 1 to 65535"},
		{"localhost:vnc", "the port must be a number from 1 to 65535"},
		{"localhost:5901x", "the port must be a number from 1 to 65535"},
		{"localhost:18446744073709551617", "the port must be a number from 1 to 65535"},
		{"[::1]", "the bracket [ is not closed"},
		{"[::1:5901", "the bracket [ is not closed"},
		{"::1]:5901", "a bracket is out of place"},
		{"a[b:5901", "a bracket is out of place"},
		{"[[::1]]:5901", "a bracket is out of place"},
		{"::1", "this is not an IPv6 address and a port"},
		{"a:b:5901", "this is not an IPv6 address and a port"},
		{"[a:b]:5901", "this is not an IPv6 address and a port"},
		{"1:2:3:4:5:6:7:8:9:5901", "this is not an IPv6 address and a port"},
		{"ws://host:5901", "without a scheme"},
		{"http://host/path:5901", "without a scheme"},
		{"/run/vnc.sock:1", "without a scheme"},
		{"my host:5901", "a blank"},
		{" host:5901", "a blank"},
		{"host :5901", "a blank"},
		{"my\thost:5901", "a blank"},
		{"host\n:5901", "a blank"},
		{"host\x7f:5901", "a blank"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct target t, before;
		const char *err = NULL;
		memset(&t, 0x5a, sizeof t);
		before = t;
		unit_note("%s", rows[i].text);
		assert_int_equal(target_parse(&t, rows[i].text, &err), -EINVAL);
		assert_non_null(err);
		if (!strstr(err, rows[i].says))
			fail_msg("\"%s\" instead of \"%s\"", err, rows[i].says);
		assert_memory_equal(&t, &before, sizeof t);
	}
	unit_note_clear();
}

static void test_longest_host(void **state)
{
	(void)state;
	char text[400], name[TARGET_NAME];
	struct target t;
	const char *err;
	memset(text, 'h', 255);
	memcpy(text + 255, ":65535", 7);
	assert_int_equal(target_parse(&t, text, &err), 0);
	assert_int_equal(strlen(t.host), 255);
	assert_string_equal(target_name(&t, name), text);
	memset(text, 'h', 256);
	memcpy(text + 256, ":65535", 7);
	assert_int_equal(target_parse(&t, text, &err), -EINVAL);
	assert_string_equal(err, "the host is longer than 255 bytes");
}

static void test_host_alone(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host;
	} rows[] = {
		{"localhost", "localhost"},
		{"[::1]", "::1"},
		{"::1", "::1"},
		{"192.0.2.7", "192.0.2.7"},
		{"", NULL},
		{"[]", NULL},
		{"a:b", NULL},
		{"a b", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char host[TARGET_HOST] = "before";
		const char *err = NULL;
		int r = target_host(host, span_str(rows[i].text), &err);
		unit_note("%s", rows[i].text);
		assert_int_equal(r, rows[i].host ? 0 : -EINVAL);
		assert_int_equal(err != NULL, rows[i].host == NULL);
		assert_string_equal(host, rows[i].host ? rows[i].host : "before");
	}
	unit_note_clear();
}

static void test_other_names(void **state)
{
	(void)state;
	char name[TARGET_NAME];
	struct target t = {.kind = TARGET_TESTCARD};
	assert_string_equal(target_name(&t, name), "testcard");
	t = (struct target){.kind = TARGET_UNIX, .host = "/run/vnc.sock"};
	assert_string_equal(target_name(&t, name), "unix:/run/vnc.sock");
	memset(t.host, 'x', TARGET_HOST - 1);
	assert_int_equal(strlen(target_name(&t, name)), 5 + TARGET_HOST - 1);
	memset(t.host, ':', TARGET_HOST - 1);
	t.kind = TARGET_TCP;
	t.port = 65535;
	assert_int_equal(strlen(target_name(&t, name)), TARGET_HOST - 1 + 8);
}

/* Whatever the text: an answer, and a result only when it is good. */
static void test_any_text(void **state)
{
	(void)state;
	static const char some[] = ":[]1af.%/ -\x80";
	struct rng rng = {3};
	for (unsigned round = 0; round < 100000; round++) {
		char text[40] = "", name[TARGET_NAME];
		struct target t = {.port = 0}, again;
		const char *err = NULL;
		size_t n = (size_t)rng_below(&rng, sizeof text - 1);
		for (size_t i = 0; i < n; i++)
			text[i] = some[rng_below(&rng, sizeof some - 1)];
		unit_note("%s", text);
		if (target_parse(&t, text, &err) < 0) {
			assert_true(err && *err);
			continue;
		}
		assert_true(t.port > 0 && *t.host);
		/* What it is called is itself a way to write it. */
		assert_int_equal(target_parse(&again, target_name(&t, name), &err), 0);
		assert_string_equal(again.host, t.host);
		assert_int_equal(again.port, t.port);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_good),       UNIT(test_bad),         UNIT(test_longest_host),
		UNIT(test_host_alone), UNIT(test_other_names), UNIT(test_any_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
