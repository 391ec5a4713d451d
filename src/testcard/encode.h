/* encode: one tile of at most 16 by 16 pixels, already in the viewer's format, turned into bytes
 * (RFC 6143 7.7). No encoder writes more than ENCODE_MAX bytes, and none more than Raw would take
 * by more than a byte.
 */
#ifndef TESTCARD_ENCODE_H
#define TESTCARD_ENCODE_H

#include "pixel.h"
#include "tiles.h"

enum {
	ENCODING_RAW = 0,
	ENCODING_COPYRECT = 1,
	ENCODING_RRE = 2,
	ENCODING_HEXTILE = 5,
	/* pseudo-encodings; the second is described in the rfbproto document of the community */
	ENCODING_DESKTOP_SIZE = -223,
	ENCODING_EXTENDED_SIZE = -308,
};

enum { ENCODE_MAX = TILE * TILE * 4 + 1 };

struct tile {
	int w, h;
	uint32_t px[TILE * TILE]; /* w · h of them, row by row */
};

/* RFC 6143 7.7.1. Returns the bytes written. */
size_t encode_raw(const struct tile *t, const struct pixel_format *f, uint8_t *out);
/* RFC 6143 7.7.3. 0 when Raw is not longer: then the rectangle is to be sent as Raw. */
size_t encode_rre(const struct tile *t, const struct pixel_format *f, uint8_t *out);

/* What a Hextile decoder remembers from one tile of a rectangle to the next. Zeroed at its start. */
struct hextile {
	bool has_ground, has_ink;
	uint32_t ground, ink;
};
/* RFC 6143 7.7.4: one tile of a rectangle. */
size_t encode_hextile(const struct tile *t, const struct pixel_format *f, struct hextile *h,
                      uint8_t *out);

#endif
