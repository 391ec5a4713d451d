/* What an answer says: fields, conditions, ranges, compressed siblings, folders. */
#include "unit.h"
#include "web_dir.h"

#include "wire/http_reply.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHANGED = 1700000000 };
#define CHANGED_DATE "Tue, 14 Nov 2023 22:13:20 GMT"
#define BEFORE_DATE "Tue, 14 Nov 2023 22:13:19 GMT"
#define AFTER_DATE "Tue, 14 Nov 2023 22:13:21 GMT"

static struct web web;
static struct web_reply reply, other;

static int open_web(void **state)
{
	unit_begin(state);
	web_init(&web);
	web_text(&web, "root/a.txt", "0123456789");
	web_touch(&web, "root/a.txt", CHANGED, 500);
	web_text(&web, "root/page.html", "<p>page");
	web_text(&web, "root/empty.js", "");
	web_open(&web, false);
	return 0;
}

static int close_web(void **state)
{
	web_done(&web);
	return unit_end(state);
}

static void get(const char *target)
{
	web_get(&web, &reply, target);
}

static void ask(struct web_ask a)
{
	web_fetch(&web, &reply, &a);
}

#define assert_field(name, value) assert_span(web_field(&reply, name), span_str(value))
#define assert_no_field(name) assert_null(web_field(&reply, name).at)
#define assert_body(text) assert_span(span_of(reply.body, reply.len), span_str(text))

/* The value of ETag, as a string. */
static const char *etag(const struct web_reply *r, char out[64])
{
	struct span s = web_field(r, "ETag");
	snprintf(out, 64, "%.*s", (int)s.len, s.at ? (const char *)s.at : "");
	assert_true(s.len > 2);
	return out;
}

static void test_fields(void **state)
{
	(void)state;
	int64_t date, now = time(NULL);
	get("/a.txt");
	assert_int_equal(reply.status, 200);
	assert_int_equal(strncmp(reply.head, "HTTP/1.1 200 OK\r\n", 17), 0);
	assert_string_equal(reply.head + reply.head_len - 4, "\r\n\r\n");
	assert_int_equal(http_date_parse(web_field(&reply, "Date"), &date), 0);
	assert_in_range(date, now - 1, now + 60);
	assert_field("Content-Type", "text/plain; charset=utf-8");
	assert_field("Content-Length", "10");
	assert_field("Last-Modified", CHANGED_DATE);
	assert_field("Accept-Ranges", "bytes");
	assert_field("Cache-Control", "no-cache");
	assert_field("X-Content-Type-Options", "nosniff");
	assert_int_equal(web_field(&reply, "ETag").at[0], '"'); /* strong */
	assert_no_field("Vary");
	assert_no_field("Content-Encoding");
	assert_no_field("Content-Range");
	assert_no_field("Connection");
	assert_no_field("Content-Security-Policy");
	assert_body("0123456789");
}

static void test_pages_have_a_policy(void **state)
{
	(void)state;
	get("/page.html");
	assert_field("Content-Security-Policy", FILES_CSP);
	assert_field("Referrer-Policy", "no-referrer");
	assert_field("Content-Type", "text/html; charset=utf-8");
	assert_no_field("X-Frame-Options"); /* people embed consoles */
	assert_null(strstr(FILES_CSP, "frame-ancestors"));
	char tag[64];
	ask((struct web_ask){.target = "/page.html", .none_match = etag(&reply, tag)});
	assert_int_equal(reply.status, 304);
	assert_field("Content-Security-Policy", FILES_CSP);
}

/* All but the body and the second it was made in. */
static void without_date(struct web_reply *r)
{
	char *date = strstr(r->head, "\r\nDate: ");
	assert_non_null(date);
	memset(date + 8, '-', HTTP_DATE - 1);
}

static void test_head_is_get_without_body(void **state)
{
	(void)state;
	static const char *const targets[] = {"/a.txt",   "/page.html", "/empty.js",
	                                      "/missing", "/",          "/../x"};
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		unit_note("%s", targets[i]);
		get(targets[i]);
		web_fetch(&web, &other, &(struct web_ask){.method = "HEAD", .target = targets[i]});
		without_date(&reply);
		without_date(&other);
		char *end = strstr(reply.head, "\r\n\r\n"); /* an error's body follows */
		assert_non_null(end);
		assert_span(span_of(other.head, other.head_len),
		            span_of(reply.head, (size_t)(end - reply.head) + 4));
		assert_int_equal(other.len, 0);
		assert_int_equal(other.left, 0);
	}
	unit_note_clear();
}

static void test_head_ignores_ranges(void **state)
{
	(void)state;
	ask((struct web_ask){.method = "HEAD", .target = "/a.txt", .range = "bytes=0-1"});
	assert_int_equal(reply.status, 200);
	assert_field("Content-Length", "10");
}

