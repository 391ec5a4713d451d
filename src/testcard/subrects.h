/* subrects: a tile seen as one ground colour and rectangles of other colours on it. */
#ifndef TESTCARD_SUBRECTS_H
#define TESTCARD_SUBRECTS_H

#include "encode.h"

struct subrects {
	const struct tile *tile;
	uint32_t ground; /* the most frequent pixel */
	uint32_t ink;    /* the other one, when there are two */
	int colours;     /* COLOURS_MANY: more than anyone needs to know */
	int at;          /* pixels before it are done */
	uint16_t done[TILE];
};

enum { COLOURS_MANY = 65 };

void subrects_init(struct subrects *s, const struct tile *t);
/* The next rectangle that is not ground, and its pixel; false when there is none. */
bool subrects_next(struct subrects *s, struct rect *ret, uint32_t *ret_pixel);

#endif
