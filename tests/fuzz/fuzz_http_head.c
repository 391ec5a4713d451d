/* fuzz: http_head and ws_upgrade. The input is what a client sends.
 *
 * Held: the end of a head is found at the same place however the bytes arrive; a head that is
 * accepted is one that no parser can read in two ways (said again here, in another way); spans
 * point into it; a refusal has a status, a sentence and nothing to keep alive.
 */
#include "wire/http_head.h"
#include "wire/url.h"
#include "wire/ws_upgrade.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool starts(struct span line, const char *name)
{
	struct span s = span_of(line.at, strlen(name));
	return line.len >= s.len && span_ieq(s, span_str(name));
}

/* A header line of an accepted head. Returns 1 for a Host line. */
static unsigned check_line(struct span line)
{
	const uint8_t *colon = memchr(line.at, ':', line.len);
	check(colon && colon > line.at);
	for (const uint8_t *c = line.at; c < colon; c++)
		check(*c > ' ' && *c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", *c));
	for (const uint8_t *c = colon; c < line.at + line.len; c++)
		check((*c >= ' ' && *c != 0x7f) || *c == '\t');
	return starts(line, "Host:");
}

/* Splits an accepted head by itself: at CR LF and nowhere else. */
static void check_head(const struct http_head *h, struct span head)
{
	unsigned hosts = 0, lines = 0;
	bool first = true;
	while (starts(head, "\r\n"))
		span_take(&head, 2);
	for (;;) {
		size_t n = 0;
		while (n < head.len && head.at[n] != '\r' && head.at[n] != '\n')
			n++;
		struct span line = span_take(&head, n);
		check(head.len >= 2 && head.at[0] == '\r' && head.at[1] == '\n');
		span_take(&head, 2);
		if (line.len == 0)
			break;
		if (!first)
			hosts += check_line(line);
		lines += !first;
		first = false;
	}
	check(head.len == 0);
	check(lines <= HTTP_HEADERS_MAX && hosts <= 1);
	check(hosts == (h->host.at != NULL));
	check(hosts == 1 || h->minor == 0);
}

static void check_inside(struct span s, struct span head)
{
	check(!s.at || (s.at >= head.at && s.at + s.len <= head.at + head.len));
}

static void check_accepted(const struct http_head *h, struct span head)
{
	check(head.len <= HTTP_HEAD_MAX);
	check(h->status == 0 && h->major == 1 && h->minor <= 1);
	check(h->target.len > 0 && h->target.len <= HTTP_TARGET_MAX);
	check(h->method == HTTP_OTHER || h->target.at[0] == '/');
	check(!h->upgrade || h->minor == 1);
	const struct span all[] = {h->method_text, h->target,        h->host,
	                           h->origin,      h->range,         h->if_range,
	                           h->user_agent,  h->if_none_match, h->if_modified_since,
	                           h->ws_key,      h->ws_version};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		check_inside(all[i], head);
	for (unsigned i = 0; i < h->ws_protocols; i++)
		check_inside(h->ws_protocol[i], head);
	check_head(h, head);
	enum ws_proto proto = 99;
	unsigned status = 0;
	const char *error = NULL;
	int r = ws_upgrade_check(h, &proto, &status, &error);
	check(r == 0 ? proto <= WS_PROTO_BASE64 : status >= 400 && error);
	check(r != 0 || (h->upgrade && h->method == HTTP_GET && h->ws_key.len == 24));
}

/* The end, asked for after every byte. */
static size_t end_bytewise(struct span s)
{
	size_t seen = 0, end = 0;
	for (size_t n = 1; n <= s.len && end == 0; n++)
		end = http_head_end(span_of(s.at, n), seen, &seen);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = span_of(data, len);
	struct http_head h;
	size_t seen, end = http_head_end(all, 0, &seen), bytewise = end_bytewise(all);
	check(seen == len && end <= len && (end == 0) == (bytewise == 0));
	size_t n = end ? end : len;
	uint8_t *copy = malloc(n ? n : 1);
	check(copy != NULL);
	if (n)
		memcpy(copy, data, n);
	int r = http_head_parse(&h, span_of(copy, n));
	if (r == 0) {
		check(end == n && bytewise == end);
		check_accepted(&h, span_of(copy, n));
	} else {
		check(h.status >= 400 && h.status <= 505 && h.error && h.error[0]);
		check(!h.keep_alive && !h.upgrade);
	}
	free(copy);
	return 0;
}
