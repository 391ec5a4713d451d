/* Pixel formats. */
#include "pixel.h"

#include "octets.h"

static const uint16_t map_max[3] = {7, 7, 3};
static const uint8_t map_shift[3] = {5, 2, 0};

struct pixel_format pixel_native(void)
{
	return (struct pixel_format){
		.bits = 32,
		.depth = 24,
		.max = {255, 255, 255},
		.shift = {16, 8, 0},
	};
}

static bool channels_fit(const struct pixel_format *f)
{
	for (int i = 0; i < 3; i++)
		if (f->shift[i] >= f->bits || (uint64_t)f->max[i] << f->shift[i] >> f->bits)
			return false;
	return true;
}

const char *pixel_read(const uint8_t in[PIXEL_WIRE], struct pixel_format *ret)
{
	struct pixel_format f = {.bits = in[0], .depth = in[1], .big = in[2], .mapped = !in[3]};

	if (f.bits != 8 && f.bits != 16 && f.bits != 32)
		return "pixels of neither 8, 16 nor 32 bits";
	for (int i = 0; i < 3; i++) {
		f.max[i] = f.mapped ? map_max[i] : octets_get16(in + 4 + 2 * i);
		f.shift[i] = f.mapped ? map_shift[i] : in[10 + i];
	}
	if (!channels_fit(&f))
		return "colours that do not fit into their pixels";
	*ret = f;
	return NULL;
}

void pixel_write(const struct pixel_format *f, uint8_t out[PIXEL_WIRE])
{
	out[0] = f->bits;
	out[1] = f->depth;
	out[2] = f->big;
	out[3] = !f->mapped;
	for (int i = 0; i < 3; i++) {
		octets_put16(out + 4 + 2 * i, f->max[i]);
		out[10 + i] = f->shift[i];
		out[13 + i] = 0; /* padding */
	}
}

uint32_t pixel_of(const struct pixel_format *f, uint32_t colour)
{
	uint32_t pixel = 0;

	for (int i = 0; i < 3; i++) {
		uint32_t channel = colour >> (16 - 8 * i) & 255;
		pixel |= (channel * f->max[i] + 127) / 255 << f->shift[i];
	}
	return pixel;
}

size_t pixel_put(const struct pixel_format *f, uint32_t pixel, uint8_t *out)
{
	if (f->bits == 8)
		out[0] = (uint8_t)pixel;
	else if (f->bits == 16)
		octets_put16(out, (uint16_t)(f->big ? pixel : __builtin_bswap16((uint16_t)pixel)));
	else
		octets_put32(out, f->big ? pixel : __builtin_bswap32(pixel));
	return pixel_bytes(f);
}

uint16_t pixel_map_entry(int n, int channel)
{
	int v = n >> map_shift[channel] & map_max[channel];
	return (uint16_t)(v * 65535 / map_max[channel]);
}
