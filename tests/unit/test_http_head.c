/* http_head: the rows of http_head_rows.h whole, byte by byte and at every cut; limits; a valid
 * handshake broken in every way of one bit, one byte or one cut.
 */
#include "unit/unit.h"
#include "unit/http_head_rows.h"

#include "../../src/wire/http_fields.h"
#include "../../src/wire/http_scan.h"
#include "wire/http_head.h"
#include "wire/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- one line for a parsed head ---- */

struct line {
	char text[1024];
	size_t len;
};

static void put(struct line *l, const char *name, struct span s)
{
	int n = snprintf(l->text + l->len, sizeof l->text - l->len, "%s%s%.*s", l->len ? " " : "",
	                 name, (int)s.len, (const char *)s.at);
	if (n < 0 || (size_t)n >= sizeof l->text - l->len)
		abort();
	l->len += (size_t)n;
}

static void put_if(struct line *l, const char *name, struct span s)
{
	if (s.at)
		put(l, name, s);
}

static void put_head(struct line *l, const struct http_head *h)
{
	static const char *const methods[] = {"OTHER", "GET", "HEAD"};
	put(l, methods[h->method], span_of(NULL, 0));
	put(l, "", h->target);
	put_if(l, "1.0", h->minor == 0 ? span_str("") : span_of(NULL, 0));
	put_if(l, "keep", h->keep_alive ? span_str("") : span_of(NULL, 0));
	put_if(l, "upgrade", h->upgrade ? span_str("") : span_of(NULL, 0));
	put_if(l, "gzip", h->accept_gzip ? span_str("") : span_of(NULL, 0));
	put_if(l, "host=", h->host);
	put_if(l, "origin=", h->origin);
	put_if(l, "range=", h->range);
	put_if(l, "if_range=", h->if_range);
	put_if(l, "none=", h->if_none_match);
	put_if(l, "since=", h->if_modified_since);
	put_if(l, "agent=", h->user_agent);
	put_if(l, "key=", h->ws_key);
	put_if(l, "ver=", h->ws_version);
	for (unsigned i = 0; i < h->ws_protocols; i++)
		put(l, "proto=", h->ws_protocol[i]);
}

/* Parses a head and holds h to its header: what it points at lies in the head, a refusal has a
 * status and a sentence and keeps nothing alive. */
static void parse(struct line *l, struct span head)
{
	struct http_head h;
	memset(&h, 0xa5, sizeof h);
	l->len = 0;
	int r = http_head_parse(&h, head);
	if (r == 0) {
		assert_int_equal(h.status, 0);
		assert_int_equal(h.major, 1);
		assert_true(h.target.at > head.at &&
		            h.target.at + h.target.len < head.at + head.len);
		put_head(l, &h);
		return;
	}
	char status[16];
	assert_int_equal(r, -EBADMSG);
	assert_true(h.status >= 400 && h.status < 600);
	assert_false(h.keep_alive || h.upgrade);
	snprintf(status, sizeof status, "%u ", h.status);
	put(l, status, span_str(h.error));
}

/* What arrives is collected as front does it: ask for the end after every piece. */
static void run_row(void *ctx, const struct span *pieces, size_t n)
{
	const struct row *row = ctx;
	struct line l = {"more", 4};
	struct edge e;
	uint8_t room[HTTP_HEAD_MAX];
	size_t len = 0, seen = 0, end = 0;
	edge_init(&e, row->len);
	for (size_t i = 0; i < n && end == 0; i++) {
		if (pieces[i].len)
			memcpy(room + len, pieces[i].at, pieces[i].len);
		len += pieces[i].len;
		end = http_head_end(edge_copy(&e, span_of(room, len)), seen, &seen);
	}
	assert_true(end <= len);
	if (end)
		parse(&l, edge_copy(&e, span_of(room, end)));
	edge_done(&e);
	if (strcmp(l.text, row->want) == 0)
		return;
	print_error("%s\n  have %s\n  want %s\n", row->name, l.text, row->want);
	fail_msg("read differently");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct row row = rows[i];
		unit_cuts(span_of(row.bytes, row.len), run_row, &row);
	}
}

/* RAW rows do not get past the first look, all others do. */
static void test_raw_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_scan scan;
		size_t seen, end;
		struct span b = span_of(rows[i].bytes, rows[i].len);
		unit_note("%s", rows[i].name);
		end = http_head_end(b, 0, &seen);
		const struct http_fault *fault = http_scan(&scan, span_of(b.at, end));
		assert_int_equal(fault != NULL, (rows[i].marks & RAW) != 0);
	}
	unit_note_clear();
}

static size_t put_many(char *at, const char *text, size_t times)
{
	size_t n = strlen(text);
	for (size_t i = 0; i < times; i++)
		memcpy(at + i * n, text, n);
	return n * times;
}

/* What llhttp makes of the rows that are refused, on its own: those marked LLHTTP it lets through. A
 * version other than 9.2 may be stricter. */
