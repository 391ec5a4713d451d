/* The picture of the test card: that it shows what it should, in any piece, and that the search
 * for changes misses none.
 */
#include "unit/unit.h"

#include "../../src/testcard/font.h"
#include "../../src/testcard/picture.h"
#include "../../src/testcard/tiles.h"

#include <stdlib.h>

static const int sizes[][2] = {{800, 600},  {320, 240},  {2560, 1600}, {1280, 720}, {321, 1600},
                               {2560, 240}, {1023, 767}, {390, 700},   {1920, 1080}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static uint32_t *drawn(const struct picture *p)
{
	uint32_t *px = malloc(4 * (size_t)(p->w * p->h));
	struct canvas c = {picture_area(p), px};

	assert_non_null(px);
	memset(px, 0xff, 4 * (size_t)(p->w * p->h));
	picture_draw(p, &c);
	return px;
}

/* A picture somebody has used for a while. */
static void random_picture(struct picture *p, struct rng *rng, int w, int h)
{
	static const char *const encodings[] = {"Raw", "RRE", "Hextile"};

	picture_init(p);
	picture_resize(p, w, h);
	p->frame = (uint32_t)rng_below(rng, rng_below(rng, 2) ? 100 : 4000000000);
	p->mods = (uint8_t)rng_below(rng, 16);
	p->bits = (uint8_t)(8 << rng_below(rng, 3));
	p->mapped = rng_below(rng, 2);
	p->encoding = encodings[rng_below(rng, 3)];
	for (uint64_t n = rng_below(rng, 4); n > 0; n--)
		picture_point(p, (int)rng_below(rng, (uint64_t)w), (int)rng_below(rng, (uint64_t)h),
		              (uint8_t)rng_below(rng, 32));
	for (uint64_t n = rng_below(rng, 60); n > 0; n--)
		picture_type(p, (char[]){(char)(' ' + rng_below(rng, 95)), 0});
	picture_paste(p, (uint32_t)rng_below(rng, 100));
	picture_paste_more(p, span_of("a clipboard of some length, more than fits the card",
	                              (size_t)rng_below(rng, 50)));
}

/* Whatever window one looks through, the pixels are those of the whole, and all of them are
 * drawn; none outside of the window is touched. */
static void test_windows(void **state)
{
	(void)state;
	struct rng rng = {1};
	struct edge edge;

	edge_init(&edge, 4 * 64 * 64);
	for (int i = 0; i < SIZES; i++) {
		int w = sizes[i][0], h = sizes[i][1];
		struct picture p;
		unit_note("%d by %d", w, h);
		random_picture(&p, &rng, w, h);
		uint32_t *all = drawn(&p);
		for (int n = 0; n < 300; n++) {
			struct rect r = {0, 0, 1 + (int)rng_below(&rng, 64),
			                 1 + (int)rng_below(&rng, 64)};
			r.x = (int)rng_below(&rng, (uint64_t)(w - r.w + 1));
			r.y = (int)rng_below(&rng, (uint64_t)(h - r.h + 1));
			struct span s = edge_span(&edge, 4 * (size_t)(r.w * r.h));
			uint32_t *px = (uint32_t *)(void *)s.at;
			memset(px, 0xff, s.len);
			picture_draw(&p, &(struct canvas){r, px});
			for (int y = 0; y < r.h; y++)
				assert_memory_equal(px + y * r.w, all + (r.y + y) * w + r.x,
				                    4 * (size_t)r.w);
		}
		for (int n = 0; n < w * h; n++)
			assert_true(all[n] <= 0xffffff);
		free(all);
	}
	edge_done(&edge);
	unit_note_clear();
}

static void mark(void *ctx, struct rect r)
{
	tiles_mark(ctx, r);
}

/* Two pictures, drawn and compared: each different pixel lies in a marked tile or in the block. */
static void check_diff(const struct picture *a, const struct picture *b)
{
	struct tiles marks = {0};
	uint32_t *was = drawn(a), *is = drawn(b);

	picture_diff(a, b, mark, &marks);
	mark(&marks, picture_block(a));
	mark(&marks, picture_block(b));
	for (int y = 0; y < a->h; y++)
		for (int x = 0; x < a->w; x++)
			if (was[y * a->w + x] != is[y * a->w + x] &&
			    tiles_clean(&marks, (struct rect){x, y, 1, 1}))
				fail_msg("%d,%d changed from %#x to %#x", x, y, was[y * a->w + x],
				         is[y * a->w + x]);
	free(was);
	free(is);
}

static void test_diff(void **state)
{
	(void)state;
	struct rng rng = {2};

	for (int n = 0; n < 40; n++) {
		int w = sizes[n % SIZES][0], h = sizes[n % SIZES][1];
		struct picture a, b;
		unit_note("round %d", n);
		random_picture(&a, &rng, w, h);
		random_picture(&b, &rng, w, h);
		check_diff(&a, &b);
	}
	unit_note_clear();
}

/* The same with one thing changed at a time, which no other can hide. */
static void test_diff_of_one(void **state)
{
	(void)state;
	struct rng rng = {3};

	for (int n = 0; n < 60; n++) {
		struct picture a, b;
		unit_note("round %d", n);
		random_picture(&a, &rng, 400, 300);
		b = a;
		switch (n % 10) {
		case 0: b.frame++; break;
		case 1: b.buttons ^= 1; break;
		case 2: picture_point(&b, 200, 100, b.buttons); break;
		case 3: picture_type(&b, "x"); break;
		case 4: picture_erase(&b); break;
		case 5: picture_paste_more(&b, span_str("y")); break;
		case 6: b.mods ^= 8; break;
		case 7: b.bits = 24; break;
		case 8: b.wheel++; break;
		case 9: b.encoding = "Tight"; break;
		}
		check_diff(&a, &b);
	}
	unit_note_clear();
}

/* Little changes from frame to frame: what is marked is what costs. */
static void test_diff_is_small(void **state)
{
	(void)state;
	struct picture a, b;
	unsigned count = 0;

	picture_init(&a);
	for (a.frame = 0; a.frame < 300; a.frame++) {
		struct tiles marks = {0};
		struct tiles_place place = {0};
		b = a;
		b.frame++;
		picture_diff(&a, &b, mark, &marks);
		while (!rect_empty(tiles_next(&marks, picture_area(&a), 1, &place)))
			count++;
	}
	assert_true(count / 300 >= 5 && count / 300 <= 90);
}

/* The pixels of `letters`, drawn at scale by the font, stand at (x, y) in this colour. */
static void check_text(const uint32_t *px, int w, int x, int y, int scale, uint32_t colour,
                       const char *letters)
{
	for (; *letters; letters++, x += 6 * scale)
		for (int dy = 0; dy < 9 * scale; dy++)
			for (int dx = 0; dx < 5 * scale; dx++)
				assert_int_equal(px[(y + dy) * w + x + dx] == colour,
				                 font_pixel(*letters, scale, dx, dy));
}

/* Some places of the card at 800 by 600, written down by hand. */
static void test_places(void **state)
{
	(void)state;
	static const struct {
		int x, y;
		uint32_t colour;
		const char *what;
	} rows[] = {
		{400, 8, 0xe6ebf5, "border, middle block"},
		{432, 8, 0x131b2b, "border, the next one"},
		{400, 592, 0xe6ebf5, "border, below"},
		{8, 256, 0xe6ebf5, "border, left"},
		{792, 256, 0xe6ebf5, "border, right"},
		{208, 216, 0xbfbfbf, "grey bar"},
		{272, 216, 0xbfbf00, "yellow bar"},
		{336, 216, 0x00bfbf, "cyan bar"},
		{400, 216, 0x00bf00, "green bar"},
		{464, 216, 0xbf00bf, "magenta bar"},
		{528, 216, 0xbf0000, "red bar"},
		{592, 216, 0x0000bf, "blue bar"},
		{400, 50, 0x0b101b, "disc, above"},
		{496, 288, 0xffffff, "grating, one pixel"},
		{497, 288, 0x000000, "grating, the next"},
		{498, 288, 0xffffff, "grating, and so on"},
		{400, 256 - 224, 0xe6ebf5, "ring"},
		{400, 256 + 224, 0xe6ebf5, "ring, below"},
		{400, 256 - 224 - 11, 0x4fd8ff, "first dot, lit"},
		{16 + 24 - 6, 504, 0xffa14a, "block"},
		{160, 480, 0x25324a, "grid"},
	};
	struct picture p;

	picture_init(&p);
	uint32_t *px = drawn(&p);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (px[rows[i].y * 800 + rows[i].x] != rows[i].colour)
			fail_msg("%s is %#x", rows[i].what, px[rows[i].y * 800 + rows[i].x]);
	}
	free(px);
}

