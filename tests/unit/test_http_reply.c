/* http_reply: bytes on the wire, and dates against the C library's calendar. */
#include "unit/unit.h"

#include "wire/http_reply.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define WHEN 784111777 /* RFC 9110 5.6.7's own example */
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: websplice\r\n"

struct reply {
	char room[1024];
	struct str s;
};

static struct str *start(struct reply *r)
{
	str_init(&r->s, r->room, sizeof r->room);
	return &r->s;
}

static void test_plain(void **state)
{
	(void)state;
	struct reply r;
	struct str *s = start(&r);
	http_reply_start(s, 200, WHEN);
	http_reply_field(s, "ETag", "\"x\"");
	http_reply_number(s, "Content-Length", 0);
	http_reply_number(s, "X-Big", UINT64_MAX);
	http_reply_end(s);
	assert_string_equal(r.room,
	                    "HTTP/1.1 200 OK\r\n" DATE "ETag: \"x\"\r\nContent-Length: 0\r\n"
	                    "X-Big: 18446744073709551615\r\n\r\n");
	assert_false(s->cut);
}

static void test_error(void **state)
{
	(void)state;
	struct reply r;
	http_reply_error(start(&r), 405, "only GET and HEAD", WHEN, false, true,
	                 "Allow: GET, HEAD\r\n");
	assert_string_equal(r.room, "HTTP/1.1 405 Method Not Allowed\r\n" DATE
	                            "Content-Type: text/plain; charset=utf-8\r\n"
	                            "Content-Length: 18\r\n"
	                            "X-Content-Type-Options: nosniff\r\n"
	                            "Connection: close\r\n"
	                            "Allow: GET, HEAD\r\n"
	                            "\r\n"
	                            "only GET and HEAD\n");
	http_reply_error(start(&r), 404, "no \xc3\xa4", WHEN, false, false, NULL);
	assert_string_equal(r.room, "HTTP/1.1 404 Not Found\r\n" DATE
	                            "Content-Type: text/plain; charset=utf-8\r\n"
	                            "Content-Length: 6\r\n"
	                            "X-Content-Type-Options: nosniff\r\n"
	                            "\r\n"
	                            "no \xc3\xa4\n");
}

/* The head a HEAD request gets is the one a GET would have got, and nothing behind it. */
static void test_error_head_only(void **state)
{
	(void)state;
	struct reply get, head;
	http_reply_error(start(&get), 404, "nothing here", WHEN, false, false, NULL);
	http_reply_error(start(&head), 404, "nothing here", WHEN, true, false, NULL);
	assert_int_equal(head.s.len + strlen("nothing here\n"), get.s.len);
	assert_memory_equal(head.room, get.room, head.s.len);
	assert_memory_equal(head.room + head.s.len - 4, "\r\n\r\n", 4);
}

