/* http_fields: the second look at a request head: llhttp's. It calls back for every piece; here
 * the pieces become one array. Private to wire/, and apart from http_head because llhttp has
 * names of its own for HTTP_GET and HTTP_HEAD.
 */
#ifndef WIRE_HTTP_FIELDS_H
#define WIRE_HTTP_FIELDS_H

#include "http_scan.h"

struct http_field {
	struct span name, value; /* value without surrounding blanks; its at is never NULL */
};

struct http_fields {
	struct span target;
	unsigned n;
	bool whole; /* the blank line was seen */
	struct http_field at[HTTP_SCAN_FIELDS];
};

/* Reads a head that http_scan has passed. The fields are set up to where the fault is. */
const struct http_fault *http_fields_read(struct http_fields *ret, struct span head);

#endif
