/* What a server says, decoded as RFC 6143 has it and not as the card has it. Incomplete messages and
 * rectangles are decoded again when more has come, so each is either done or done over.
 */
#include "unit/unit.h"

#include "rfb_client.h"

#include <stdlib.h>

const struct rfb_pixels rfb_formats[RFB_FORMATS] = {
	{"32 bit, 888", 32, 24, 0, 1, {255, 255, 255}, {16, 8, 0}},
	{"32 bit, big endian, reversed", 32, 24, 1, 1, {255, 255, 255}, {0, 8, 16}},
	{"32 bit, 10 bits a colour", 32, 30, 0, 1, {1023, 1023, 1023}, {20, 10, 0}},
	{"32 bit, at the upper end", 32, 24, 0, 1, {255, 255, 255}, {24, 16, 8}},
	{"16 bit, 565", 16, 16, 0, 1, {31, 63, 31}, {11, 5, 0}},
	{"16 bit, 555, big endian", 16, 15, 1, 1, {31, 31, 31}, {10, 5, 0}},
	{"8 bit, BGR 233", 8, 8, 0, 1, {7, 7, 3}, {0, 3, 6}},
	{"8 bit, one bit a colour", 8, 3, 0, 1, {1, 1, 1}, {2, 1, 0}},
	{"8 bit, colour map", 8, 8, 0, 0, {0, 0, 0}, {0, 0, 0}},
	{"16 bit, colour map", 16, 8, 1, 0, {9, 9, 9}, {1, 2, 3}},
};

struct cursor { /* `lack`: it went past the end; what it gave then is zeros */
	const uint8_t *at, *end;
	bool lack;
};

static const uint8_t *take(struct cursor *k, size_t n)
{
	static const uint8_t zeros[16];

	if ((size_t)(k->end - k->at) < n || k->lack) {
		k->lack = true;
		return n <= sizeof zeros ? zeros : NULL;
	}
	k->at += n;
	return k->at - n;
}

static unsigned take8(struct cursor *k)
{
	return *take(k, 1);
}

static unsigned take16(struct cursor *k)
{
	const uint8_t *at = take(k, 2);
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t take32(struct cursor *k)
{
	uint32_t high = take16(k);
	return high << 16 | take16(k);
}

static uint32_t take_pixel(struct rfb_client *c, struct cursor *k)
{
	size_t n = c->format.bits / 8;
	const uint8_t *at = take(k, n);
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint32_t)at[i] << 8 * (c->format.big ? n - 1 - i : i);
	return v;
}

static void fill(struct rfb_client *c, struct rect r, uint32_t pixel)
{
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			c->px[y * c->w + x] = pixel;
}

static void decode_raw(struct rfb_client *c, struct cursor *k, struct rect r)
{
	for (int y = r.y; y < r.y + r.h && !k->lack; y++)
		for (int x = r.x; x < r.x + r.w && !k->lack; x++)
			c->px[y * c->w + x] = take_pixel(c, k);
}

/* RFC 6143 7.7.2; the two may overlap. */
static void decode_copy(struct rfb_client *c, struct cursor *k, struct rect r)
{
	struct rect from = {(int)take16(k), (int)take16(k), r.w, r.h};

	if (k->lack)
		return;
	assert_true(c->offered_copy);
	assert_true(rect_holds((struct rect){0, 0, c->w, c->h}, from));
	uint32_t *copy = calloc((size_t)(r.w * r.h), sizeof *copy);
	assert_non_null(copy);
	for (int y = 0; y < r.h; y++)
		memcpy(copy + y * r.w, c->px + (from.y + y) * c->w + from.x, 4 * (size_t)r.w);
	for (int y = 0; y < r.h; y++)
		memcpy(c->px + (r.y + y) * c->w + r.x, copy + y * r.w, 4 * (size_t)r.w);
	free(copy);
	c->copies++;
}

static void decode_rre(struct rfb_client *c, struct cursor *k, struct rect r)
{
	uint32_t n = take32(k);

	fill(c, r, take_pixel(c, k));
	while (n-- > 0 && !k->lack) {
		uint32_t pixel = take_pixel(c, k);
		struct rect s = {r.x + (int)take16(k), r.y + (int)take16(k), 0, 0};
		s.w = (int)take16(k);
		s.h = (int)take16(k);
		if (k->lack)
			return;
		assert_true(!rect_empty(s) && rect_holds(r, s));
		fill(c, s, pixel);
	}
}