static void test_upgrade(void **state)
{
	(void)state;
	struct reply r;
	static const char *const protos[] = {
		[WS_PROTO_NONE] = "",
		[WS_PROTO_BINARY] = "Sec-WebSocket-Protocol: binary\r\n",
		[WS_PROTO_BASE64] = "Sec-WebSocket-Protocol: base64\r\n",
	};
	for (enum ws_proto p = WS_PROTO_NONE; p <= WS_PROTO_BASE64; p++) {
		char want[512];
		snprintf(want, sizeof want,
		         "HTTP/1.1 101 Switching Protocols\r\n"
		         "Server: websplice\r\n"
		         "Upgrade: websocket\r\n"
		         "Connection: Upgrade\r\n"
		         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		         "%s\r\n",
		         protos[p]);
		http_reply_upgrade(start(&r), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", p);
		assert_string_equal(r.room, want);
	}
}

/* Too little room: cut, known to be, and nothing written beyond. */
static void test_no_room(void **state)
{
	(void)state;
	struct edge e;
	struct str s;
	edge_init(&e, 64);
	for (size_t n = 1; n <= 64; n++) {
		str_init(&s, edge_span(&e, n).at, n);
		http_reply_error(&s, 500, "no room", WHEN, false, true, "X: y\r\n");
		assert_true(s.cut);
		assert_int_equal(s.len, n - 1);
	}
	edge_done(&e);
}

/* Every status we send has the name RFC 9110 gives it; others have none. */
static void test_reasons(void **state)
{
	(void)state;
	static const struct {
		unsigned status;
		const char *name;
	} rows[] = {
		{101, "Switching Protocols"},
		{200, "OK"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{426, "Upgrade Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};
	size_t known = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(http_reason(rows[i].status), rows[i].name);
	for (unsigned status = 0; status < 1000; status++)
		known += strcmp(http_reason(status), "Unknown") != 0;
	assert_int_equal(known, sizeof rows / sizeof rows[0]);
}

/* ---- dates ---- */

static void by_library(char out[HTTP_DATE], int64_t when)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)when;
	struct tm tm;
	assert_non_null(gmtime_r(&t, &tm));
	assert_in_range(tm.tm_year + 1900, 1970, 9999);
	snprintf(out, HTTP_DATE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
	         (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
	         (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	         (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static void check_date(int64_t when)
{
	char have[HTTP_DATE], want[HTTP_DATE];
	int64_t again = -1;
	http_date(have, when);
	by_library(want, when);
	unit_note("%lld", (long long)when);
	assert_string_equal(have, want);
	assert_int_equal(http_date_parse(span_str(have), &again), 0);
	assert_int_equal(again, when);
}

/* Every day from 1970 to 2110, noon and its last second, then every 61st day to 9999. */
static void test_every_day(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 51135; day++) {
		check_date(day * 86400 + 43200);
		check_date(day * 86400 + 86399);
	}
	for (int64_t day = 51135; day < 2932897; day += 61)
		check_date(day * 86400);
	unit_note_clear();
}

static void test_random_seconds(void **state)
{
	(void)state;
	struct rng rng = {11};
	for (unsigned i = 0; i < 20000; i++)
		check_date((int64_t)rng_below(&rng, 253402300800));
	unit_note_clear();
}

static void test_date_limits(void **state)
{
	(void)state;
	char out[HTTP_DATE];
	http_date(out, 0);
	assert_string_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date(out, -1);
	assert_string_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date(out, INT64_MIN);
	assert_string_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date(out, 253402300799);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date(out, 253402300800);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date(out, INT64_MAX);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date(out, 951782400);
	assert_string_equal(out, "Tue, 29 Feb 2000 00:00:00 GMT");
}

static void test_bad_dates(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", /* the two old forms */
		"Sun Nov  6 08:49:37 1994",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 gmt",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
		"Xxx, 06 Nov 1994 08:49:37 GMT",
		"Sun  06 Nov 1994 08:49:37 GMT",
		"Sun, 6  Nov 1994 08:49:37 GMT",
		"Sun,  6 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:60 GMT",
		"Sun, 06 Nov 1994 +8:49:37 GMT",
		"Sun, 06 Nov 1994 08:-9:37 GMT",
		"Sun, 06 Nov 1994 08:49:x7 GMT",
		"Sun, 06 Nov 199x 08:49:37 GMT",
		"Sun, 06 Nov 1994 08.49.37 GMT",
		"Wed, 31 Dec 1969 23:59:59 GMT",
		"Sat, 01 Jan 0000 00:00:00 GMT",
		"Thu, 29 Feb 2001 00:00:00 GMT",
		"Mon, 29 Feb 2100 00:00:00 GMT",
	};
	struct edge e;
	edge_init(&e, 64);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t when = 42;
		unit_note("\"%s\"", rows[i]);
		struct span s = edge_copy(&e, span_str(rows[i]));
		assert_int_equal(http_date_parse(s, &when), -EINVAL);
		assert_int_equal(when, 42);
	}
	unit_note_clear();
	edge_done(&e);
	int64_t when;
	assert_int_equal(http_date_parse(span_of(NULL, 0), &when), -EINVAL);
}

/* Any one byte of a date changed: refused, or another date in the same form. */
static void test_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < HTTP_DATE - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			char text[] = "Sun, 06 Nov 1994 08:49:37 GMT", again[HTTP_DATE];
			int64_t when;
			text[i] = (char)c;
			if (http_date_parse(span_of(text, HTTP_DATE - 1), &when) != 0)
				continue;
			http_date(again, when);
			assert_string_equal(again, text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_plain),     UNIT(test_error),          UNIT(test_error_head_only),
		UNIT(test_upgrade),   UNIT(test_no_room),        UNIT(test_reasons),
		UNIT(test_every_day), UNIT(test_random_seconds), UNIT(test_date_limits),
		UNIT(test_bad_dates), UNIT(test_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
