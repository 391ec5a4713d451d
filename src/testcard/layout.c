/* Arithmetic only: from a size to places. */
#include "layout.h"

#include "font.h"

enum { PLATE_CELLS = 10 }; /* letters that fit into a plate */

enum { PLATE_H = 27, PLATE_GAP = 6 }; /* in units of scale */

/* The space between disc and dots' outer edge, in units of scale. */
enum { RIM = 7, DOT_AT = 5, DOT_SPARE = 1 };

static int clamp(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

static int plate_width(const struct layout *l)
{
	return (PLATE_CELLS * FONT_STEP + 6) * l->scale;
}

static void layout_disc(struct layout *l)
{
	int half_h = (l->lane.y - l->unit) / 2, half_w = l->w / 2 - l->unit;
	int rim = (RIM + DOT_SPARE) * l->scale;

	l->tall = half_h - half_w >= (2 * PLATE_H + 3 * PLATE_GAP) * l->scale;
	int r = rect_min(half_h, l->tall ? half_w : half_w - plate_width(l)) - rim;
	l->cx = l->w / 2;
	l->cy = l->unit + half_h;
	l->r = rect_max(r / 7, 1) * 7;
	l->big = rect_max(l->r / 56, 1);
	l->disc = (struct disc){l->cx * DISC_ONE, l->cy * DISC_ONE, l->r * DISC_ONE};
}

struct layout layout_of(int w, int h)
{
	struct layout l = {.w = w, .h = h};

	l.scale = clamp(rect_min(w / 400, h / 300), 1, 4);
	l.unit = 8 * l.scale;
	int desk_h = 36 * l.scale;
	l.desk = (struct rect){l.unit, h - l.unit - desk_h, w - 2 * l.unit, desk_h};
	l.lane = (struct rect){l.unit, l.desk.y - l.unit, w - 2 * l.unit, l.unit};
	layout_disc(&l);
	return l;
}

int layout_band(const struct layout *l, int n)
{
	return l->cy - l->r + 2 * l->r * n / BANDS;
}

/* One above the disc, two below it. */
static int tall_plate_y(const struct layout *l, int row, int h)
{
	int reach = l->r + RIM * l->scale, space = l->cy - reach - l->unit;
	int below = l->cy + reach;

	if (row == 0)
		return l->unit + (space - h) / 2;
	return below + row * (space - 2 * h) / 3 + (row - 1) * h;
}

struct rect layout_plate(const struct layout *l, int n)
{
	int w = plate_width(l), h = PLATE_H * l->scale;
	int left = l->unit, right = l->tall ? l->cx : l->cx - l->r - RIM * l->scale;
	int x = (left + right - w) / 2;
	int pitch = rect_max((l->lane.y - l->unit) / 3, h + 1);
	int y = l->tall ? tall_plate_y(l, n % 3, h) : l->cy + (n % 3 - 1) * pitch - h / 2;

	if (n >= PLATES / 2)
		x = l->w - x - w;
	return (struct rect){x, y, w, h};
}

/* sin of 0°, 6°, … 90°, times 4096 */
static const int16_t sines[] = {0,    428,  852,  1266, 1666, 2048, 2408, 2741,
                                3044, 3314, 3547, 3742, 3896, 4006, 4074, 4096};

static int sine(int step)
{
	step %= DOTS;
	if (step >= DOTS / 2)
		return -sine(step - DOTS / 2);
	return sines[step <= DOTS / 4 ? step : DOTS / 2 - step];
}

struct disc layout_dot(const struct layout *l, int n)
{
	int64_t reach = (l->r + DOT_AT * l->scale) * DISC_ONE + l->scale * DISC_ONE / 2;

	return (struct disc){
		.x = l->disc.x + (int)(reach * sine(n) / 4096),
		.y = l->disc.y - (int)(reach * sine(n + DOTS / 4) / 4096),
		.r = l->scale * DISC_ONE * 3 / 2,
	};
}
