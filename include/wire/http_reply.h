/* http_reply: status line and headers of what we answer. */
#ifndef WIRE_HTTP_REPLY_H
#define WIRE_HTTP_REPLY_H

#include "base/span.h"
#include "base/str.h"
#include "wire/ws_upgrade.h"

/* "Not Found"; "Unknown" for a number we do not use. */
const char *http_reason(unsigned status);
/* Starts a reply: status line, Date (RFC 9110 6.6.1; when = UNIX seconds), Server: websplice. */
void http_reply_start(struct str *s, unsigned status, int64_t when);
void http_reply_field(struct str *s, const char *name, const char *value);
void http_reply_number(struct str *s, const char *name, uint64_t value);
/* The blank line. */
void http_reply_end(struct str *s);
/* A whole error answer with a short text body: head only when `head_only` (HEAD requests), with
 * Connection: close when `close`; extra = more header lines ("Allow: GET, HEAD\r\n") or NULL. */
void http_reply_error(struct str *s, unsigned status, const char *text, int64_t when,
                      bool head_only, bool close, const char *extra);
/* 101 Switching Protocols. */
void http_reply_upgrade(struct str *s, const char *accept, enum ws_proto proto);
/* IMF-fixdate, RFC 9110 5.6.7: both directions. Parse returns -EINVAL on any other form. */
enum { HTTP_DATE = 30 };
void http_date(char out[HTTP_DATE], int64_t when);
int http_date_parse(struct span s, int64_t *ret_when);

#endif
