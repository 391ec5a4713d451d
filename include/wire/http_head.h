/* http_head: one request head (client role later: response head), checked as strictly as a
 * server in front of legacy services should.
 *
 * The caller collects bytes until http_head_end finds the blank line, then parses once. Three
 * passes: the raw bytes (every CR before LF, no bare LF, no line that starts with a blank, no
 * name that ends in one, no control bytes), llhttp in strict mode, then counts (one Host, at most
 * one of each singleton, no body). All spans point into the caller's bytes.
 *
 * Errors carry the HTTP status to answer and one readable sentence. After an error the connection
 * must be closed: nobody knows where the next request would begin.
 */
#ifndef WIRE_HTTP_HEAD_H
#define WIRE_HTTP_HEAD_H

#include "base/span.h"

enum { HTTP_HEAD_MAX = 16384, HTTP_HEADERS_MAX = 100, HTTP_TARGET_MAX = 8192, HTTP_LINES = 4 };

/* These names are llhttp's as well: a file that includes llhttp.h cannot include this one. */
enum http_method { HTTP_OTHER, HTTP_GET, HTTP_HEAD };

struct http_head {
	enum http_method method;
	struct span method_text;
	/* As sent: origin form "/path?query". Absolute form is cut down to it; other forms are
	 * errors, except with HTTP_OTHER, where the target is whatever was sent. */
	struct span target;
	unsigned major, minor; /* 1.0 or 1.1 */
	bool keep_alive;       /* the connection may serve another request */
	bool upgrade;          /* Connection lists upgrade and Upgrade lists websocket; not in
	                          HTTP/1.0, where Upgrade is to be ignored (RFC 9110 7.8) */
	/* singletons: at = NULL when absent; values without surrounding blanks. Sent twice they are
	 * errors, but if_none_match (a list) is then taken as absent: more work, never wrong. */
	struct span host, origin, range, if_range, if_none_match, if_modified_since, user_agent;
	struct span ws_key, ws_version;
	/* lists: several header lines count as one list. Kept as the first HTTP_LINES lines */
	struct span ws_protocol[HTTP_LINES];
	unsigned ws_protocols;
	bool accept_gzip; /* Accept-Encoding lists gzip with q > 0 */
	/* set on failure */
	unsigned status; /* 400, 414, 431, 501, 505 */
	const char *error;
};

/* Looks for the end of the head in b, of which `seen` bytes were looked at before. Returns its
 * length including the blank line, or 0 when it is not complete. Leading empty lines (RFC 9112
 * 2.2) belong to the head; *ret_seen is to be passed next time.
 * Bytes that cannot become a head (a TLS handshake, a dozen empty lines) "end" at b.len at once,
 * and so does a head with bare line feeds at its blank line: http_head_parse says what is wrong
 * with them, instead of a deadline later. */
size_t http_head_end(struct span b, size_t seen, size_t *ret_seen);
/* Parses a whole head (as found by http_head_end). 0, or -EBADMSG with h->status and h->error.
 * h->target and h->method are set even then as far as they were understood.
 * Methods other than GET and HEAD are HTTP_OTHER and fine here (the caller answers 405); one that
 * llhttp has never heard of is 501.
 * When HTTP_HEAD_MAX bytes hold no end, parse them: the answer is 414 or 431. */
int http_head_parse(struct http_head *h, struct span head);

#endif
