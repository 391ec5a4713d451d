/* layout: where things are on a card of a given size.
 *
 *   ┌─┬─┬─┬─┬─┬─┬─┬─┬─┬─┬─┐   border of light and dark blocks, one unit thick
 *   ├ plate  ╭─────╮ plate ┤   a disc of coloured bands, a ring of 60 dots around it,
 *   ├ plate  │     │ plate ┤   three plates to the left, three to the right
 *   ├ plate  ╰─────╯ plate ┤
 *   ├──────── lane ────────┤   along which the block moves
 *   ├──────── desk ────────┤   keys, clipboard, hints
 *   └─┴─┴─┴─┴─┴─┴─┴─┴─┴─┴─┘
 *
 * On a card that is tall enough, as a phone's, the disc is as wide as the card and the plates are
 * above and below it. Everything follows from width and height; at 800 by 600 most edges lie on multiples of 16, the
 * side of a Hextile tile.
 */
#ifndef TESTCARD_LAYOUT_H
#define TESTCARD_LAYOUT_H

#include "canvas.h"

enum {
	CARD_W = 800, /* to begin with */
	CARD_H = 600,
	CARD_MIN_W = 320,
	CARD_MIN_H = 240,
	CARD_MAX_W = 2560,
	CARD_MAX_H = 1600,
};

enum { BANDS = 28, DOTS = 60, PLATES = 6 };

struct layout {
	int w, h;
	bool tall;
	int scale;        /* of text */
	int unit;         /* 8 · scale */
	int cx, cy, r;    /* the disc, pixels; r is a multiple of 7 */
	int big;          /* scale of the large letters in the disc */
	struct disc disc; /* the same, as a disc */
	struct rect lane, desk;
};

/* Both within the bounds above. */
struct layout layout_of(int w, int h);
/* The top of band n, 0 … BANDS, where the disc begins and ends. */
int layout_band(const struct layout *l, int n);
/* Plates 0 … 2 are on the left, 3 … 5 on the right, from above; two of each below a tall disc. */
struct rect layout_plate(const struct layout *l, int n);
/* One of the dots around the disc, clockwise from above. */
struct disc layout_dot(const struct layout *l, int n);

#endif
