/* http_list: the elements of a comma-separated header value, RFC 9110 5.6.1. Private to wire/. */
#ifndef WIRE_HTTP_LIST_H
#define WIRE_HTTP_LIST_H

#include "base/span.h"

/* Takes the next element, without the blanks around it; empty ones are skipped. False when there
 * is none left. */
static inline bool http_list_next(struct span *rest, struct span *ret_item)
{
	while (rest->len > 0) {
		const uint8_t *comma = memchr(rest->at, ',', rest->len);
		struct span item = span_take(rest, comma ? (size_t)(comma - rest->at) : rest->len);
		if (comma)
			span_take(rest, 1);
		item = span_trim(item);
		if (item.len > 0) {
			*ret_item = item;
			return true;
		}
	}
	return false;
}

#endif
