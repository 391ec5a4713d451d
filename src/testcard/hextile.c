/* Hextile: a rectangle as tiles of 16 by 16, each a ground and rectangles on it, or raw
 * (RFC 6143 7.7.4).
 *
 *   flags · [ground] · [ink] · [number of rectangles · number times: [pixel] x,y w,h (4 bits each)]
 *
 * Ground and ink are left out when they are those of the tile before. A raw tile, and for the ink
 * also a tile of many colours, makes decoders forget.
 */
#include "encode.h"

#include "subrects.h"

enum { RAW = 1, GROUND = 2, INK = 4, ANY_SUBRECTS = 8, COLOURED = 16 };

static size_t put_tile_raw(const struct tile *t, const struct pixel_format *f, struct hextile *h,
                           uint8_t *out)
{
	*h = (struct hextile){0};
	out[0] = RAW;
	return 1 + encode_raw(t, f, out + 1);
}

static size_t put_ground(const struct subrects *s, const struct pixel_format *f, struct hextile *h,
                         uint8_t *out)
{
	if (h->has_ground && h->ground == s->ground)
		return 0;
	h->has_ground = true;
	h->ground = s->ground;
	out[0] |= GROUND;
	return pixel_put(f, s->ground, out + 1);
}

/* out is the tile's first byte, n where the ink goes. */
static size_t put_ink(const struct subrects *s, const struct pixel_format *f, struct hextile *h,
                      uint8_t *out, size_t n)
{
	if (h->has_ink && h->ink == s->ink)
		return 0;
	h->has_ink = true;
	h->ink = s->ink;
	out[0] |= INK;
	return pixel_put(f, s->ink, out + n);
}

/* Number and rectangles, or 0 when they take more than `most` bytes. The number fits a byte: of two
 * colours one is not ground in at most half of 256 pixels, and of more at most 170 rectangles take
 * less than raw pixels. */
static size_t put_subrects(struct subrects *s, const struct pixel_format *f, size_t most,
                           uint8_t *out)
{
	bool coloured = s->colours > 2;
	size_t n = 1, each = coloured ? pixel_bytes(f) + 2 : 2;
	struct rect r;
	uint32_t pixel;
	int count = 0;

	for (; subrects_next(s, &r, &pixel); count++) {
		if (n + each > most)
			return 0;
		if (coloured)
			n += pixel_put(f, pixel, out + n);
		out[n++] = (uint8_t)(r.x << 4 | r.y);
		out[n++] = (uint8_t)((r.w - 1) << 4 | (r.h - 1));
	}
	out[0] = (uint8_t)count;
	return n;
}

size_t encode_hextile(const struct tile *t, const struct pixel_format *f, struct hextile *h,
                      uint8_t *out)
{
	size_t most = (size_t)(t->w * t->h) * pixel_bytes(f);
	struct subrects s;

	subrects_init(&s, t);
	if (s.colours == COLOURS_MANY || most < 3 * pixel_bytes(f) + 1)
		return put_tile_raw(t, f, h, out);
	out[0] = 0;
	size_t n = 1 + put_ground(&s, f, h, out);
	if (s.colours == 1)
		return n;
	if (s.colours == 2)
		n += put_ink(&s, f, h, out, n);
	else
		h->has_ink = false;
	out[0] |= ANY_SUBRECTS | (s.colours > 2 ? COLOURED : 0);
	size_t rest = put_subrects(&s, f, most - n, out + n);
	return rest ? n + rest : put_tile_raw(t, f, h, out);
}
