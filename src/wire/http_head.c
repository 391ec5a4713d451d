/* http_head: the third look at a request head, at what its fields say together; and the door to
 * the first two. */
#include "wire/http_head.h"

#include "http_fields.h"
#include "http_list.h"
#include "http_scan.h"
#include "wire/url.h"

#include <errno.h>

_Static_assert((int)HTTP_HEAD_MAX == (int)HTTP_SCAN_HEAD, "one limit, two names");
_Static_assert((int)HTTP_HEADERS_MAX == (int)HTTP_SCAN_FIELDS, "one limit, two names");
_Static_assert((int)HTTP_TARGET_MAX == (int)HTTP_SCAN_TARGET, "one limit, two names");

static const struct http_fault doubtful = {400, "malformed request head"};
static const struct http_fault twice = {400, "a header that may come once came twice"};
static const struct http_fault no_host = {400, "no Host header"};
static const struct http_fault bad_host = {400, "a Host header that names no host"};
static const struct http_fault other_host = {400, "the address names another host than Host does"};
static const struct http_fault bad_form = {400, "the address does not begin with a slash"};
static const struct http_fault body = {400, "a request body where none belongs"};

/* What the list headers said. */
struct counts {
	bool connection_close, connection_keep_alive, connection_upgrade, upgrade_websocket;
	bool body;
	uint32_t seen; /* bit n: singles[n] */
};

static bool is_word(struct span s, const char *word)
{
	return span_ieq(s, span_str(word));
}

/* ---- the end of a head ---- */

size_t http_head_end(struct span b, size_t seen, size_t *ret_seen)
{
	size_t i = 0;
	while (i < b.len && i < HTTP_SCAN_LEADING && (b.at[i] == '\r' || b.at[i] == '\n'))
		i++;
	*ret_seen = b.len;
	if (i == HTTP_SCAN_LEADING || (i < b.len && !http_is_token(b.at[i])))
		return b.len;
	if (seen > i + 2)
		i = seen - 2; /* the last two may be the "\n\r" of a blank line */
	while (i < b.len) {
		const uint8_t *lf = memchr(b.at + i, '\n', b.len - i);
		if (!lf)
			return 0;
		i = (size_t)(lf - b.at) + 1;
		size_t next = i + (i < b.len && b.at[i] == '\r');
		if (next < b.len && b.at[next] == '\n')
			return next + 1;
	}
	return 0;
}

/* ---- single headers ---- */

static void take_connection(struct counts *c, struct http_head *h, struct span value)
{
	struct span item;
	(void)h;
	while (http_list_next(&value, &item)) {
		c->connection_close |= is_word(item, "close");
		c->connection_keep_alive |= is_word(item, "keep-alive");
		c->connection_upgrade |= is_word(item, "upgrade");
	}
}

static void take_upgrade(struct counts *c, struct http_head *h, struct span value)
{
	struct span item;
	(void)h;
	while (http_list_next(&value, &item))
		c->upgrade_websocket |= is_word(item, "websocket");
}

/* "gzip", "gzip;q=0.5"; a q of nothing but zeros says no (RFC 9110 12.4.2). */
static bool wants_gzip(struct span item)
{
	const uint8_t *semicolon = memchr(item.at, ';', item.len);
	size_t n = semicolon ? (size_t)(semicolon - item.at) : item.len;
	struct span coding = span_trim(span_of(item.at, n));
	if (!is_word(coding, "gzip") && !is_word(coding, "x-gzip"))
		return false;
	for (size_t i = n; i < item.len; i++)
		if (item.at[i] >= '1' && item.at[i] <= '9')
			return true;
	return !semicolon;
}

static void take_accept_encoding(struct counts *c, struct http_head *h, struct span value)
{
	struct span item;
	(void)c;
	while (http_list_next(&value, &item))
		h->accept_gzip |= wants_gzip(item);
}

static void take_protocol(struct counts *c, struct http_head *h, struct span value)
{
	(void)c;
	if (h->ws_protocols < HTTP_LINES)
		h->ws_protocol[h->ws_protocols++] = value;
}

/* llhttp has seen to it that it is one number. */
static void take_length(struct counts *c, struct http_head *h, struct span value)
{
	(void)h;
	for (size_t i = 0; i < value.len; i++)
		c->body |= value.at[i] != '0';
}

static void take_encoding(struct counts *c, struct http_head *h, struct span value)
{
	(void)h;
	(void)value;
	c->body = true;
}

static const struct {
	const char *name;
	void (*take)(struct counts *c, struct http_head *h, struct span value);
} lists[] = {
	{"Connection", take_connection},           {"Upgrade", take_upgrade},
	{"Accept-Encoding", take_accept_encoding}, {"Sec-WebSocket-Protocol", take_protocol},
	{"Content-Length", take_length},           {"Transfer-Encoding", take_encoding},
};

