/* url: hosts, ports and origins. Everything lies against an unmapped page when it is read. */
#include "unit/unit.h"

#include "wire/url.h"

enum { ROOM = 64 };

static void test_host_port(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host; /* NULL: none */
		unsigned port;
	} rows[] = {
		{"a", "a", 0},
		{"a.example", "a.example", 0},
		{"a.example:80", "a.example", 80},
		{"a.example:", "a.example", 0},
		{"A-b_c~1.", "A-b_c~1.", 0},
		{"127.0.0.1:6080", "127.0.0.1", 6080},
		{"a:1", "a", 1},
		{"a:9090", "a", 9090},
		{"AZaz09", "AZaz09", 0},
		{"-._~%!$&'()*+;=", "-._~%!$&'()*+;=", 0},
		{"a:65535", "a", 65535},
		{"a:00080", "a", 80},
		{"[::1]", "::1", 0},
		{"[::1]:6080", "::1", 6080},
		{"[::ffff:192.0.2.7]:1", "::ffff:192.0.2.7", 1},
		{"[2001:DB8::a]:", "2001:DB8::a", 0},
		{"*.example", "*.example", 0},
		{"%41", "%41", 0},
		{"", NULL, 0},
		{":", NULL, 0},
		{":80", NULL, 0},
		{"a:0", NULL, 0},
		{"a:65536", NULL, 0},
		{"a:99999999999999999999", NULL, 0},
		{"a:8o", NULL, 0},
		{"a:+1", NULL, 0},
		{"a: 1", NULL, 0},
		{"a:1:2", NULL, 0},
		{"::1", NULL, 0},
		{"[", NULL, 0},
		{"[]", NULL, 0},
		{"[::1", NULL, 0},
		{"[::1]6080", NULL, 0},
		{"[::1]x", NULL, 0},
		{"[::1]]", NULL, 0},
		{"[a.example]", NULL, 0},
		{"[fe80::1%eth0]", NULL, 0},
		{"a b", NULL, 0},
		{" a", NULL, 0},
		{"a ", NULL, 0},
		{"a,b", NULL, 0},
		{"a/b", NULL, 0},
		{"a?b", NULL, 0},
		{"a#b", NULL, 0},
		{"u@a", NULL, 0},
		{"a\\b", NULL, 0},
		{"a\tb", NULL, 0},
		{"\xc3\xa4", NULL, 0},
		{"a\x7f", NULL, 0},
	};
	struct edge e;
	edge_init(&e, ROOM);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span host = {NULL, 77}, name = {NULL, 78},
			    s = edge_copy(&e, span_str(rows[i].text));
		unsigned port = 99;
		unit_note("\"%s\"", rows[i].text);
		assert_int_equal(url_host_port(s, &host, &port), rows[i].host != NULL);
		assert_int_equal(url_host_name(s, &name), rows[i].host != NULL);
		assert_int_equal(port, rows[i].host ? rows[i].port : 99);
		if (!rows[i].host) {
			assert_int_equal(host.len, 77);
			assert_int_equal(name.len, 78);
			continue;
		}
		assert_span(host, span_str(rows[i].host));
		assert_span(name, host);
	}
	unit_note_clear();
	edge_done(&e);
	struct span host;
	assert_false(url_host_name(span_of(NULL, 0), &host));
}

static void test_origin(void **state)
{
	(void)state;
	static const struct {
		const char *text, *scheme, *host; /* NULL: none */
		unsigned port;
	} rows[] = {
		{"http://a", "http", "a", 80},
		{"https://a.example:8443", "https", "a.example", 8443},
		{"https://a.example", "https", "a.example", 443},
		{"HTTPS://A", "HTTPS", "A", 443},
		{"ws://a", "ws", "a", 80},
		{"wss://a", "wss", "a", 443},
		{"http://[::1]:6080", "http", "::1", 6080},
		{"http://[::1]", "http", "::1", 80},
		{"moz-extension://0a-1b", "moz-extension", "0a-1b", 0},
		{"http://a:", "http", "a", 80},
		{"aA09zZ+-.://h", "aA09zZ+-.", "h", 0},
		{"null", NULL, NULL, 0},
		{"", NULL, NULL, 0},
		{"file://", NULL, NULL, 0},
		{"http:", NULL, NULL, 0},
		{"http:/", NULL, NULL, 0},
		{"http:/a", NULL, NULL, 0},
		{"http://", NULL, NULL, 0},
		{"http:///", NULL, NULL, 0},
		{"://a", NULL, NULL, 0},
		{"a", NULL, NULL, 0},
		{"a:80", NULL, NULL, 0},
		{"//a", NULL, NULL, 0},
		{"http://a/", NULL, NULL, 0},
		{"http://a/b", NULL, NULL, 0},
		{"http://u@a", NULL, NULL, 0},
		{"http://a http://b", NULL, NULL, 0},
		{"http://a, http://b", NULL, NULL, 0},
		{"ht_tp://a", NULL, NULL, 0},
		{"http ://a", NULL, NULL, 0},
		{"http://a:70000", NULL, NULL, 0},
		{"http://a?b", NULL, NULL, 0},
	};
	struct edge e;
	edge_init(&e, ROOM);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span scheme, host, name, s = edge_copy(&e, span_str(rows[i].text));
		unsigned port = 99;
		bool ok = rows[i].host != NULL;
		unit_note("\"%s\"", rows[i].text);
		assert_int_equal(url_origin(s, &scheme, &host, &port), ok);
		assert_int_equal(url_origin_host(s, &name), ok);
		if (!ok)
			continue;
		assert_span(scheme, span_str(rows[i].scheme));
		assert_span(host, span_str(rows[i].host));
		assert_span(name, host);
		assert_int_equal(port, rows[i].port);
	}
	unit_note_clear();
	edge_done(&e);
	struct span name;
	assert_false(url_origin_host(span_of(NULL, 0), &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_host_port), UNIT(test_origin)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
