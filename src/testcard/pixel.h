/* pixel: how a viewer wants its pixels (RFC 6143 7.4), and colours turned into that. A viewer that
 * wants a colour map gets a fixed one of 3 bits red, 3 green, 2 blue, so that inside of the card
 * every format is made of channels.
 */
#ifndef TESTCARD_PIXEL_H
#define TESTCARD_PIXEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIXEL_MAP = 256, PIXEL_WIRE = 16 };

struct pixel_format {
	uint8_t bits; /* 8, 16 or 32 */
	uint8_t depth;
	bool big; /* byte order */
	bool mapped;
	uint16_t max[3]; /* red, green, blue */
	uint8_t shift[3];
};

/* 32 bits, 8 a colour: what the card offers. */
struct pixel_format pixel_native(void);
/* Reads the 16 bytes of a PIXEL_FORMAT. NULL, or what is wrong with it (*ret untouched). */
const char *pixel_read(const uint8_t in[PIXEL_WIRE], struct pixel_format *ret);
void pixel_write(const struct pixel_format *f, uint8_t out[PIXEL_WIRE]);
/* The nearest pixel to 0xRRGGBB. */
uint32_t pixel_of(const struct pixel_format *f, uint32_t colour);
/* Writes one pixel, returns its bytes: 1, 2 or 4. */
size_t pixel_put(const struct pixel_format *f, uint32_t pixel, uint8_t *out);
/* Channel 0 … 2 of entry n of the colour map, 16 bits. */
uint16_t pixel_map_entry(int n, int channel);

static inline size_t pixel_bytes(const struct pixel_format *f)
{
	return f->bits / 8;
}

#endif