static void test_empty_file(void **state)
{
	(void)state;
	get("/empty.js");
	assert_int_equal(reply.status, 200);
	assert_field("Content-Length", "0");
	assert_int_equal(reply.len, 0);
	ask((struct web_ask){.target = "/empty.js", .range = "bytes=0-"});
	assert_int_equal(reply.status, 416);
	assert_field("Content-Range", "bytes */0");
}

static void test_close(void **state)
{
	(void)state;
	static const char *const targets[] = {"/a.txt", "/missing", "/../x", "/sub"};
	web_mkdir(&web, "root/sub");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		ask((struct web_ask){.target = targets[i], .close = true});
		assert_field("Connection", "close");
	}
	ask((struct web_ask){.target = "/a.txt", .none_match = "*", .close = true});
	assert_int_equal(reply.status, 304);
	assert_field("Connection", "close");
	ask((struct web_ask){.target = "/a.txt", .range = "bytes=99-", .close = true});
	assert_int_equal(reply.status, 416);
	assert_field("Connection", "close");
}

static void test_errors_are_readable(void **state)
{
	(void)state;
	get("/missing");
	assert_int_equal(reply.status, 404);
	assert_field("Content-Type", "text/plain; charset=utf-8");
	assert_field("X-Content-Type-Options", "nosniff");
	assert_field("Cache-Control", "no-cache");
	const char *body = strstr(reply.head, "\r\n\r\n");
	assert_non_null(body);
	char length[32];
	snprintf(length, sizeof(length), "%zu", strlen(body + 4));
	assert_true(strlen(body + 4) > 10);
	assert_field("Content-Length", length);
}

/* @ stands for the file's own tag. */
static const struct {
	const char *none_match, *since;
	unsigned status;
} conditions[] = {
	{NULL, NULL, 200},
	{"@", NULL, 304},
	{"W/@", NULL, 304},
	{"*", NULL, 304},
	{"\"x\", @", NULL, 304},
	{"\"x\"", NULL, 200},
	{"", NULL, 200},
	{"nonsense", NULL, 200},
	{NULL, CHANGED_DATE, 304},
	{NULL, AFTER_DATE, 304},
	{NULL, BEFORE_DATE, 200},
	{NULL, "Tuesday, 14-Nov-23 22:13:20 GMT", 200}, /* obsolete, not read */
	{NULL, "nonsense", 200},
	{NULL, "", 200},
	{NULL, "Fri, 31 Dec 9999 23:59:59 GMT", 304},
	/* If-None-Match goes first, whatever the date says */
	{"\"x\"", CHANGED_DATE, 200},
	{"\"x\"", AFTER_DATE, 200},
	{"@", BEFORE_DATE, 304},
	{"", CHANGED_DATE, 200},
};

/* Replaces @ by tag. */
static const char *with_tag(const char *pattern, const char *tag, char out[128])
{
	if (!pattern)
		return NULL;
	const char *at = strchr(pattern, '@');
	if (!at)
		return pattern;
	snprintf(out, 128, "%.*s%s%s", (int)(at - pattern), pattern, tag, at + 1);
	return out;
}

static void test_conditions(void **state)
{
	(void)state;
	char tag[64], value[128];
	get("/a.txt");
	etag(&reply, tag);
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		unit_note("row %zu", i);
		ask((struct web_ask){.target = "/a.txt",
		                     .none_match = with_tag(conditions[i].none_match, tag, value),
		                     .since = conditions[i].since});
		assert_int_equal(reply.status, conditions[i].status);
		assert_field("ETag", tag);
		assert_field("Last-Modified", CHANGED_DATE);
		assert_field("Cache-Control", "no-cache");
		if (reply.status == 304) {
			assert_int_equal(reply.len, 0);
			assert_no_field("Content-Length");
			assert_no_field("Content-Type");
		} else {
			assert_body("0123456789");
		}
	}
	unit_note_clear();
}

static void test_condition_of_head(void **state)
{
	(void)state;
	ask((struct web_ask){.method = "HEAD", .target = "/a.txt", .since = CHANGED_DATE});
	assert_int_equal(reply.status, 304);
}

/* Every kind of change gives another tag, also one within the same second. */
static void test_tag_follows_changes(void **state)
{
	(void)state;
	char tags[4][64], path[WEB_PATH], to[WEB_PATH];
	get("/a.txt");
	etag(&reply, tags[0]);
	web_touch(&web, "root/a.txt", CHANGED, 501);
	get("/a.txt");
	etag(&reply, tags[1]);
	web_text(&web, "root/a.txt", "01234567890");
	web_touch(&web, "root/a.txt", CHANGED, 501);
	get("/a.txt");
	etag(&reply, tags[2]);
	web_text(&web, "root/new", "01234567890");
	web_touch(&web, "root/new", CHANGED, 501);
	assert_int_equal(rename(web_path(&web, "root/new", path), web_path(&web, "root/a.txt", to)),
	                 0);
	get("/a.txt");
	etag(&reply, tags[3]);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tags[i], tags[j]);
}