static void test_llhttp_rows(void **state)
{
	(void)state;
	struct http_fields *f = calloc(1, sizeof *f);
	assert_non_null(f);
	if (strncmp(wire_llhttp_version(), "9.2.", 4) != 0)
		print_message("not llhttp 9.2: marks not checked\n");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t seen;
		struct span b = span_of(rows[i].bytes, rows[i].len);
		if (strncmp(wire_llhttp_version(), "9.2.", 4) != 0 || rows[i].want[0] >= 'A')
			continue;
		unit_note("%s", rows[i].name);
		b.len = http_head_end(b, 0, &seen);
		bool passed = http_fields_read(f, b) == NULL;
		assert_int_equal(passed, (rows[i].marks & LLHTTP) != 0);
	}
	unit_note_clear();
	free(f);
}

/* What http_scan never hands on does not get past its array either. */
static void test_fields_alone(void **state)
{
	(void)state;
	struct http_fields *f = calloc(1, sizeof *f);
	char *at = malloc(HTTP_HEAD_MAX);
	assert_non_null(f);
	assert_non_null(at);
	size_t n = put_many(at, GET HOST, 1);
	n += put_many(at + n, "X: y\r\n", HTTP_HEADERS_MAX - 1);
	size_t full = n;
	n += put_many(at + n, END, 1);
	assert_null(http_fields_read(f, span_of(at, n)));
	assert_int_equal(f->n, HTTP_HEADERS_MAX);
	assert_non_null(http_fields_read(f, span_of(at, n - 1)));
	n = full + put_many(at + full, "X: y\r\n\r\n", 1);
	assert_non_null(http_fields_read(f, span_of(at, n)));
	assert_int_equal(f->n, HTTP_HEADERS_MAX);
	free(at);
	free(f);
}

/* ---- limits ---- */

/* "GET /xxx… HTTP/1.1", a header of `value` bytes, the end; returns the length. */
static size_t make_head(char *at, size_t target, size_t value, bool end)
{
	size_t n = put_many(at, "GET /", 1);
	n += put_many(at + n, "x", target - 1);
	n += put_many(at + n, " HTTP/1.1\r\n" HOST "X: ", 1);
	n += put_many(at + n, "y", value);
	return n + put_many(at + n, end ? "\r\n\r\n" : "", 1);
}

static void check_limit(struct span head, bool ended, const char *want)
{
	struct line l;
	size_t seen;
	assert_int_equal(http_head_end(head, 0, &seen), ended ? head.len : 0);
	assert_int_equal(seen, head.len);
	parse(&l, head);
	if (strncmp(l.text, want, strlen(want)) != 0)
		fail_msg("%.60s instead of %s", l.text, want);
}

static void test_limits(void **state)
{
	(void)state;
	char *at = malloc(3 * HTTP_HEAD_MAX);
	assert_non_null(at);
	size_t n = make_head(at, HTTP_TARGET_MAX, 10, true);
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_of(at, n)), 0);
	assert_int_equal(h.target.len, HTTP_TARGET_MAX);
	n = make_head(at, HTTP_TARGET_MAX + 1, 10, true);
	check_limit(span_of(at, n), true, "414 ");

	size_t rest = make_head(at, 1, 0, true);
	n = make_head(at, 1, HTTP_HEAD_MAX - rest, true);
	assert_int_equal(n, HTTP_HEAD_MAX);
	assert_int_equal(http_head_parse(&h, span_of(at, n)), 0);
	n = make_head(at, 1, HTTP_HEAD_MAX - rest + 1, true);
	check_limit(span_of(at, n), true, "431 ");
	/* full, and no end in sight */
	make_head(at, 1, HTTP_HEAD_MAX, false);
	check_limit(span_of(at, HTTP_HEAD_MAX), false, "431 ");
	make_head(at, 2 * HTTP_HEAD_MAX, 0, false);
	check_limit(span_of(at, HTTP_HEAD_MAX), false, "414 ");
	/* not full: it is only not whole */
	make_head(at, 1, HTTP_HEAD_MAX, false);
	check_limit(span_of(at, HTTP_HEAD_MAX - 1), false, "400 ");
	free(at);
}

static void test_number_of_headers(void **state)
{
	(void)state;
	char *at = malloc(HTTP_HEAD_MAX);
	struct http_head h;
	assert_non_null(at);
	for (size_t more = 0; more <= HTTP_HEADERS_MAX; more++) {
		size_t n = put_many(at, GET HOST, 1);
		n += put_many(at + n, "X: y\r\n", more);
		n += put_many(at + n, END, 1);
		bool ok = more + 1 <= HTTP_HEADERS_MAX;
		assert_int_equal(http_head_parse(&h, span_of(at, n)), ok ? 0 : -EBADMSG);
		assert_int_equal(h.status, ok ? 0 : 431);
	}
	free(at);
}

