/* The reply head for what was found: conditions in the order of RFC 9110 13.2.2, then ranges, then
 * fields. What a 304 says about a file is what a 200 says, so that both come from one place.
 */
#include "answer.h"

#include "base/bug.h"
#include "etag.h"
#include "escape.h"
#include "range.h"
#include "serve/mime.h"
#include "wire/http_reply.h"

#include <inttypes.h>
#include <stdio.h>

#define LISTING_CSP                                                                                \
	"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
/* http_reply_error takes whole lines, and says nosniff itself */
#define ERROR_LINES "Cache-Control: no-cache\r\n"

struct validators {
	char etag[ETAG_TEXT];
	int64_t changed; /* Last-Modified: never later than now (8.8.2.1) */
};

size_t answer_room(size_t target_len)
{
	return ANSWER_HEAD + 3 * target_len;
}

static void put_common(struct str *head, const struct ask *ask)
{
	http_reply_field(head, "Cache-Control", "no-cache");
	http_reply_field(head, "X-Content-Type-Options", "nosniff");
	if (ask->close)
		http_reply_field(head, "Connection", "close");
}

static void put_page_policy(struct str *head, const char *csp)
{
	http_reply_field(head, "Referrer-Policy", "no-referrer");
	http_reply_field(head, "Content-Security-Policy", csp);
}

static void put_file_fields(struct str *head, const struct ask *ask, const struct found *found,
                            const struct validators *v)
{
	char date[HTTP_DATE];

	http_date(date, v->changed);
	http_reply_field(head, "Last-Modified", date);
	http_reply_field(head, "ETag", v->etag);
	if (found->vary)
		http_reply_field(head, "Vary", "Accept-Encoding");
	if (mime_is_page(found->type))
		put_page_policy(head, FILES_CSP);
	put_common(head, ask);
}

static bool not_modified(const struct ask *ask, const struct validators *v)
{
	int64_t since;

	if (ask->if_none_match.at)
		return etag_listed(ask->if_none_match, v->etag);
	return ask->if_modified_since.at && http_date_parse(ask->if_modified_since, &since) == 0 &&
	       v->changed <= since;
}

/* May the range be applied? A date counts only as a strong validator: exactly ours, and more than
 * a second ago, so that no second change hides in it (8.8.2.2). */
static bool range_holds(const struct ask *ask, const struct validators *v, int64_t now)
{
	int64_t date;

	if (!ask->if_range.at)
		return true;
	if (http_date_parse(ask->if_range, &date) == 0)
		return date == v->changed && v->changed < now - 1;
	return etag_same(ask->if_range, v->etag);
}

static void answer_beyond(struct answer *ret, struct str *head, const struct ask *ask,
                          uint64_t size, int64_t now)
{
	static const char beyond[] = "the file ends before this range";
	char lines[sizeof(ERROR_LINES) + 64];

	snprintf(lines, sizeof(lines), "Content-Range: bytes */%" PRIu64 "\r\n" ERROR_LINES, size);
	http_reply_error(head, 416, beyond, now, ask->head_only, ask->close, lines);
	*ret = (struct answer){.status = 416, .error = beyond};
}

static void put_range(struct str *head, struct range r, uint64_t size)
{
	char value[80];

	snprintf(value, sizeof(value), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r.from,
	         r.from + r.len - 1, size);
	http_reply_field(head, "Content-Range", value);
}

static void answer_content(struct answer *ret, struct str *head, const struct ask *ask,
                           const struct found *found, const struct validators *v, int64_t now)
{
	uint64_t size = (uint64_t)found->st.st_size;
	struct range r = {0, size};
	enum range_kind kind = RANGE_WHOLE;

	if (ask->range.len > 0 && range_holds(ask, v, now))
		kind = range_parse(ask->range, size, &r);
	if (kind == RANGE_BEYOND) {
		answer_beyond(ret, head, ask, size, now);
		return;
	}
	ret->status = kind == RANGE_PART ? 206 : 200;
	http_reply_start(head, ret->status, now);
	http_reply_field(head, "Content-Type", found->type);
	http_reply_number(head, "Content-Length", r.len);
	if (kind == RANGE_PART)
		put_range(head, r, size);
	if (found->gz)
		http_reply_field(head, "Content-Encoding", "gzip");
	else
		http_reply_field(head, "Accept-Ranges", "bytes");
	put_file_fields(head, ask, found, v);
	http_reply_end(head);
	ret->from = r.from;
	ret->len = ask->head_only ? 0 : r.len;
}

static void answer_file(struct answer *ret, struct str *head, const struct ask *ask,
                        const struct found *found, int64_t now)
{
	struct validators v = {.changed = found->st.st_mtim.tv_sec};

	if (v.changed > now)
		v.changed = now;
	etag_make(v.etag, &found->st, found->gz);
	if (!not_modified(ask, &v)) {
		answer_content(ret, head, ask, found, &v, now);
		return;
	}
	http_reply_start(head, 304, now);
	put_file_fields(head, ask, found, &v);
	http_reply_end(head);
	ret->status = 304;
}

/* The location is relative, so that it is right behind whatever prefix a reverse proxy adds. It is
 * written anew from the checked path, never copied from the request: it cannot name another host
 * ("//…") or end the header line. */
static void answer_redirect(struct str *head, const struct ask *ask, unsigned status, int64_t now)
{
	http_reply_start(head, status, now);
	str_puts(head, "Location: ");
	if (status == 302) {
		str_puts(head, "vnc.html");
	} else {
		str_puts(head, "./");
		escape_path(head, span_str(ask->name));
		str_putc(head, '/');
	}
	if (ask->query.len > 0) {
		str_putc(head, '?');
		escape_query(head, ask->query);
	}
	str_puts(head, "\r\n");
	http_reply_number(head, "Content-Length", 0);
	put_common(head, ask);
	http_reply_end(head);
}

void answer_make(struct answer *ret, struct str *head, const struct ask *ask,
                 const struct found *found, int64_t now)
{
	*ret = (struct answer){.status = found->status, .error = found->text};
	if (found->status == 200)
		answer_file(ret, head, ask, found, now);
	else if (found->status < 400)
		answer_redirect(head, ask, found->status, now);
	else
		http_reply_error(head, found->status, found->text, now, ask->head_only, ask->close,
		                 ERROR_LINES);
	BUG_ON(head->cut); /* answer_room is too small */
}

void answer_listing(struct answer *ret, struct str *head, const struct ask *ask, uint64_t len,
                    int64_t now)
{
	*ret = (struct answer){.status = 200, .len = ask->head_only ? 0 : len};
	http_reply_start(head, 200, now);
	http_reply_field(head, "Content-Type", "text/html; charset=utf-8");
	http_reply_number(head, "Content-Length", len);
	put_page_policy(head, LISTING_CSP);
	put_common(head, ask);
	http_reply_end(head);
	BUG_ON(head->cut);
}
