/* range: the Range header of a GET (RFC 9110 14.1.2 and 14.2). */
#ifndef SERVE_RANGE_PRIV_H
#define SERVE_RANGE_PRIV_H

#include "base/span.h"

enum range_kind {
	RANGE_WHOLE, /* none, several, another unit, or not a range: the header is ignored */
	RANGE_PART,
	RANGE_BEYOND, /* 416 */
};

struct range {
	uint64_t from, len;
};

/* What value asks for of a file of `size` bytes. *ret is set to what is to be sent: with
 * RANGE_PART at least one byte and within the file, with RANGE_WHOLE all of it. */
enum range_kind range_parse(struct span value, uint64_t size, struct range *ret);

#endif
