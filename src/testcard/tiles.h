/* tiles: which 16 by 16 squares of a viewer's picture are out of date, one bit each. A tile that
 * is not marked shows exactly what the viewer was sent last; 2,000 bytes instead of a framebuffer.
 */
#ifndef TESTCARD_TILES_H
#define TESTCARD_TILES_H

#include "layout.h"
#include "rect.h"

#include <stdint.h>

enum {
	TILE = 16,
	TILE_COLS = CARD_MAX_W / TILE,
	TILE_ROWS = CARD_MAX_H / TILE,
};

struct tiles {
	uint32_t bits[TILE_ROWS][TILE_COLS / 32];
};

/* Marks every tile that r touches. */
void tiles_mark(struct tiles *t, struct rect r);
/* Unmarks every tile that lies within r, where a tile ends at the edge of `whole` at the latest. */
void tiles_clear(struct tiles *t, struct rect r, struct rect whole);
/* True when no tile that r touches is marked. */
bool tiles_clean(const struct tiles *t, struct rect r);

/* Walks the marked tiles within `clip`: *at begins as {0, 0} and is the place to go on from. */
struct tiles_place {
	int col, row;
};
/* The next run of at most `most` marked tiles in one row, cut to clip; empty when there is none. */
struct rect tiles_next(const struct tiles *t, struct rect clip, int most, struct tiles_place *at);

#endif