static const struct {
	const char *name;
	size_t at; /* of the span in struct http_head */
	bool list; /* twice is no error, but too much for us */
} singles[] = {
	{"Host", offsetof(struct http_head, host), false},
	{"Origin", offsetof(struct http_head, origin), false},
	{"Range", offsetof(struct http_head, range), false},
	{"If-Range", offsetof(struct http_head, if_range), false},
	{"If-None-Match", offsetof(struct http_head, if_none_match), true},
	{"If-Modified-Since", offsetof(struct http_head, if_modified_since), false},
	{"User-Agent", offsetof(struct http_head, user_agent), false},
	{"Sec-WebSocket-Key", offsetof(struct http_head, ws_key), false},
	{"Sec-WebSocket-Version", offsetof(struct http_head, ws_version), false},
};

static const struct http_fault *take_single(struct counts *c, struct http_head *h, size_t i,
                                            struct span value)
{
	struct span *place = (struct span *)(void *)((char *)h + singles[i].at);
	bool again = c->seen & 1u << i;
	c->seen |= 1u << i;
	if (again && !singles[i].list)
		return &twice;
	*place = again ? span_of(NULL, 0) : value;
	return NULL;
}

static const struct http_fault *take_field(struct counts *c, struct http_head *h,
                                           const struct http_field *f)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (is_word(f->name, singles[i].name))
			return take_single(c, h, i, f->value);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (is_word(f->name, lists[i].name))
			lists[i].take(c, h, f->value);
	return NULL;
}

/* ---- all of them together ---- */

static const struct http_fault *check_host(const struct http_head *h)
{
	struct span name;
	if (!h->host.at)
		return h->minor == 0 ? NULL : &no_host;
	return h->host.len == 0 || url_host_name(h->host, &name) ? NULL : &bad_host;
}

/* "http://host/path" becomes "/path" (RFC 9112 3.2.2). What it says of the host counts for more
 * than Host, so the two must agree. */
static const struct http_fault *cut_absolute(struct http_head *h)
{
	struct span t = h->target;
	if (t.len >= 7 && is_word(span_of(t.at, 7), "http://"))
		span_take(&t, 7);
	else if (t.len >= 8 && is_word(span_of(t.at, 8), "https://"))
		span_take(&t, 8);
	else
		return &bad_form;
	const uint8_t *slash = t.len ? memchr(t.at, '/', t.len) : NULL;
	if (!slash)
		return &bad_form;
	if (!span_ieq(span_take(&t, (size_t)(slash - t.at)), h->host))
		return &other_host;
	h->target = t;
	return NULL;
}

static const struct http_fault *check_all(struct counts *c, struct http_head *h)
{
	const struct http_fault *fault = check_host(h);
	if (fault)
		return fault;
	h->keep_alive = h->minor == 0 ? c->connection_keep_alive : true;
	h->keep_alive = h->keep_alive && !c->connection_close && !c->body;
	h->upgrade = h->minor > 0 && c->connection_upgrade && c->upgrade_websocket;
	if (h->method == HTTP_OTHER)
		return NULL;
	if (c->body)
		return &body;
	return h->target.at[0] == '/' ? NULL : cut_absolute(h);
}

static enum http_method method_of(struct span s)
{
	if (span_eq(s, span_str("GET")))
		return HTTP_GET;
	return span_eq(s, span_str("HEAD")) ? HTTP_HEAD : HTTP_OTHER;
}

/* Two readers that do not agree are what smuggling is made of. */
static const struct http_fault *compare(const struct http_scan *a, const struct http_fields *b)
{
	return a->fields == b->n && span_eq(a->target, b->target) ? NULL : &doubtful;
}

/* What the fields of a head that http_scan has passed say. */
static const struct http_fault *take_all(struct http_head *h, const struct http_scan *scan,
                                         struct span head)
{
	struct http_fields fields;
	struct counts counts = {0};
	const struct http_fault *fault = http_fields_read(&fields, head);
	if (fault)
		return fault;
	fault = compare(scan, &fields);
	for (unsigned i = 0; !fault && i < fields.n; i++)
		fault = take_field(&counts, h, &fields.at[i]);
	return fault ? fault : check_all(&counts, h);
}

static const struct http_fault *parse(struct http_head *h, struct span head)
{
	struct http_scan scan;
	const struct http_fault *fault = http_scan(&scan, head);
	h->method_text = scan.method;
	h->method = method_of(scan.method);
	h->target = scan.target;
	h->major = scan.major;
	h->minor = scan.minor;
	return fault ? fault : take_all(h, &scan, head);
}

int http_head_parse(struct http_head *h, struct span head)
{
	*h = (struct http_head){0};
	const struct http_fault *fault = parse(h, head);
	if (!fault)
		return 0;
	h->keep_alive = h->upgrade = false;
	h->status = fault->status;
	h->error = fault->text;
	return -EBADMSG;
}
