/* Compressed siblings: FILE.gz in place of FILE. */
#include "unit.h"
#include "web_dir.h"

#include <stdio.h>
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

static void get_gzip(const char *target, const char *range)
{
	web_fetch(&web, &reply, &(struct web_ask){.target = target, .gzip = true, .range = range});
}

#define assert_field(name, value) assert_span(web_field(&reply, name), span_str(value))
#define assert_no_field(name) assert_null(web_field(&reply, name).at)
#define assert_body(text) assert_span(span_of(reply.body, reply.len), span_str(text))

enum { T = 1700000000 };

static void fill_gz(void)
{
	web_text(&web, "root/a.js", "plain text");
	web_text(&web, "root/a.js.gz", "packed");
	web_touch(&web, "root/a.js", T, 5);
	web_touch(&web, "root/a.js.gz", T, 5);
}

static void test_gz(void **state)
{
	(void)state;
	char etag[64];
	fill_gz();
	get("/a.js");
	assert_body("plain text");
	assert_field("Vary", "Accept-Encoding");
	assert_no_field("Content-Encoding");
	struct span tag = web_field(&reply, "ETag");
	snprintf(etag, sizeof(etag), "%.*s", (int)tag.len, (char *)tag.at);

	get_gzip("/a.js", NULL);
	assert_int_equal(reply.status, 200);
	assert_body("packed");
	assert_field("Content-Length", "6");
	assert_field("Content-Encoding", "gzip");
	assert_field("Content-Type", "text/javascript; charset=utf-8");
	assert_field("Vary", "Accept-Encoding");
	assert_no_field("Accept-Ranges");
	assert_false(span_eq(web_field(&reply, "ETag"), span_str(etag)));

	/* the tag of one is no proof of having the other */
	web_fetch(&web, &reply,
	          &(struct web_ask){.target = "/a.js", .gzip = true, .none_match = etag});
	assert_int_equal(reply.status, 200);
	web_fetch(&web, &reply, &(struct web_ask){.target = "/a.js", .none_match = etag});
	assert_int_equal(reply.status, 304);
	assert_field("Vary", "Accept-Encoding");
}

static void test_gz_and_ranges(void **state)
{
	(void)state;
	fill_gz();
	get_gzip("/a.js", "bytes=0-3");
	assert_int_equal(reply.status, 206);
	assert_body("plai");
	assert_field("Content-Range", "bytes 0-3/10");
	assert_no_field("Content-Encoding");
	assert_field("Vary", "Accept-Encoding");
	get_gzip("/a.js", "bytes=0-1,3-4");
	assert_int_equal(reply.status, 200);
	assert_body("plain text");
}

static void test_gz_that_is_stale(void **state)
{
	(void)state;
	fill_gz();
	web_touch(&web, "root/a.js.gz", T, 4);
	get_gzip("/a.js", NULL);
	assert_body("plain text");
	assert_no_field("Vary");
	web_touch(&web, "root/a.js.gz", T - 1, 6);
	get_gzip("/a.js", NULL);
	assert_body("plain text");
	web_touch(&web, "root/a.js.gz", T + 1, 0);
	get_gzip("/a.js", NULL);
	assert_body("packed");
}

static void test_gz_that_is_no_file(void **state)
{
	(void)state;
	char path[WEB_PATH];
	web_text(&web, "secret.gz", "secret");
	web_text(&web, "root/a.js", "plain");
	web_link(&web, "../secret.gz", "root/a.js.gz");
	get_gzip("/a.js", NULL);
	assert_body("plain");
	assert_int_equal(unlink(web_path(&web, "root/a.js.gz", path)), 0);
	web_mkdir(&web, "root/a.js.gz");
	get_gzip("/a.js", NULL);
	assert_body("plain");
	assert_no_field("Vary");
}

static void test_gz_itself(void **state)
{
	(void)state;
	fill_gz();
	get_gzip("/a.js.gz", NULL);
	assert_body("packed");
	assert_field("Content-Type", "application/gzip");
	assert_no_field("Content-Encoding");
	web_text(&web, "root/only.js.gz", "packed");
	get_gzip("/only.js", NULL);
	assert_int_equal(reply.status, 404);
}

static void test_gz_of_an_index(void **state)
{
	(void)state;
	web_text(&web, "root/index.html", "plain");
	web_text(&web, "root/index.html.gz", "packed");
	get_gzip("/", NULL);
	assert_body("packed");
	assert_field("Content-Type", "text/html; charset=utf-8");
	assert_field("Content-Security-Policy", FILES_CSP);
}

int main(void)
{
#define WEB(fn) cmocka_unit_test_setup_teardown((fn), open_web, close_web)
	const struct CMUnitTest tests[] = {
		WEB(test_gz),
		WEB(test_gz_and_ranges),
		WEB(test_gz_that_is_stale),
		WEB(test_gz_that_is_no_file),
		WEB(test_gz_itself),
		WEB(test_gz_of_an_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