/* A file from the future was not changed later than now (RFC 9110 8.8.2.1). */
static void test_future(void **state)
{
	(void)state;
	int64_t changed, now;
	web_touch(&web, "root/a.txt", time(NULL) + 86400, 0);
	get("/a.txt");
	assert_int_equal(http_date_parse(web_field(&reply, "Last-Modified"), &changed), 0);
	assert_int_equal(http_date_parse(web_field(&reply, "Date"), &now), 0);
	assert_int_equal(changed, now);
}

static const struct {
	const char *range, *if_range;
	unsigned status;
	const char *content_range, *body;
} ranges[] = {
	{"bytes=0-3", NULL, 206, "bytes 0-3/10", "0123"},
	{"bytes=8-", NULL, 206, "bytes 8-9/10", "89"},
	{"bytes=-3", NULL, 206, "bytes 7-9/10", "789"},
	{"bytes=4-99", NULL, 206, "bytes 4-9/10", "456789"},
	{"bytes=0-9", NULL, 206, "bytes 0-9/10", "0123456789"},
	{"bytes=10-", NULL, 416, "bytes */10", NULL},
	{"bytes=-0", NULL, 416, "bytes */10", NULL},
	{"bytes=0-1,4-5", NULL, 200, NULL, "0123456789"},
	{"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0", NULL, 200, NULL, "0123456789"},
	{"nonsense", NULL, 200, NULL, "0123456789"},
	{"", NULL, 200, NULL, "0123456789"},
	{"bytes=0-3", "@", 206, "bytes 0-3/10", "0123"},
	{"bytes=0-3", "W/@", 200, NULL, "0123456789"},
	{"bytes=0-3", "\"x\"", 200, NULL, "0123456789"},
	{"bytes=0-3", "*", 200, NULL, "0123456789"},
	{"bytes=0-3", "", 200, NULL, "0123456789"},
	{"bytes=0-3", CHANGED_DATE, 206, "bytes 0-3/10", "0123"},
	{"bytes=0-3", AFTER_DATE, 200, NULL, "0123456789"},
	{"bytes=0-3", BEFORE_DATE, 200, NULL, "0123456789"},
	{"bytes=99-", "\"x\"", 200, NULL, "0123456789"}, /* no longer asked for */
	{"bytes=99-", "@", 416, "bytes */10", NULL},
	{NULL, "@", 200, NULL, "0123456789"},
};

static void test_ranges(void **state)
{
	(void)state;
	char tag[64], value[128], length[32];
	get("/a.txt");
	etag(&reply, tag);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		unit_note("row %zu", i);
		ask((struct web_ask){.target = "/a.txt",
		                     .range = ranges[i].range,
		                     .if_range = with_tag(ranges[i].if_range, tag, value)});
		assert_int_equal(reply.status, ranges[i].status);
		if (ranges[i].content_range)
			assert_field("Content-Range", ranges[i].content_range);
		else
			assert_no_field("Content-Range");
		if (!ranges[i].body) {
			assert_int_equal(reply.len, 0);
			continue;
		}
		assert_body(ranges[i].body);
		snprintf(length, sizeof(length), "%zu", strlen(ranges[i].body));
		assert_field("Content-Length", length);
		assert_field("ETag", tag);
	}
	unit_note_clear();
}

/* The date of a file that changed just now could stand for two contents. */
static void test_if_range_date_must_be_strong(void **state)
{
	(void)state;
	char date[HTTP_DATE];
	int64_t now = time(NULL) + 5; /* clamped to the second of the answer */
	web_touch(&web, "root/a.txt", now, 0);
	for (int64_t at = now - 5; at <= now; at++) {
		http_date(date, at);
		ask((struct web_ask){.target = "/a.txt", .range = "bytes=0-1", .if_range = date});
		assert_int_equal(reply.status, 200);
	}
}

/* A 304 goes before a range (RFC 9110 13.2.2). */
static void test_condition_before_range(void **state)
{
	(void)state;
	ask((struct web_ask){.target = "/a.txt", .range = "bytes=99-", .since = CHANGED_DATE});
	assert_int_equal(reply.status, 304);
}

int main(void)
{
#define WEB(fn) cmocka_unit_test_setup_teardown((fn), open_web, close_web)
	const struct CMUnitTest tests[] = {
		WEB(test_fields),
		WEB(test_pages_have_a_policy),
		WEB(test_head_is_get_without_body),
		WEB(test_head_ignores_ranges),
		WEB(test_empty_file),
		WEB(test_close),
		WEB(test_errors_are_readable),
		WEB(test_conditions),
		WEB(test_condition_of_head),
		WEB(test_tag_follows_changes),
		WEB(test_future),
		WEB(test_ranges),
		WEB(test_if_range_date_must_be_strong),
		WEB(test_condition_before_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
