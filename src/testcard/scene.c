/* Drawing a picture, from the ground up. Each part first looks whether the window meets it at all:
 * a window is mostly one tile, and most parts miss it.
 */
#include "font.h"
#include "label.h"
#include "palette.h"
#include "picture.h"

enum { TRAIL = 20 }; /* dots behind the one that is lit */

/* Rounds down, also below zero. */
static int floor_div(int a, int b)
{
	return (a < 0 ? a - b + 1 : a) / b;
}

/* The first line at or after `from`, of those `step` apart that go through `centre`. */
static int first_line(int from, int centre, int step)
{
	return centre + floor_div(from - centre + step - 1, step) * step;
}

static void draw_grid(const struct layout *l, struct canvas *c)
{
	struct rect a = c->area;
	int step = 2 * l->unit;

	canvas_fill(c, a, INK_GROUND);
	for (int x = first_line(a.x, l->cx, step); x < a.x + a.w; x += step)
		canvas_fill(c, (struct rect){x, a.y, 1, a.h}, INK_GRID);
	for (int y = first_line(a.y, l->cy, step); y < a.y + a.h; y += step)
		canvas_fill(c, (struct rect){a.x, y, a.w, 1}, INK_GRID);
}

/* Blocks along one side, every other one light, a light one in the middle. `r` is that side. */
static void draw_wall(const struct layout *l, struct canvas *c, struct rect r, bool upright)
{
	struct rect a = rect_and(r, c->area);
	int len = 2 * l->unit, half = l->unit;
	int centre = upright ? l->cy : l->cx;
	int from = upright ? a.y : a.x, to = upright ? a.y + a.h : a.x + a.w;

	if (rect_empty(a))
		return;
	for (int n = floor_div(from - centre + half, len); centre - half + n * len < to; n++) {
		int at = centre - half + n * len;
		struct rect block = upright ? (struct rect){r.x, at, r.w, len}
		                            : (struct rect){at, r.y, len, r.h};
		canvas_fill(c, rect_and(block, r), n & 1 ? INK_GROUND : INK_CASTLE);
	}
}

static void draw_walls(const struct layout *l, struct canvas *c)
{
	int u = l->unit;

	draw_wall(l, c, (struct rect){0, 0, l->w, u}, false);
	draw_wall(l, c, (struct rect){0, l->h - u, l->w, u}, false);
	draw_wall(l, c, (struct rect){0, u, u, l->h - 2 * u}, true);
	draw_wall(l, c, (struct rect){l->w - u, u, u, l->h - 2 * u}, true);
}

/* Bands `from` up to `to` of the disc's bounding box. */
static struct rect band_rect(const struct layout *l, int from, int to)
{
	int y = layout_band(l, from);
	return (struct rect){l->cx - l->r, y, 2 * l->r, layout_band(l, to) - y};
}

/* The nth of `all` equal parts of a band. */
static struct rect band_part(struct rect band, int n, int all)
{
	int x = band.w * n / all;
	return (struct rect){band.x + x, band.y, band.w * (n + 1) / all - x, band.h};
}

static void draw_greys(const struct layout *l, struct canvas *c, struct rect band)
{
	enum { STEPS = 14 };

	for (int n = 0; n < STEPS; n++)
		canvas_fill_in(c, band_part(band, n, STEPS), &l->disc,
		               0x010101u * (unsigned)(n * 255 / (STEPS - 1)));
}

/* The 75 % bars of ITU-R BT.471. */
static void draw_bars(const struct layout *l, struct canvas *c, struct rect band)
{
	static const uint32_t bars[] = {0xbfbfbf, 0xbfbf00, 0x00bfbf, 0x00bf00,
	                                0xbf00bf, 0xbf0000, 0x0000bf};

	for (int n = 0; n < 7; n++)
		canvas_fill_in(c, band_part(band, n, 7), &l->disc, bars[n]);
}

/* Upright lines, ever finer: whether single pixels survive shows here. */
static void draw_gratings(const struct layout *l, struct canvas *c, struct rect band)
{
	static const int widths[] = {8, 6, 4, 3, 2, 1, 16};

	for (int n = 0; n < 7; n++) {
		struct rect part = band_part(band, n, 7);
		canvas_fill_in(c, part, &l->disc, n == 6 ? 0x808080 : 0x000000);
		for (int x = 0; n < 6 && x < part.w; x += 2 * widths[n]) {
			struct rect line = {part.x + x, part.y, widths[n], part.h};
			canvas_fill_in(c, rect_and(line, part), &l->disc, 0xffffff);
		}
	}
}

