/* http_scan: the first of three looks at a request head, at its raw bytes. Everything two parsers
 * could read in two ways is refused here (request smuggling, RFC 9112 11.2), whatever the parser
 * behind it would make of it. Private to wire/.
 */
#ifndef WIRE_HTTP_SCAN_H
#define WIRE_HTTP_SCAN_H

#include "base/span.h"

/* What is wrong with a head: the status to answer and a sentence. NULL where one is returned:
 * nothing. */
struct http_fault {
	unsigned status;
	const char *text;
};

enum {
	HTTP_SCAN_HEAD = 16384,
	HTTP_SCAN_TARGET = 8192,
	HTTP_SCAN_FIELDS = 100,
	HTTP_SCAN_LEADING = 24, /* bytes of empty lines before a request: less than that */
};

struct http_scan {
	struct span method, target; /* set as far as they were found */
	unsigned major, minor;
	unsigned fields; /* header lines */
};

/* Looks at a whole head, leading empty lines and the blank line included. */
const struct http_fault *http_scan(struct http_scan *ret, struct span head);
/* A character of a token, RFC 9110 5.6.2. */
bool http_is_token(uint8_t c);
bool http_token_ok(struct span s);

#endif