static void test_texts(void **state)
{
	(void)state;
	struct picture p;

	picture_init(&p);
	p.frame = 54321;
	picture_type(&p, "Hello");
	uint32_t *px = drawn(&p);
	check_text(px, 800, 400 - 53 * 4 / 2, 256 - 170 - 14, 4, 0xe6ebf5, "WEBSPLICE");
	check_text(px, 800, 400 - 47 * 4 / 2, 256 + 112 - 14, 4, 0xe6ebf5, "00054321");
	check_text(px, 800, 400 - 47, 256 + 152 - 7, 2, 0x4fd8ff, "00:30:10");
	check_text(px, 800, 16 + 10 + 120, 512 + 8, 2, 0xe6ebf5, "Hello ");
	free(px);
	p.frame = 54300; /* the cursor is there half of the time */
	px = drawn(&p);
	check_text(px, 800, 16 + 10 + 120, 512 + 8, 2, 0xe6ebf5, "Hello_");
	free(px);
}

/* What is pasted is one line: the end of a line is a blank, and what the font lacks a question mark. */
static void test_paste(void **state)
{
	(void)state;
	struct picture p;

	picture_init(&p);
	picture_paste(&p, 6);
	picture_paste_more(&p, span_str("a\nb"));
	picture_paste_more(&p, span_str("\t\x7f\xff~"));
	assert_string_equal(p.paste, "a b???~");
}

