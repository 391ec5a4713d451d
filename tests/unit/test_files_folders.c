/* Folders: redirects, index pages, listings. */
#include "unit.h"
#include "web_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct web web;
static struct web_reply reply;
static unsigned fds;

static int open_web(void **state)
{
	unit_begin(state);
	web_init(&web);
	fds = web_open_fds();
	web_open(&web, false);
	return 0;
}

static int open_listing(void **state)
{
	unit_begin(state);
	web_init(&web);
	fds = web_open_fds();
	web_open(&web, true);
	return 0;
}

static int close_web(void **state)
{
	web_done(&web);
	assert_int_equal(web_open_fds(), fds);
	return unit_end(state);
}

static void get(const char *target)
{
	web_get(&web, &reply, target);
}

#define assert_field(name, value) assert_span(web_field(&reply, name), span_str(value))
#define assert_no_field(name) assert_null(web_field(&reply, name).at)
#define assert_body(text) assert_span(span_of(reply.body, reply.len), span_str(text))

static bool has(const char *text)
{
	return memmem(reply.body, reply.len, text, strlen(text)) != NULL;
}

static size_t place(const char *text)
{
	uint8_t *at = memmem(reply.body, reply.len, text, strlen(text));
	unit_note("looking for %s", text);
	assert_non_null(at);
	unit_note_clear();
	return (size_t)(at - reply.body);
}

static const struct {
	const char *target, *location;
} redirects[] = {
	{"/sub", "./sub/"},
	{"/sub?a=1&b=/x", "./sub/?a=1&b=/x"},
	{"/sub?", "./sub/"},
	{"/sub/inner", "./inner/"},
	{"/sub//inner", "./inner/"},
	{"/sub/./inner", "./inner/"},
	{"/%73ub", "./sub/"},
	{"/sub%2finner", "./sub/inner/"},
	{"/sub/.%2finner", "./inner/"},
	{"/%2e/sub%2f%2e/inner", "./inner/"},
	{"/a%20b%22%3c%3a", "./a%20b%22%3C%3A/"},
	{"/%C3%A4", "./%C3%A4/"},
	{"/http%3a", "./http%3A/"},
	{"/sub?x=\"<> \r\nX-Bad: y\x7f\xff", "./sub/?x=\"<>%20%0D%0AX-Bad:%20y%7F%FF"},
	{"/sub?//evil.example", "./sub/?//evil.example"},
};

static void test_redirects(void **state)
{
	(void)state;
	web_mkdir(&web, "root/sub");
	web_mkdir(&web, "root/sub/inner");
	web_mkdir(&web, "root/a b\"<:");
	web_mkdir(&web, "root/http:");
	web_mkdir(&web, "root/\xc3\xa4");
	for (size_t i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++) {
		unit_note("%s", redirects[i].target);
		get(redirects[i].target);
		assert_int_equal(reply.status, 301);
		assert_field("Location", redirects[i].location);
		assert_field("Content-Length", "0");
		assert_field("Cache-Control", "no-cache");
		assert_no_field("X-Bad");
		assert_int_equal(reply.len, 0);
	}
	unit_note_clear();
}

/* As long as a request can be: nothing is cut, and nothing written beside. */
static void test_longest_redirect(void **state)
{
	(void)state;
	static char target[HTTP_TARGET_MAX + 1], want[3 * HTTP_TARGET_MAX];
	web_mkdir(&web, "root/\xc3\xa4");
	size_t n = (size_t)snprintf(target, sizeof(target), "/\xc3\xa4?");
	memset(target + n, '\x01', HTTP_TARGET_MAX - n);
	size_t m = (size_t)snprintf(want, sizeof(want), "./%%C3%%A4/?");
	for (size_t i = n; i < HTTP_TARGET_MAX; i++)
		m += (size_t)snprintf(want + m, sizeof(want) - m, "%%01");
	get(target);
	assert_int_equal(reply.status, 301);
	assert_field("Location", want);
	assert_string_equal(reply.head + reply.head_len - 4, "\r\n\r\n");
}

static void test_index(void **state)
{
	(void)state;
	web_mkdir(&web, "root/sub");
	web_text(&web, "root/sub/vnc.html", "vnc");
	web_text(&web, "root/vnc.html", "vnc");
	get("/sub/");
	assert_int_equal(reply.status, 404); /* vnc.html counts in the root only */
	web_text(&web, "root/sub/index.htm", "htm");
	get("/sub/");
	assert_int_equal(reply.status, 200);
	assert_body("htm");
	assert_field("Content-Type", "text/html; charset=utf-8");
	web_text(&web, "root/sub/index.html", "html");
	get("/sub/?x=1");
	assert_body("html");
	get("/sub/.");
	assert_body("html");
}

static void test_index_that_is_none(void **state)
{
	(void)state;
	char path[WEB_PATH];
	web_mkdir(&web, "root/index.html");
	web_link(&web, "/etc/hostname", "root/index.htm");
	get("/");
	assert_int_equal(reply.status, 404);
	assert_int_equal(unlink(web_path(&web, "root/index.htm", path)), 0);
	web_text(&web, "root/index.htm", "htm");
	get("/");
	assert_body("htm");
}

