/* RRE: a ground and rectangles on it (RFC 6143 7.7.3).
 *
 *   number of rectangles (4) · ground · number times: pixel, x y w h (2 each)
 */
#include "encode.h"

#include "subrects.h"
#include "octets.h"

size_t encode_rre(const struct tile *t, const struct pixel_format *f, uint8_t *out)
{
	size_t most = (size_t)(t->w * t->h) * pixel_bytes(f);
	size_t each = pixel_bytes(f) + 8;
	struct subrects s;
	struct rect r;
	uint32_t pixel, count = 0;

	subrects_init(&s, t);
	if (4 + pixel_bytes(f) >= most)
		return 0;
	size_t n = 4 + pixel_put(f, s.ground, out + 4);
	for (; subrects_next(&s, &r, &pixel); count++) {
		if (n + each >= most)
			return 0;
		n += pixel_put(f, pixel, out + n);
		n += octets_put16(out + n, (uint16_t)r.x);
		n += octets_put16(out + n, (uint16_t)r.y);
		n += octets_put16(out + n, (uint16_t)r.w);
		n += octets_put16(out + n, (uint16_t)r.h);
	}
	octets_put32(out, count);
	return n;
}