/* Each frame looks different from those around it. */
static void test_moves(void **state)
{
	(void)state;
	struct picture p;

	picture_init(&p);
	uint32_t *was = drawn(&p);
	for (p.frame = 1; p.frame < 70; p.frame++) {
		uint32_t *is = drawn(&p);
		assert_true(memcmp(was, is, 4 * 800 * 600) != 0);
		free(was);
		was = is;
	}
	free(was);
}

static void test_block_stays_in_lane(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES; i++) {
		struct picture p;
		picture_init(&p);
		picture_resize(&p, sizes[i][0], sizes[i][1]);
		int least = p.w, most = 0;
		for (p.frame = 0; p.frame < 3000; p.frame++) {
			struct rect block = picture_block(&p);
			assert_true(rect_holds(picture_lane(&p), block));
			least = rect_min(least, block.x);
			most = rect_max(most, block.x + block.w);
		}
		assert_int_equal(least, picture_lane(&p).x);
		assert_true(most > picture_lane(&p).x + picture_lane(&p).w - 10);
	}
}

static void test_typing(void **state)
{
	(void)state;
	struct picture p;
	char want[PICTURE_TEXT + 1];

	picture_init(&p);
	for (int i = 0; i < 200; i++)
		picture_type(&p, (char[]){(char)('a' + i % 26), 0});
	for (int i = 0; i < PICTURE_TEXT; i++)
		want[i] = (char)('a' + (200 - PICTURE_TEXT + i) % 26);
	want[PICTURE_TEXT] = 0;
	assert_string_equal(p.keys, want);
	picture_type(&p, "0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(strlen(p.keys), PICTURE_TEXT);
	assert_string_equal(p.keys + PICTURE_TEXT - 10, "0123456789");
	for (int i = 0; i < PICTURE_TEXT + 3; i++)
		picture_erase(&p);
	assert_string_equal(p.keys, "");
	picture_type(&p, "a]");
	picture_erase(&p);
	assert_string_equal(p.keys, "a");
}

/* Letters differ from each other, and larger ones are rounder, not other ones. */
static void test_font(void **state)
{
	(void)state;
	uint64_t seen[96];

	for (int c = ' '; c < 0x80; c++) {
		uint64_t dots = 0;
		for (int y = 0; y < FONT_H; y++)
			for (int x = 0; x < FONT_W; x++) {
				bool on = font_pixel((char)c, 1, x, y);
				dots = dots << 1 | on;
				/* the middle of each dot is what the dot is */
				assert_int_equal(font_pixel((char)c, 5, 5 * x + 2, 5 * y + 2), on);
			}
		assert_int_equal(dots == 0, c == ' ');
		for (int other = ' '; other < c; other++)
			assert_true(seen[other - ' '] != dots);
		seen[c - ' '] = dots;
	}
	assert_true(font_pixel('\xe9', 1, 0, 0) && !font_pixel('\xe9', 1, 2, 2));
	assert_false(font_pixel('#', 2, -1, 4));
	assert_false(font_pixel('#', 2, 10, 4));
	assert_false(font_pixel('#', 2, 4, 18));
	/* the diagonal of '/' is joined: dots (2,3) and (3,2) touch at a corner */
	assert_true(font_pixel('/', 2, 2 * 2 + 1, 2 * 2 + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_windows),       UNIT(test_diff),   UNIT(test_diff_of_one),
		UNIT(test_diff_is_small), UNIT(test_places), UNIT(test_texts),
		UNIT(test_paste),         UNIT(test_moves),  UNIT(test_block_stays_in_lane),
		UNIT(test_typing),        UNIT(test_font),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
