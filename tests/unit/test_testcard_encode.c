/* The encoders, on tiles nobody would draw: noise, single pixels, every size, every format. The
 * decoder is the test viewer's.
 */
#include "unit/unit.h"

#include "unit/rfb_client.h"

#include "../../src/testcard/encode.h"

#include <stdlib.h>

enum { SIDE = 48 };

static struct pixel_format format_of(const struct rfb_pixels *f)
{
	struct pixel_format p = {.bits = f->bits, .depth = f->depth, .big = f->big};

	memcpy(p.max, f->max, sizeof p.max);
	memcpy(p.shift, f->shift, sizeof p.shift);
	return p;
}

/* Pixels of `colours` different values: noise, or blocks of it. */
static void random_tile(struct tile *t, struct rng *rng, int w, int h, int colours, bool blocks,
                        unsigned bits)
{
	uint32_t palette[256];

	*t = (struct tile){.w = w, .h = h};
	for (int i = 0; i < colours; i++)
		palette[i] = (uint32_t)rng_next(rng) & (uint32_t)((1ull << bits) - 1);
	for (int n = 0; n < w * h; n++)
		t->px[n] = palette[blocks ? (n % w / 5 + n / w / 3 * 7) % colours
		                          : (int)rng_below(rng, (uint64_t)colours)];
}

/* A message with one rectangle goes through the viewer's decoder. */
static void check_decoded(const struct rfb_pixels *f, struct span rect, int encoding,
                          const struct tile *tiles, int n)
{
	static uint32_t px[SIDE * SIDE];
	uint8_t *bytes = malloc(rect.len);
	struct rfb_client c = {.greeted = true,
	                       .w = SIDE,
	                       .h = SIDE,
	                       .px = px,
	                       .left = 1,
	                       .format = *f,
	                       .clip = {0, 0, SIDE, SIDE},
	                       .offered = encoding,
	                       .in = bytes,
	                       .len = rect.len};

	assert_non_null(bytes);
	memcpy(bytes, rect.at, rect.len);
	memset(px, 0xaa, sizeof px);
	rfb_decode(&c);
	assert_int_equal(c.updates, 1);
	assert_int_equal(rfb_rest(&c).len, 0);
	for (int i = 0, x = 0; i < n; x += tiles[i++].w)
		for (int at = 0; at < tiles[i].w * tiles[i].h; at++)
			assert_int_equal(px[at / tiles[i].w * SIDE + x + at % tiles[i].w],
			                 tiles[i].px[at]);
	free(bytes);
}

static size_t put_head(uint8_t *out, int w, int h, int encoding)
{
	static const uint8_t zeros[12];

	memcpy(out, zeros, 12);
	out[5] = (uint8_t)w;
	out[7] = (uint8_t)h;
	out[11] = (uint8_t)encoding;
	return 12;
}

static void check_tile(const struct rfb_pixels *f, const struct tile *t)
{
	struct pixel_format p = format_of(f);
	uint8_t out[12 + ENCODE_MAX + 64];
	size_t raw = (size_t)(t->w * t->h) * f->bits / 8;

	size_t n = put_head(out, t->w, t->h, ENCODING_RAW);
	assert_int_equal(encode_raw(t, &p, out + n), raw);
	check_decoded(f, span_of(out, n + raw), ENCODING_RAW, t, 1);
	n = put_head(out, t->w, t->h, ENCODING_RRE);
	memset(out + n, 0x55, sizeof out - n);
	size_t rre = encode_rre(t, &p, out + n);
	assert_true(rre < raw || rre == 0);
	for (size_t i = n + raw; i < sizeof out; i++)
		assert_int_equal(out[i], 0x55);
	if (rre)
		check_decoded(f, span_of(out, n + rre), ENCODING_RRE, t, 1);
}

/* Three tiles in a row, as they stand in a rectangle: what one leaves out the other remembers. */
static size_t check_row(const struct rfb_pixels *f, const struct tile *tiles)
{
	struct pixel_format p = format_of(f);
	struct hextile h = {0};
	uint8_t out[12 + 3 * ENCODE_MAX + 64];
	int w = tiles[0].w + tiles[1].w + tiles[2].w;
	size_t n = put_head(out, w, tiles[0].h, ENCODING_HEXTILE);

	for (int i = 0; i < 3; i++) {
		size_t raw = (size_t)(tiles[i].w * tiles[i].h) * f->bits / 8;
		memset(out + n, 0x55, sizeof out - n);
		size_t some = encode_hextile(&tiles[i], &p, &h, out + n);
		assert_true(some > 0 && some <= 1 + raw);
		for (size_t at = n + 1 + raw; at < sizeof out; at++)
			assert_int_equal(out[at], 0x55);
		n += some;
	}
	check_decoded(f, span_of(out, n), ENCODING_HEXTILE, tiles, 3);
	return n;
}