static void decode_subrects(struct rfb_client *c, struct cursor *k, struct rect r, bool coloured)
{
	unsigned n = take8(k);

	while (n-- > 0 && !k->lack) {
		uint32_t pixel = coloured ? take_pixel(c, k) : c->ink;
		unsigned xy = take8(k), wh = take8(k);
		struct rect s = {r.x + (int)(xy >> 4), r.y + (int)(xy & 15), (int)(wh >> 4) + 1,
		                 (int)(wh & 15) + 1};
		if (k->lack)
			return;
		assert_true(rect_holds(r, s));
		fill(c, s, pixel);
	}
}

/* RFC 6143 7.7.4; strict about what may be left out. */
static void decode_hextile_tile(struct rfb_client *c, struct cursor *k, struct rect r)
{
	unsigned flags = take8(k);

	assert_true(flags < 32);
	if (flags & 1) {
		c->hex_ground = c->hex_ink = false;
		decode_raw(c, k, r);
		return;
	}
	if (flags & 2) {
		c->hex_ground = true;
		c->ground = take_pixel(c, k);
	}
	if (flags & 4) {
		assert_false(flags & 16);
		c->hex_ink = true;
		c->ink = take_pixel(c, k);
	}
	assert_true(k->lack || c->hex_ground);
	fill(c, r, c->ground);
	if (flags & 16)
		c->hex_ink = false;
	assert_true(k->lack || !(flags & 8) || (flags & 16) || c->hex_ink);
	if (flags & 8)
		decode_subrects(c, k, r, flags & 16);
}

static void decode_hextile(struct rfb_client *c, struct cursor *k, struct rect r)
{
	c->hex_ground = c->hex_ink = false;
	for (int y = r.y; y < r.y + r.h; y += 16)
		for (int x = r.x; x < r.x + r.w && !k->lack; x += 16) {
			struct rect tile = {x, y, 16, 16};
			decode_hextile_tile(c, k, rect_and(tile, r));
		}
}

/* The contents of the framebuffer are undefined then: something that no picture has. */
static void set_size(struct rfb_client *c, int w, int h)
{
	if (w == c->w && h == c->h)
		return;
	free(c->px);
	c->w = w;
	c->h = h;
	c->px = malloc(4 * (size_t)(w * h));
	assert_non_null(c->px);
	memset(c->px, 0xee, 4 * (size_t)(w * h));
	picture_resize(&c->model, w, h);
}

static void decode_size(struct rfb_client *c, struct cursor *k, struct rect r, bool extended)
{
	struct rfb_note note = {c->note.times + 1, r.x, r.y, r.w, r.h, 0, 0};

	if (extended) {
		assert_true(c->offered_extended);
		assert_int_equal(take32(k) >> 24, k->lack ? 0 : 1);
		note.id = take32(k);
		assert_int_equal(take32(k), 0);
		assert_int_equal(take16(k), k->lack ? 0 : r.w);
		assert_int_equal(take16(k), k->lack ? 0 : r.h);
		note.flags = take32(k);
	} else {
		assert_true(c->offered_size && !c->offered_extended);
	}
	if (k->lack)
		return;
	assert_true(c->left == 1 || (r.w == c->w && r.h == c->h));
	c->note = note;
	set_size(c, r.w, r.h);
}

static void decode_pixels(struct rfb_client *c, struct cursor *k, struct rect r, int encoding)
{
	assert_true(rect_holds((struct rect){0, 0, c->w, c->h}, r));
	assert_true(!rect_empty(r) && rect_holds(c->clip, r));
	switch (encoding) {
	case 0: decode_raw(c, k, r); break;
	case 1: decode_copy(c, k, r); break;
	case 2: decode_rre(c, k, r); break;
	case 5: decode_hextile(c, k, r); break;
	default: fail_msg("encoding %d", encoding);
	}
	assert_true(encoding < 2 || encoding == c->offered);
	if (k->lack)
		return;
	c->rects++;
	c->raws += encoding == 0;
	c->rres += encoding == 2;
	c->hextiles += encoding == 5;
}

static void decode_rect(struct rfb_client *c, struct cursor *k)
{
	struct rect r = {(int)take16(k), 0, 0, 0};
	r.y = (int)take16(k);
	r.w = (int)take16(k);
	r.h = (int)take16(k);
	int encoding = (int)(int32_t)take32(k);

	if (k->lack)
		return;
	if (encoding == -223 || encoding == -308)
		decode_size(c, k, r, encoding == -308);
	else
		decode_pixels(c, k, r, encoding);
	if (k->lack || --c->left > 0)
		return;
	c->updates++;
	if (c->again)
		rfb_want_all(c, true);
}

