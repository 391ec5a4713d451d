/* origin: who may open a session, row by row. */
#include "unit/unit.h"

#include "policy/origin.h"

enum { ALLOW_MAX = 4 };

static const struct row {
	const char *origin, *host; /* NULL: no such header */
	const char *allow[ALLOW_MAX];
	bool want;
} rows[] = {
	/* no list: the page's host is the server's, at any port */
	{NULL, "a.example", {0}, true},
	{NULL, NULL, {0}, true},
	{"http://a.example", "a.example", {0}, true},
	{"https://a.example", "a.example:6080", {0}, true},
	{"https://a.example:8443", "a.example:6080", {0}, true},
	{"https://a.example:8443", "a.example", {0}, true},
	{"HTTPS://A.EXAMPLE", "a.Example:1", {0}, true},
	{"http://127.0.0.1:8000", "127.0.0.1:6080", {0}, true},
	{"http://[::1]:8000", "[::1]:6080", {0}, true},
	{"http://[::1]", "[::1]", {0}, true},
	{"http://[2001:db8::A]", "[2001:DB8::a]:1", {0}, true},
	{"http://localhost", "localhost:6080", {0}, true},
	{"http://b.example", "a.example", {0}, false},
	{"http://a.example.evil.example", "a.example", {0}, false},
	{"http://evil-a.example", "a.example", {0}, false},
	{"http://a.example", "b.a.example", {0}, false},
	{"http://b.a.example", "a.example", {0}, false},
	{"http://a.exampl", "a.example", {0}, false},
	{"http://127.0.0.1", "localhost", {0}, false},
	{"http://[::1]", "[::2]", {0}, false},
	{"http://a.example", NULL, {0}, false},
	{"http://a.example", "", {0}, false},
	{"http://a.example", "a.example, b.example", {0}, false},

	/* what is not an origin is refused, even where it looks like the host */
	{"null", "a.example", {0}, false},
	{"null", "null", {0}, false},
	{"", "", {0}, false},
	{"", "a.example", {0}, false},
	{"a.example", "a.example", {0}, false},
	{"file://", "a.example", {0}, false},
	{"http://a.example/", "a.example", {0}, false},
	{"http://a.example@evil.example", "evil.example", {0}, false},
	{"http://evil.example http://a.example", "a.example", {0}, false},

	/* any */
	{"http://b.example", "a.example", {"any"}, true},
	{"http://b.example", "a.example", {"ANY"}, true},
	{"null", "a.example", {"any"}, true},
	{"", "a.example", {"any"}, true},
	{"http://b.example", NULL, {"x", "any"}, true},

	/* hosts; the server's own stays allowed */
	{"http://b.example", "a.example", {"b.example"}, true},
	{"https://b.example:9", "a.example", {"b.example"}, true},
	{"http://B.example", "a.example", {"b.EXAMPLE"}, true},
	{"http://c.example", "a.example", {"b.example"}, false},
	{"http://x.b.example", "a.example", {"b.example"}, false},
	{"http://xb.example", "a.example", {"b.example"}, false},
	{"http://a.example", "a.example", {"b.example"}, true},
	{"http://c.example", "a.example", {"b.example", "c.example"}, true},
	{"http://b.example", NULL, {"b.example"}, true},

	/* hosts with a port; one that is not written is the scheme's */
	{"http://b.example:8080", "a.example", {"b.example:8080"}, true},
	{"https://b.example:8080", "a.example", {"b.example:8080"}, true},
	{"http://b.example", "a.example", {"b.example:8080"}, false},
	{"http://b.example:8081", "a.example", {"b.example:8080"}, false},
	{"http://b.example", "a.example", {"b.example:80"}, true},
	{"https://b.example", "a.example", {"b.example:443"}, true},
	{"https://b.example", "a.example", {"b.example:80"}, false},

	/* whole origins */
	{"https://b.example:8443", "a.example", {"https://b.example:8443"}, true},
	{"https://b.example", "a.example", {"https://b.example"}, true},
	{"https://b.example:443", "a.example", {"https://b.example"}, true},
	{"https://b.example", "a.example", {"HTTPS://B.example:443/"}, true},
	{"http://b.example", "a.example", {"https://b.example"}, false},
	{"http://b.example:443", "a.example", {"https://b.example"}, false},
	{"https://b.example:8443", "a.example", {"https://b.example"}, false},
	{"moz-extension://0a1b", "a.example", {"moz-extension://0a1b"}, true},
	{"moz-extension://0a1c", "a.example", {"moz-extension://0a1b"}, false},

	/* everything below */
	{"http://b.example", "a.test", {"*.example"}, true},
	{"http://c.b.example:9", "a.test", {"*.example"}, true},
	{"http://B.EXAMPLE", "a.test", {"*.example"}, true},
	{"http://example", "a.test", {"*.example"}, false},
	{"http://.example", "a.test", {"*.example"}, false},
	{"http://bexample", "a.test", {"*.example"}, false},
	{"http://b.example.evil.test", "a.test", {"*.example"}, false},
	{"http://b.example:9", "a.test", {"*.example:9"}, true},
	{"http://b.example:8", "a.test", {"*.example:9"}, false},
	{"https://b.example", "a.test", {"https://*.example"}, true},
	{"http://b.example", "a.test", {"https://*.example"}, false},
	{"http://b.example", "a.test", {"*"}, false},
	{"http://b.example", "a.test", {"*."}, false},
	{"http://b.example", "a.test", {"*.*"}, false},

	/* IPv6 */
	{"http://[::1]:8000", "a.test", {"[::1]"}, true},
	{"http://[::1]:8000", "a.test", {"::1"}, true},
	{"http://[::1]:8000", "a.test", {"[::1]:8000"}, true},
	{"http://[::1]:8000", "a.test", {"[::1]:8001"}, false},
	{"http://[::1]:8000", "a.test", {"http://[::1]:8000"}, true},
	{"http://[::1]:8000", "a.test", {"::2"}, false},

	/* null has to be asked for */
	{"null", "a.example", {"null"}, true},
	{"null", "a.example", {"b.example", "*.example", "https://null"}, false},
	{"null", "a.example", {"NULL"}, false},
	{"file://", "a.example", {"null"}, false},

	/* entries that mean nothing allow nothing */
	{"http://b.example", "a.example", {""}, false},
	{"http://b.example", "a.example", {"/", "http://", "b.example:0", ":80"}, false},
	{"http://b.example", "a.example", {"b.example/path"}, false},
	{"", "a.example", {""}, false},
	{"file://", "a.example", {"file://"}, false},
};

/* A header that is there but empty has a place. */
static struct span header(const struct edge *e, const char *text)
{
	return text ? edge_copy(e, span_str(text)) : span_of(NULL, 0);
}

static void test_rows(void **state)
{
	(void)state;
	struct edge origin, host;
	edge_init(&origin, 64);
	edge_init(&host, 64);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		size_t n = 0;
		while (n < ALLOW_MAX && r->allow[n])
			n++;
		unit_note("origin %s at host %s, allowed %s", r->origin ? r->origin : "(none)",
		          r->host ? r->host : "(none)", n ? r->allow[0] : "(nothing)");
		assert_int_equal(origin_allowed(header(&origin, r->origin), header(&host, r->host),
		                                r->allow, n),
		                 r->want);
	}
	unit_note_clear();
	edge_done(&origin);
	edge_done(&host);
}

/* An empty list is no list, wherever it points. */
static void test_no_list(void **state)
{
	(void)state;
	assert_true(origin_allowed(span_str("http://a"), span_str("a"), NULL, 0));
	assert_false(origin_allowed(span_str("http://b"), span_str("a"), NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_rows), UNIT(test_no_list)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