static void test_tiles(void **state)
{
	(void)state;
	static const int colours[] = {1, 2, 3, 5, 16, 63, 64, 65, 256};
	struct rng rng = {1};

	for (int n = 0; n < 4000; n++) {
		const struct rfb_pixels *f = &rfb_formats[rng_below(&rng, 8)];
		int h = 1 + (int)rng_below(&rng, 16), last = 1 + (int)rng_below(&rng, 16);
		struct tile tiles[3];
		unit_note("round %d, %s", n, f->name);
		for (int i = 0; i < 3; i++)
			random_tile(&tiles[i], &rng, i < 2 ? 16 : last, h,
			            colours[rng_below(&rng, 9)], rng_below(&rng, 2), f->bits);
		check_row(f, tiles);
		check_tile(f, &tiles[2]);
	}
	unit_note_clear();
}

/* The same tile three times: the second and third need not say its colours again. */
static void test_hextile_carries_over(void **state)
{
	(void)state;
	struct tile plain = {.w = 16, .h = 16}, spot = {.w = 16, .h = 16};

	spot.px[17] = 1;
	assert_int_equal(check_row(&rfb_formats[0], (struct tile[]){plain, plain, plain}),
	                 12 + 5 + 1 + 1);
	assert_int_equal(check_row(&rfb_formats[0], (struct tile[]){spot, spot, spot}),
	                 12 + (1 + 4 + 4 + 3) + (1 + 3) + (1 + 3));
}

/* By hand, after RFC 6143 7.7.3 and 7.7.4: a black tile of 4 by 3 with one white line. */
static void test_by_hand(void **state)
{
	(void)state;
	struct tile t = {.w = 4, .h = 3, .px = {[5] = 7, [6] = 7}};
	struct pixel_format p = format_of(&rfb_formats[5]); /* 16 bits, big endian */
	struct hextile h = {0};
	uint8_t out[ENCODE_MAX];

	size_t n = encode_rre(&t, &p, out);
	assert_span_is(span_of(out, n), "\0\0\0\1\0\0\0\7\0\1\0\1\0\2\0\1");
	n = encode_hextile(&t, &p, &h, out);
	assert_span_is(span_of(out, n), "\16\0\0\0\7\1\x11\x10");
	n = encode_raw(&t, &p, out);
	assert_span_is(span_of(out, n), "\0\0\0\0\0\0\0\0\0\0\0\7\0\7\0\0\0\0\0\0\0\0\0\0");
}

/* What a viewer may ask for, and what not. */
static void test_pixel_formats(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[16];
		bool good;
	} rows[] = {
		{{32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0}, true},
		{{32, 32, 1, 1, 255, 255, 255, 255, 255, 255, 16, 8, 0}, true},
		{{32, 24, 0, 1, 255, 255, 0, 255, 0, 255, 17, 8, 0}, false},
		{{16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0}, true},
		{{16, 16, 0, 1, 0, 63, 0, 63, 0, 31, 11, 5, 0}, false},
		{{16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 16, 5, 0}, false},
		{{8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 5, 2, 0}, true},
		{{8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 6, 2, 0}, false},
		{{8, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true},
		{{8, 8, 0, 0, 99, 99, 99, 99, 99, 99, 99, 99, 99},
	         true}, /* a map has no channels */
		{{24, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0}, false},
		{{0, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0}, false},
		{{64, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0}, false},
		{{32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 255, 0}, false},
		{{32, 24, 0, 1, 0, 1, 0, 1, 0, 1, 31, 30, 29}, true},
		{{32, 24, 0, 1, 0, 2, 0, 1, 0, 1, 31, 30, 29}, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pixel_format f = {.bits = 99};
		unit_note("row %zu", i);
		const char *error = pixel_read(rows[i].bytes, &f);
		assert_int_equal(error == NULL, rows[i].good);
		assert_int_equal(f.bits, rows[i].good ? rows[i].bytes[0] : 99);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_tiles),
		UNIT(test_hextile_carries_over),
		UNIT(test_by_hand),
		UNIT(test_pixel_formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
