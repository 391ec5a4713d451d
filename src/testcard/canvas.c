/* Drawing into a window. Everything is clipped to c->area first and written second. */
#include "canvas.h"

#include "font.h"

enum { SOLID = 256 };

uint32_t colour_mix(uint32_t a, uint32_t b, int at)
{
	uint32_t part = (uint32_t)at, rest = SOLID - part;
	uint32_t odd = (a & 0xff00ff) * rest + (b & 0xff00ff) * part;
	uint32_t even = (a & 0x00ff00) * rest + (b & 0x00ff00) * part;
	return (odd >> 8 & 0xff00ff) | (even >> 8 & 0x00ff00);
}

static uint32_t *canvas_row(struct canvas *c, int x, int y)
{
	return c->px + (y - c->area.y) * c->area.w + (x - c->area.x);
}

void canvas_fill(struct canvas *c, struct rect r, uint32_t colour)
{
	r = rect_and(r, c->area);
	for (int y = r.y; y < r.y + r.h; y++) {
		uint32_t *px = canvas_row(c, r.x, y);
		for (int i = 0; i < r.w; i++)
			px[i] = colour;
	}
}

void canvas_frame(struct canvas *c, struct rect r, int width, uint32_t colour)
{
	canvas_fill(c, (struct rect){r.x, r.y, r.w, width}, colour);
	canvas_fill(c, (struct rect){r.x, r.y + r.h - width, r.w, width}, colour);
	canvas_fill(c, (struct rect){r.x, r.y, width, r.h}, colour);
	canvas_fill(c, (struct rect){r.x + r.w - width, r.y, width, r.h}, colour);
}

/* How much of the pixel the disc covers, 0 … SOLID. Near the edge r - d is nearly
 * (r² - d²) / 2r, which needs no square root. */
static int disc_cover(const struct disc *d, int x, int y)
{
	int64_t dx = x * DISC_ONE + DISC_ONE / 2 - d->x, dy = y * DISC_ONE + DISC_ONE / 2 - d->y;
	int64_t r = d->r;
	if (r <= 0)
		return 0;
	int64_t cover = SOLID / 2 + (r * r - dx * dx - dy * dy) * (SOLID / DISC_ONE / 2) / r;
	return cover < 0 ? 0 : cover > SOLID ? SOLID : (int)cover;
}

struct rect disc_bounds(const struct disc *d)
{
	int reach = d->r / DISC_ONE + 2;
	return (struct rect){d->x / DISC_ONE - reach, d->y / DISC_ONE - reach, 2 * reach + 1,
	                     2 * reach + 1};
}

/* A disc is convex: what has its four corners inside is inside. */
static bool disc_holds(const struct disc *d, struct rect r)
{
	int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
	return disc_cover(d, r.x, r.y) == SOLID && disc_cover(d, right, r.y) == SOLID &&
	       disc_cover(d, r.x, bottom) == SOLID && disc_cover(d, right, bottom) == SOLID;
}

/* Without `hole`, a disc; with it, what is in the disc and not in the hole. */
static void canvas_round(struct canvas *c, struct rect r, const struct disc *d,
                         const struct disc *hole, uint32_t colour)
{
	for (int y = r.y; y < r.y + r.h; y++) {
		uint32_t *px = canvas_row(c, r.x, y);
		for (int x = r.x; x < r.x + r.w; x++, px++) {
			int cover = disc_cover(d, x, y);
			if (cover && hole)
				cover -= disc_cover(hole, x, y);
			if (cover > 0)
				*px = colour_mix(*px, colour, cover);
		}
	}
}

void canvas_fill_in(struct canvas *c, struct rect r, const struct disc *d, uint32_t colour)
{
	r = rect_and(rect_and(r, c->area), disc_bounds(d));
	if (rect_empty(r))
		return;
	if (disc_holds(d, r))
		canvas_fill(c, r, colour);
	else
		canvas_round(c, r, d, NULL, colour);
}

void canvas_disc(struct canvas *c, const struct disc *d, uint32_t colour)
{
	canvas_fill_in(c, c->area, d, colour);
}

void canvas_ring(struct canvas *c, const struct disc *d, int width, uint32_t colour)
{
	struct disc hole = {d->x, d->y, d->r - width};
	struct rect r = rect_and(c->area, disc_bounds(d));
	if (rect_empty(r) || disc_holds(&hole, r))
		return;
	canvas_round(c, r, d, &hole, colour);
}

static void canvas_letter(struct canvas *c, int x0, int y0, int scale, uint32_t colour, char letter)
{
	struct rect r = {x0, y0, FONT_W * scale, FONT_H * scale};
	r = rect_and(r, c->area);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			if (font_pixel(letter, scale, x - x0, y - y0))
				*canvas_row(c, x, y) = colour;
}

void canvas_text(struct canvas *c, int x, int y, int scale, uint32_t colour, const char *text)
{
	for (; *text; text++, x += FONT_STEP * scale)
		canvas_letter(c, x, y, scale, colour, *text);
}