/* The colours of the rainbow, at = 0 … 1535 once around. */
static uint32_t hue(int at)
{
	uint32_t up = (uint32_t)at % 256, down = 255 - up;

	switch (at / 256) {
	case 0: return 0xff0000 | up << 8;
	case 1: return 0x00ff00 | down << 16;
	case 2: return 0x00ff00 | up;
	case 3: return 0x0000ff | down << 8;
	case 4: return 0x0000ff | up << 16;
	default: return 0xff0000 | down;
	}
}

/* Smooth, so that a viewer with few colours shows its steps. Two pixels to a colour. */
static void draw_rainbow(const struct layout *l, struct canvas *c, struct rect band)
{
	struct rect a = rect_and(band, c->area);

	if (rect_empty(a))
		return;
	for (int n = (a.x - band.x) / 2; band.x + 2 * n < a.x + a.w; n++)
		canvas_fill_in(c, (struct rect){band.x + 2 * n, band.y, 2, band.h}, &l->disc,
		               hue(n * 1535 / (band.w / 2)));
}

static void draw_disc(const struct layout *l, struct canvas *c)
{
	struct disc ring = l->disc;
	static const struct {
		int from, to;
		void (*draw)(const struct layout *l, struct canvas *c, struct rect band);
	} bands[] = {
		{6, 8, draw_greys},
		{8, 15, draw_bars},
		{15, 17, draw_gratings},
		{17, 19, draw_rainbow},
	};

	ring.r += l->scale * DISC_ONE;
	if (!rect_meets(c->area, disc_bounds(&ring)))
		return;
	canvas_disc(c, &l->disc, INK_PLATE);
	for (size_t n = 0; n < sizeof bands / sizeof *bands; n++) {
		struct rect band = band_rect(l, bands[n].from, bands[n].to);
		if (rect_meets(c->area, band))
			bands[n].draw(l, c, band);
	}
	canvas_ring(c, &ring, l->scale * DISC_ONE * 3 / 2, INK_RING);
}

/* One dot is lit, those behind it fade. */
static uint32_t dot_colour(uint32_t frame, int n)
{
	int lit = (int)(frame % DOTS);
	int behind = (lit - n + DOTS) % DOTS;

	if (behind >= TRAIL)
		return INK_DOT;
	return colour_mix(INK_BRIGHT, INK_DOT, behind * 256 / TRAIL);
}

/* All dots lie within this disc. */
static bool dots_meet(const struct layout *l, struct rect r)
{
	struct disc all = l->disc;

	all.r += 8 * l->scale * DISC_ONE;
	return rect_meets(r, disc_bounds(&all));
}

static void draw_dots(const struct picture *p, const struct layout *l, struct canvas *c)
{
	if (!dots_meet(l, c->area))
		return;
	for (int n = 0; n < DOTS; n++) {
		struct disc dot = layout_dot(l, n);
		if (rect_meets(c->area, disc_bounds(&dot)))
			canvas_disc(c, &dot, dot_colour(p->frame, n));
	}
}

static void draw_lamps(const struct picture *p, const struct layout *l, struct canvas *c)
{
	for (int n = 0; n < LAMPS; n++) {
		struct rect r = lamp_place(l, n);
		if (!rect_meets(r, c->area))
			continue;
		bool lit = lamp_lit(p, n);
		char letter[2] = {lamp_letter(n)};
		canvas_fill(c, r, lit ? INK_LIT : INK_LAMP);
		canvas_text(c, r.x + 2 * l->scale, r.y + (r.h - FONT_CAPS * l->scale + 1) / 2,
		            l->scale, lit ? INK_PLATE : INK_DIM, letter);
	}
}

static void draw_plates(const struct picture *p, const struct layout *l, struct canvas *c)
{
	for (int n = 0; n < PLATES; n++) {
		struct rect r = layout_plate(l, n);
		if (!rect_meets(r, c->area))
			continue;
		canvas_fill(c, r, INK_PLATE);
		canvas_frame(c, r, 1, INK_LINE);
	}
	draw_lamps(p, l, c);
}

static void draw_lane(const struct picture *p, const struct layout *l, struct canvas *c)
{
	struct rect r = l->lane, block = picture_block(p);
	int s = l->scale;

	if (!rect_meets(r, c->area))
		return;
	canvas_fill(c, r, INK_PLATE);
	canvas_fill(c, (struct rect){r.x, r.y + r.h / 2, r.w, 1}, INK_LINE);
	canvas_fill(c, (struct rect){block.x, block.y + s, block.w, block.h - 2 * s}, INK_WARM);
	for (int n = 1; n <= 3; n++)
		canvas_fill(c,
		            (struct rect){block.x + n * block.w / 4 - s / 2, block.y + 2 * s, s,
		                          block.h - 4 * s},
		            INK_PLATE);
}