static void test_root_with_a_viewer(void **state)
{
	(void)state;
	web_text(&web, "root/vnc.html", "vnc");
	get("/");
	assert_int_equal(reply.status, 302);
	assert_field("Location", "vnc.html"); /* relative: right behind any prefix */
	get("/?autoconnect=1&path=a");
	assert_field("Location", "vnc.html?autoconnect=1&path=a");
	web_text(&web, "root/index.html", "index");
	get("/");
	assert_int_equal(reply.status, 200);
	assert_body("index");
}

static void test_root_with_nothing(void **state)
{
	(void)state;
	get("/");
	assert_int_equal(reply.status, 404);
	assert_non_null(strstr(reply.head, "vnc.html")); /* says what it looked for */
	web_mkdir(&web, "root/vnc.html");
	get("/");
	assert_int_equal(reply.status, 404);
}

static void test_listing(void **state)
{
	(void)state;
	char path[WEB_PATH];
	web_mkdir(&web, "root/Zoo");
	web_mkdir(&web, "root/apes");
	web_text(&web, "root/b.txt", "12345");
	web_text(&web, "root/A.txt", "");
	web_text(&web, "root/.dot", "");
	web_text(&web, "root/c", "");
	assert_int_equal(truncate(web_path(&web, "root/c", path), 1536), 0);
	web_text(&web, "root/d", "");
	assert_int_equal(truncate(web_path(&web, "root/d", path), (off_t)200 << 30), 0);
	get("/");
	assert_int_equal(reply.status, 200);
	assert_field("Content-Type", "text/html; charset=utf-8");
	assert_field("X-Content-Type-Options", "nosniff");
	char length[32];
	snprintf(length, sizeof(length), "%zu", reply.len);
	assert_field("Content-Length", length);
	assert_true(has("name=\"viewport\"") && has("color-scheme: light dark"));
	size_t order[] = {place("href=\"apes/\">apes/<"),
	                  place("href=\"Zoo/\">Zoo/<"),
	                  place("href=\".dot\""),
	                  place("href=\"A.txt\""),
	                  place("href=\"b.txt\""),
	                  place("href=\"c\""),
	                  place("href=\"d\"")};
	for (size_t i = 1; i < sizeof(order) / sizeof(order[0]); i++)
		assert_true(order[i - 1] < order[i]);
	assert_true(has(">b.txt</a><span>5 B<") && has(">A.txt</a><span>0 B<"));
	assert_true(has("1.5 KiB") && has("200 GiB"));
	assert_false(has("../") || has("more in this folder"));
	static struct web_reply head;
	web_fetch(&web, &head, &(struct web_ask){.method = "HEAD", .target = "/"});
	assert_int_equal(head.len, 0);
	assert_span(web_field(&head, "Content-Length"), span_str(length));
	get("/apes/");
	assert_true(has("href=\"../\"") && has("This folder is empty"));
}

/* Scripts cannot run in a listing, whatever the names are. */
static void test_listing_escapes(void **state)
{
	(void)state;
	web_mkdir(&web, "root/<i>&\"'");
	web_text(&web, "root/<i>&\"'/<script>alert(1)", "");
	get("/");
	assert_true(has("&lt;i&gt;&amp;&quot;&#39;"));
	assert_true(has("href=\"%3Ci%3E%26%22%27/\""));
	assert_false(has("<i>"));
	struct span csp = web_field(&reply, "Content-Security-Policy");
	assert_non_null(memmem(csp.at, csp.len, "default-src 'none'", 18));
	assert_null(memmem(csp.at, csp.len, "script-src", 10));
	get("/%3Ci%3E%26%22%27/");
	assert_true(has("<h1>/&lt;i&gt;&amp;&quot;&#39;</h1>"));
	assert_true(has("&lt;script&gt;alert(1)<"));
	assert_false(has("<script"));
}

static void test_listing_links_work(void **state)
{
	(void)state;
	static const char *const names[] = {"a b",      "a+b", "100%",  "%41", "q?x#y", "x:y",
	                                    "\xc3\xa4", "a;b", "&amp;", "...", "'",     "~"};
	enum { N = sizeof(names) / sizeof(names[0]) };
	char path[WEB_PATH];
	web_mkdir(&web, "root/sub");
	for (size_t i = 0; i < N; i++) {
		snprintf(path, sizeof(path), "root/sub/%s", names[i]);
		web_text(&web, path, names[i]);
	}
	static struct web_reply page;
	web_get(&web, &page, "/sub/");
	unsigned found[N] = {0};
	struct span rest = span_of(page.body, page.len);
	for (uint8_t *at; (at = memmem(rest.at, rest.len, "href=\"", 6)) != NULL;) {
		span_take(&rest, (size_t)(at - rest.at) + 6);
		uint8_t *end = memchr(rest.at, '"', rest.len);
		assert_non_null(end);
		struct span href = span_take(&rest, (size_t)(end - rest.at));
		if (span_eq(href, span_str("../")))
			continue;
		snprintf(path, sizeof(path), "/sub/%.*s", (int)href.len, (char *)href.at);
		get(path);
		unit_note("%s", path);
		assert_int_equal(reply.status, 200);
		for (size_t i = 0; i < N; i++)
			found[i] += span_eq(span_of(reply.body, reply.len), span_str(names[i]));
	}
	unit_note_clear();
	for (size_t i = 0; i < N; i++)
		assert_int_equal(found[i], 1);
}