static void decode_map(struct rfb_client *c, struct cursor *k)
{
	take(k, 1);
	unsigned first = take16(k), n = take16(k);

	assert_true(first + n <= 256);
	for (unsigned i = first; i < first + n; i++)
		for (int channel = 0; channel < 3; channel++)
			c->map[i][channel] = (uint16_t)take16(k);
	c->maps += !k->lack;
}

static void decode_cut(struct rfb_client *c, struct cursor *k)
{
	take(k, 3);
	uint32_t n = take32(k);

	assert_true(n < sizeof c->cut);
	for (uint32_t i = 0; i < n; i++)
		c->cut[i] = (char)take8(k);
	c->cut[n] = 0;
	c->cuts += !k->lack;
}

static void decode_message(struct rfb_client *c, struct cursor *k)
{
	unsigned type = take8(k);

	switch (type) {
	case 0:
		take(k, 1);
		c->left = take16(k);
		assert_true(k->lack || c->left > 0);
		break;
	case 1: decode_map(c, k); break;
	case 2: c->bells++; break;
	case 3: decode_cut(c, k); break;
	default: fail_msg("message of type %u", type);
	}
	if (k->lack)
		c->left = 0;
	if (c->left == 0)
		return;
	c->clip = c->asked;
	c->asked = (struct rect){0};
	c->shown = c->model;
	c->shown.frame = rfb_frame(c);
}

/* ServerInit, and what the versions have before it. */
static void decode_greeting(struct rfb_client *c, struct cursor *k)
{
	static const char name[] = "websplice test card";
	size_t before = c->minor == 8 ? 12 + 2 + 4 : c->minor == 7 ? 12 + 2 : 12 + 4;

	assert_true(c->minor);
	if ((size_t)(k->end - k->at) < before + 24 + sizeof name - 1) {
		k->lack = true;
		return;
	}
	struct span all = span_of(take(k, before), before);
	assert_span(span_take(&all, 12), span_str("RFB 003.008\n"));
	if (c->minor == 3)
		assert_span_is(all, "\0\0\0\1");
	else
		assert_span_is(span_take(&all, 2), "\1\1");
	if (c->minor == 8)
		assert_span_is(all, "\0\0\0\0");
	int w = (int)take16(k), h = (int)take16(k);
	static const uint8_t format[16] = {32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0};
	assert_span(span_of(take(k, 16), 16), span_of(format, 16));
	assert_int_equal(take32(k), sizeof name - 1);
	assert_span(span_of(take(k, sizeof name - 1), sizeof name - 1), span_str(name));
	set_size(c, w, h);
	c->greeted = true;
}

void rfb_decode(struct rfb_client *c)
{
	while (c->at < c->len) {
		struct cursor k = {c->in + c->at, c->in + c->len, false};
		if (!c->greeted)
			decode_greeting(c, &k);
		else if (c->left)
			decode_rect(c, &k);
		else
			decode_message(c, &k);
		if (k.lack)
			break;
		c->at = (size_t)(k.at - c->in);
	}
}

struct span rfb_rest(const struct rfb_client *c)
{
	return span_of(c->in + c->at, c->len - c->at);
}

/* What the format makes of one colour, as three channels. */
static uint32_t expected(const struct rfb_client *c, uint32_t colour, uint32_t have)
{
	static const uint16_t map_max[3] = {7, 7, 3};
	const struct rfb_pixels *f = &c->format;
	uint32_t want = 0;

	for (int i = 0; i < 3; i++) {
		uint32_t max = f->colour ? f->max[i] : map_max[i];
		uint32_t nearest = (2 * (colour >> (16 - 8 * i) & 255) * max + 255) / 510;
		if (f->colour)
			want |= nearest << f->shift[i];
		else if (have > 255 || c->map[have][i] != nearest * 65535 / max)
			return ~have;
	}
	return f->colour ? want : have;
}

void rfb_check_area(struct rfb_client *c, struct rect area)
{
	uint32_t *row = calloc((size_t)area.w, sizeof *row);

	assert_non_null(row);
	assert_int_equal(rfb_rest(c).len + c->left, 0);
	for (int y = area.y; y < area.y + area.h; y++) {
		struct canvas strip = {{area.x, y, area.w, 1}, row};
		picture_draw(&c->shown, &strip);
		for (int x = 0; x < area.w; x++) {
			uint32_t have = c->px[y * c->w + area.x + x];
			if (have != expected(c, row[x], have))
				fail_msg("pixel %d,%d is %#x and should show %#06x (frame %u, %s)",
				         area.x + x, y, (unsigned)have, (unsigned)row[x],
				         (unsigned)c->shown.frame, c->format.name);
		}
	}
	free(row);
}

void rfb_check_picture(struct rfb_client *c)
{
	rfb_check_area(c, (struct rect){0, 0, c->w, c->h});
}
