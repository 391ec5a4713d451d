/* A bitmap of tiles. Rectangles are cut to the largest picture there is. */
#include "tiles.h"

/* Columns and rows, not pixels. */
static struct rect tiles_touched(struct rect r)
{
	r = rect_and(r, (struct rect){0, 0, CARD_MAX_W, CARD_MAX_H});
	if (rect_empty(r))
		return (struct rect){0};
	int x = r.x / TILE, y = r.y / TILE;
	return (struct rect){x, y, (r.x + r.w - 1) / TILE - x + 1, (r.y + r.h - 1) / TILE - y + 1};
}

static bool tiles_has(const struct tiles *t, int col, int row)
{
	return t->bits[row][col / 32] >> (col % 32) & 1;
}

void tiles_mark(struct tiles *t, struct rect r)
{
	struct rect all = tiles_touched(r);

	for (int row = all.y; row < all.y + all.h; row++)
		for (int col = all.x; col < all.x + all.w; col++)
			t->bits[row][col / 32] |= 1u << (col % 32);
}

void tiles_clear(struct tiles *t, struct rect r, struct rect whole)
{
	struct rect all = tiles_touched(r);

	for (int row = all.y; row < all.y + all.h; row++)
		for (int col = all.x; col < all.x + all.w; col++) {
			struct rect tile = {col * TILE, row * TILE, TILE, TILE};
			if (rect_holds(r, rect_and(tile, whole)))
				t->bits[row][col / 32] &= ~(1u << (col % 32));
		}
}

bool tiles_clean(const struct tiles *t, struct rect r)
{
	struct rect all = tiles_touched(r);

	for (int row = all.y; row < all.y + all.h; row++)
		for (int col = all.x; col < all.x + all.w; col++)
			if (tiles_has(t, col, row))
				return false;
	return true;
}

struct rect tiles_next(const struct tiles *t, struct rect clip, int most, struct tiles_place *at)
{
	struct rect all = tiles_touched(clip);
	int end = all.x + all.w;

	if (at->row < all.y)
		*at = (struct tiles_place){all.x, all.y};
	for (; at->row < all.y + all.h; *at = (struct tiles_place){all.x, at->row + 1}) {
		int col = rect_max(at->col, all.x);
		while (col < end && !tiles_has(t, col, at->row))
			col++;
		int from = col;
		while (col < end && col - from < most && tiles_has(t, col, at->row))
			col++;
		at->col = col;
		if (col > from)
			return rect_and(clip, (struct rect){from * TILE, at->row * TILE,
			                                    (col - from) * TILE, TILE});
	}
	return (struct rect){0};
}