/* What would be 404 is not listed. */
static void test_listing_shows_what_is_served(void **state)
{
	(void)state;
	char path[WEB_PATH];
	web_text(&web, "secret.txt", "");
	web_text(&web, "root/good", "");
	web_text(&web, "root/bad\xff", "");
	web_text(&web, "root/bad\\slash", "");
	web_text(&web, "root/bad\nline", "");
	assert_int_equal(mkfifo(web_path(&web, "root/bad-fifo", path), 0644), 0);
	web_link(&web, "good", "root/link-good");
	web_link(&web, "../secret.txt", "root/bad-link");
	web_link(&web, "nowhere", "root/bad-dangling");
	get("/");
	assert_true(has("\"good\"") && has("link-good"));
	assert_false(has("bad"));
}

static void test_listing_is_bounded(void **state)
{
	(void)state;
	char name[256];
	web_mkdir(&web, "root/many");
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "root/many/%060d.txt", i);
		web_text(&web, name, "");
	}
	get("/many/");
	assert_int_equal(reply.status, 200);
	assert_true(reply.len <= FILE_PIECE && reply.len > FILE_PIECE - 1024);
	assert_true(has("more in this folder than is shown"));
	assert_span(span_of(reply.body + reply.len - 6, 6), span_str("</ul>\n"));
	assert_true(has("0000000000.txt") && !has("0000001499.txt"));
	/* no row is cut */
	for (struct span s = span_of(reply.body, reply.len); s.len > 0;) {
		uint8_t *end = memchr(s.at, '\n', s.len);
		assert_non_null(end);
		struct span line = span_take(&s, (size_t)(end - s.at) + 1);
		if (line.len > 4 && memcmp(line.at, "<li>", 4) == 0)
			assert_span(span_of(line.at + line.len - 6, 6), span_str("</li>\n"));
	}
}

/* The last row that fits ends at every distance from the end of the page. */
static void test_listing_at_every_fill(void **state)
{
	(void)state;
	char name[WEB_PATH], path[WEB_PATH], from[WEB_PATH], quotes[201];
	memset(quotes, '"', 200); /* nine bytes each on the page */
	quotes[200] = 0;
	web_mkdir(&web, "root/many");
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "root/many/x%02d%s", i, quotes);
		web_text(&web, name, "");
	}
	web_text(&web, "root/many/a", "");
	web_path(&web, "root/many/a", from);
	for (int n = 1; n <= 200; n++) {
		snprintf(name, sizeof(name), "root/many/a%.*s", n, quotes);
		assert_int_equal(rename(from, web_path(&web, name, path)), 0);
		memcpy(from, path, sizeof(from));
		get("/many/");
		assert_int_equal(reply.status, 200);
		assert_true(reply.len < FILE_PIECE && has("more in this folder"));
		assert_span(span_of(reply.body + reply.len - 6, 6), span_str("</ul>\n"));
	}
}

static void test_listing_of_too_many_entries(void **state)
{
	(void)state;
	char name[64];
	web_mkdir(&web, "root/many");
	web_text(&web, "root/many/first", "");
	for (int i = 0; i < 4200; i++) { /* fifos are cheap, and not shown */
		char path[WEB_PATH];
		snprintf(name, sizeof(name), "root/many/%d", i);
		assert_int_equal(mkfifo(web_path(&web, name, path), 0600), 0);
	}
	get("/many/");
	assert_int_equal(reply.status, 200);
	assert_true(has("more in this folder than is shown"));
}

/* With --dir-listing the root is listed even if it holds vnc.html; an index still wins. */
static void test_listing_and_viewer(void **state)
{
	(void)state;
	web_text(&web, "root/vnc.html", "vnc");
	get("/");
	assert_int_equal(reply.status, 200);
	assert_true(has("href=\"vnc.html\""));
	web_text(&web, "root/index.html", "index");
	get("/");
	assert_body("index");
}

int main(void)
{
#define WEB(fn) cmocka_unit_test_setup_teardown((fn), open_web, close_web)
#define LISTING(fn) cmocka_unit_test_setup_teardown((fn), open_listing, close_web)
	const struct CMUnitTest tests[] = {
		WEB(test_redirects),
		WEB(test_longest_redirect),
		WEB(test_index),
		WEB(test_index_that_is_none),
		WEB(test_root_with_a_viewer),
		WEB(test_root_with_nothing),
		LISTING(test_listing),
		LISTING(test_listing_escapes),
		LISTING(test_listing_links_work),
		LISTING(test_listing_shows_what_is_served),
		LISTING(test_listing_is_bounded),
		LISTING(test_listing_at_every_fill),
		LISTING(test_listing_of_too_many_entries),
		LISTING(test_listing_and_viewer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
