/* What is to be sent, in which order: the new size alone; or the screens if asked for, the block's
 * move, then what is out of date, tile by tile.
 */
#include "update.h"

#include "rfb_out.h"

void update_init(struct update *u, const struct picture *p)
{
	*u = (struct update){.shown = *p};
	tiles_mark(&u->dirty, picture_area(p));
}

static void mark(void *ctx, struct rect r)
{
	struct update *u = ctx;
	tiles_mark(&u->dirty, rect_and(r, picture_area(&u->shown)));
}

static size_t put_size(const struct picture *now, struct viewer *v, uint8_t *out)
{
	struct size_note note = v->note;
	struct rect whole = picture_area(now);

	v->note = (struct size_note){.id = note.id, .flags = note.flags};
	if (v->offer.extended_size)
		return rfb_extended_size(whole, note.why, note.status, note.id, note.flags, out);
	return rfb_rect(whole, ENCODING_DESKTOP_SIZE, out);
}

/* A new size goes alone; the viewer asks again when it has made room (RFC 6143 7.8.2). */
static size_t begin_size(struct update *u, const struct picture *now, struct viewer *v,
                         uint8_t *out)
{
	update_init(u, now);
	v->want = v->fresh = (struct rect){0};
	size_t n = rfb_update(1, out);
	return n + put_size(now, v, out + n);
}

/* The block moves and its pixels with it, together with as much lane behind it as it uncovers:
 *
 *   from  ..│....[###]......│    the viewer copies from *ret_from to *ret_to, which overlap
 *   to    ......│....[###]..│
 *
 * if it has all of that, it has asked for all of that, and the pointer is not in the way. */
static bool block_copies(const struct update *u, const struct picture *now, const struct viewer *v,
                         struct rect *ret_from, struct rect *ret_to)
{
	struct rect from = picture_block(&u->shown);
	int way = picture_block(now).x - from.x;

	if (way == 0 || !v->offer.copyrect)
		return false;
	from.w += way < 0 ? -way : way;
	from.x -= way > 0 ? way : 0;
	struct rect to = {from.x + way, from.y, from.w, from.h};
	struct rect both = rect_or(from, to);
	*ret_from = from;
	*ret_to = to;
	return rect_holds(picture_lane(now), both) && rect_holds(u->clip, both) &&
	       tiles_clean(&u->dirty, from) && !rect_meets(picture_cross(&u->shown), both) &&
	       !rect_meets(picture_cross(now), both);
}

/* Rows of tiles are rectangles for Hextile; for the others each tile is one. */
static int run_most(const struct update *u)
{
	return u->encoding == ENCODING_HEXTILE ? TILE_COLS : 1;
}

static int count_runs(const struct update *u)
{
	struct tiles_place place = {0};
	int n = 0;

	while (!rect_empty(tiles_next(&u->dirty, u->clip, run_most(u), &place)))
		n++;
	return n;
}

size_t update_begin(struct update *u, const struct picture *now, struct viewer *v, uint8_t *out)
{
	struct rect from, to;

	if (now->w != u->shown.w || now->h != u->shown.h)
		return begin_size(u, now, v, out);
	u->pixels = v->pixels;
	u->encoding = v->offer.encoding;
	u->clip = rect_and(v->want, picture_area(now));
	mark(u, v->fresh);
	v->fresh = (struct rect){0};
	bool copy = block_copies(u, now, v, &from, &to);
	if (!copy && !rect_same(picture_block(&u->shown), picture_block(now))) {
		mark(u, picture_block(&u->shown));
		mark(u, picture_block(now));
	}
	picture_diff(&u->shown, now, mark, u);
	u->shown = *now;
	bool size = v->note.due && v->offer.extended_size;
	int rects = count_runs(u) + copy + size;
	if (rects == 0)
		return 0;
	u->busy = true;
	u->place = (struct tiles_place){0};
	u->run = v->want = (struct rect){0};
	size_t n = rfb_update(rects, out);
	n += size ? put_size(now, v, out + n) : 0;
	return n + (copy ? rfb_copy(from, to, out + n) : 0);
}

static void draw_tile(const struct update *u, struct rect area, struct tile *ret)
{
	struct canvas c = {area, ret->px};
	uint32_t colour = 0, pixel = pixel_of(&u->pixels, 0);

	ret->w = area.w;
	ret->h = area.h;
	picture_draw(&u->shown, &c);
	for (int i = 0; i < area.w * area.h; i++) {
		if (ret->px[i] != colour) {
			colour = ret->px[i];
			pixel = pixel_of(&u->pixels, colour);
		}
		ret->px[i] = pixel;
	}
}

static size_t put_tile(const struct update *u, struct rect area, uint8_t *out)
{
	struct tile tile;
	size_t n = 0;

	draw_tile(u, area, &tile);
	if (u->encoding == ENCODING_RRE)
		n = encode_rre(&tile, &u->pixels, out + 12);
	if (n)
		return rfb_rect(area, ENCODING_RRE, out) + n;
	return rfb_rect(area, ENCODING_RAW, out) + encode_raw(&tile, &u->pixels, out + 12);
}

/* The first of the tiles that are left of the run, and the head of the run before its first. */
static size_t put_hextile(struct update *u, bool first, struct rect area, uint8_t *out)
{
	struct tile tile;
	size_t n = 0;

	if (first) {
		n = rfb_rect(u->run, ENCODING_HEXTILE, out);
		u->hextile = (struct hextile){0};
	}
	draw_tile(u, area, &tile);
	return n + encode_hextile(&tile, &u->pixels, &u->hextile, out + n);
}

size_t update_next(struct update *u, uint8_t *out)
{
	bool first = rect_empty(u->run);

	if (!u->busy)
		return 0;
	if (first)
		u->run = tiles_next(&u->dirty, u->clip, run_most(u), &u->place);
	if (rect_empty(u->run)) {
		tiles_clear(&u->dirty, u->clip, picture_area(&u->shown));
		u->busy = false;
		return 0;
	}
	struct rect area = {u->run.x, u->run.y, rect_min(u->run.w, TILE), u->run.h};
	size_t n = u->encoding == ENCODING_HEXTILE ? put_hextile(u, first, area, out)
	                                           : put_tile(u, area, out);
	u->run.x += area.w;
	u->run.w -= area.w;
	return n;
}