static void draw_desk(const struct layout *l, struct canvas *c)
{
	if (!rect_meets(l->desk, c->area))
		return;
	canvas_fill(c, l->desk, INK_PLATE);
	canvas_fill(c, (struct rect){l->desk.x, l->desk.y, l->desk.w, 1}, INK_LINE);
}

static void draw_labels(const struct picture *p, const struct layout *l, struct canvas *c)
{
	char text[LABEL_TEXT];

	for (int id = 0; id < LABELS; id++) {
		struct label at = label_place(l, (enum label_id)id);
		if (rect_meets(label_bounds(&at), c->area))
			canvas_text(c, at.x, at.y, at.scale, at.colour,
			            label_text(p, &at, (enum label_id)id, text));
	}
}

/* A cross with a hole in the middle, its arms `reach` long. */
static void draw_arms(const struct picture *p, struct canvas *c, int s, int out, uint32_t colour)
{
	int reach = 12 * s + out, gap = 4 * s - out, w = s + 2 * out, at = s / 2 + out;
	int len = reach - gap;

	canvas_fill(c, (struct rect){p->x - reach, p->y - at, len, w}, colour);
	canvas_fill(c, (struct rect){p->x + gap + 1, p->y - at, len, w}, colour);
	canvas_fill(c, (struct rect){p->x - at, p->y - reach, w, len}, colour);
	canvas_fill(c, (struct rect){p->x - at, p->y + gap + 1, w, len}, colour);
}

/* Its middle is clear, and full while a button is down. */
static void draw_cross(const struct picture *p, const struct layout *l, struct canvas *c)
{
	int s = l->scale;
	struct disc ring = {p->x * DISC_ONE + DISC_ONE / 2, p->y * DISC_ONE + DISC_ONE / 2,
	                    8 * s * DISC_ONE};
	struct disc inner = ring;

	if (!rect_meets(picture_cross(p), c->area))
		return;
	inner.r -= s * DISC_ONE / 2;
	if (p->buttons)
		canvas_disc(c, &inner, INK_LIT);
	canvas_ring(c, &ring, 5 * s * DISC_ONE / 2, INK_PLATE);
	canvas_ring(c, &inner, 3 * s * DISC_ONE / 2, INK_POINTER);
	draw_arms(p, c, s, 1, INK_PLATE);
	draw_arms(p, c, s, 0, INK_POINTER);
}

void picture_draw(const struct picture *p, struct canvas *c)
{
	struct layout l = layout_of(p->w, p->h);

	draw_grid(&l, c);
	draw_walls(&l, c);
	draw_disc(&l, c);
	draw_dots(p, &l, c);
	draw_plates(p, &l, c);
	draw_lane(p, &l, c);
	draw_desk(&l, c);
	draw_labels(p, &l, c);
	draw_cross(p, &l, c);
}

/* ---- what has changed ---- */

static void diff_labels(const struct picture *a, const struct picture *b, const struct layout *l,
                        void (*mark)(void *ctx, struct rect r), void *ctx)
{
	char was[LABEL_TEXT], is[LABEL_TEXT];

	for (int id = 0; id < LABELS_MOVING; id++) {
		struct label at = label_place(l, (enum label_id)id);
		label_text(a, &at, (enum label_id)id, was);
		label_text(b, &at, (enum label_id)id, is);
		for (int n = 0; n < at.cells; n++)
			if (was[n] != is[n])
				mark(ctx, label_cell(&at, n));
	}
}

static void diff_dots(const struct picture *a, const struct picture *b, const struct layout *l,
                      void (*mark)(void *ctx, struct rect r), void *ctx)
{
	for (int n = 0; n < DOTS; n++) {
		struct disc dot = layout_dot(l, n);
		if (dot_colour(a->frame, n) != dot_colour(b->frame, n))
			mark(ctx, disc_bounds(&dot));
	}
}

void picture_diff(const struct picture *a, const struct picture *b,
                  void (*mark)(void *ctx, struct rect r), void *ctx)
{
	struct layout l = layout_of(a->w, a->h);

	diff_labels(a, b, &l, mark, ctx);
	diff_dots(a, b, &l, mark, ctx);
	for (int n = 0; n < LAMPS; n++)
		if (lamp_lit(a, n) != lamp_lit(b, n))
			mark(ctx, lamp_place(&l, n));
	if (a->pointed != b->pointed || a->x != b->x || a->y != b->y ||
	    !a->buttons != !b->buttons) {
		mark(ctx, picture_cross(a));
		mark(ctx, picture_cross(b));
	}
}