/* The frames behind a head are not part of it; a second request is not either. */
static void test_end_only(void **state)
{
	(void)state;
	static const char next[] = GET HOST END "\x81\x80\n\r\n\r\nGET";
	size_t seen = 0;
	assert_int_equal(http_head_end(span_of(next, sizeof next - 1), 0, &seen),
	                 strlen(GET HOST END));
	assert_int_equal(http_head_end(span_of(NULL, 0), 0, &seen), 0);
	assert_int_equal(http_head_end(span_str("\r\n\r\n"), 0, &seen), 0);
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_of(next, sizeof next - 1)), -EBADMSG);
	assert_int_equal(http_head_parse(&h, span_of(NULL, 0)), -EBADMSG);
}

/* What was understood before the fault is there, for the log. */
static void test_what_failed_is_known(void **state)
{
	(void)state;
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_str("HEAD /secret HTTP/1.1\r\nX : y\r\n\r\n")),
	                 -EBADMSG);
	assert_span_is(h.target, "/secret");
	assert_span_is(h.method_text, "HEAD");
	assert_int_equal(h.method, HTTP_HEAD);
	assert_int_equal(http_head_parse(&h, span_str("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n")),
	                 -EBADMSG);
	assert_span_is(h.method_text, "BREW");
	assert_int_equal(h.method, HTTP_OTHER);
}

/* ---- a valid handshake, broken in every way of one bit or one cut ---- */

static const char handshake[] = "GET /websockify?token=abc HTTP/1.1\r\n"
				"Host: 127.0.0.1:6080\r\n"
				"Connection: keep-alive, Upgrade\r\n"
				"Upgrade: websocket\r\n"
				"Origin: http://127.0.0.1:6080\r\n"
				"Sec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				"Sec-WebSocket-Protocol: binary, base64\r\n"
				"\r\n";

/* Said again, shortly: lines end in CR LF and only there, and every one of them but the first has
 * a colon behind a name without blanks. */
static bool is_tidy(struct span s)
{
	bool named = true; /* the request line has no name */
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i], before = i ? s.at[i - 1] : 0,
			after = i + 1 < s.len ? s.at[i + 1] : 0;
		if (c < ' ' && c != '\t' && !(c == '\r' && after == '\n') &&
		    !(c == '\n' && before == '\r'))
			return false;
		if (!named && (c == ' ' || c == '\t' || (c == ':' && before == '\n')))
			return false;
		named = c != '\n' && (named || c == ':');
	}
	return true;
}

static void test_every_bit_flip(void **state)
{
	(void)state;
	enum { LEN = sizeof handshake - 1 };
	struct edge e;
	unsigned accepted = 0;
	edge_init(&e, LEN);
	for (size_t bit = 0; bit < 8 * LEN; bit++) {
		struct span b = edge_copy(&e, span_of(handshake, LEN));
		b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		size_t seen, end = http_head_end(b, 0, &seen);
		struct http_head h;
		unit_note("bit %zu", bit);
		if (end == 0 || http_head_parse(&h, span_of(b.at, end)) != 0)
			continue;
		accepted++;
		assert_int_equal(end, LEN);
		assert_true(is_tidy(b));
	}
	unit_note_clear();
	assert_in_range(accepted, 500, 2000); /* most bits of values may be anything */
	edge_done(&e);
}

static void test_every_truncation(void **state)
{
	(void)state;
	struct edge e;
	edge_init(&e, sizeof handshake);
	for (size_t n = 0; n < sizeof handshake - 1; n++) {
		struct span b = edge_copy(&e, span_of(handshake, n));
		struct http_head h;
		size_t seen;
		unit_note("first %zu bytes", n);
		assert_int_equal(http_head_end(b, 0, &seen), 0);
		assert_int_equal(http_head_parse(&h, b), -EBADMSG);
		assert_int_equal(h.status, 400);
	}
	unit_note_clear();
	edge_done(&e);
}

/* Every byte in every place of a small head; accepted ones are tidy. */
static void test_every_byte(void **state)
{
	(void)state;
	static const char small[] = "GET /x HTTP/1.1\r\nHost: a\r\nY: z\r\n\r\n";
	for (size_t i = 0; i < sizeof small - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			char bytes[sizeof small];
			struct http_head h;
			memcpy(bytes, small, sizeof small);
			bytes[i] = (char)c;
			struct span b = span_of(bytes, sizeof small - 1);
			unit_note("byte %02x at %zu", c, i);
			if (http_head_parse(&h, b) == 0)
				assert_true(is_tidy(b));
			else
				assert_true(h.status >= 400 && h.error != NULL);
		}
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rows),           UNIT(test_raw_rows),
		UNIT(test_llhttp_rows),    UNIT(test_fields_alone),
		UNIT(test_limits),         UNIT(test_number_of_headers),
		UNIT(test_end_only),       UNIT(test_what_failed_is_known),
		UNIT(test_every_bit_flip), UNIT(test_every_truncation),
		UNIT(test_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
