/* canvas: a window onto a picture, and the few things that can be drawn through it. Whatever lies
 * outside of the window is left out, so a picture is drawn piece by piece and never kept.
 *
 * Colours are 0xRRGGBB. Round things have soft edges, in whole numbers only: the same everywhere.
 */
#ifndef TESTCARD_CANVAS_H
#define TESTCARD_CANVAS_H

#include "rect.h"

#include <stddef.h>
#include <stdint.h>

struct canvas {
	struct rect area; /* of the picture */
	uint32_t *px;     /* area.w · area.h of them, row by row */
};

enum { DISC_ONE = 16 }; /* discs are placed in sixteenths of a pixel */

struct disc {
	int x, y, r; /* the centre of pixel n is at (n + 1/2) · DISC_ONE */
};

/* From a to b in steps of 1/256. */
uint32_t colour_mix(uint32_t a, uint32_t b, int at);

void canvas_fill(struct canvas *c, struct rect r, uint32_t colour);
/* The edge of r, `width` pixels, inside of it. */
void canvas_frame(struct canvas *c, struct rect r, int width, uint32_t colour);
/* What r and d have in common. */
void canvas_fill_in(struct canvas *c, struct rect r, const struct disc *d, uint32_t colour);
void canvas_disc(struct canvas *c, const struct disc *d, uint32_t colour);
/* The outermost `width` sixteenths of d. */
void canvas_ring(struct canvas *c, const struct disc *d, int width, uint32_t colour);
/* One line of text; (x, y) is its upper left corner. */
void canvas_text(struct canvas *c, int x, int y, int scale, uint32_t colour, const char *text);
/* The pixels d may touch. */
struct rect disc_bounds(const struct disc *d);

#endif
