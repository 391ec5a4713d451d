/* Takes a tile apart, greedily: from the first pixel that is left as far to the right as its colour
 * goes, then as far down. Choosing the taller way where that is larger made no picture smaller. */
#include "subrects.h"

struct census {
	uint32_t pixel[COLOURS_MANY];
	int count[COLOURS_MANY];
	int n;
};

static int census_find(const struct census *c, uint32_t pixel)
{
	int i = 0;
	while (i < c->n && c->pixel[i] != pixel)
		i++;
	return i;
}

static void census_take(struct census *c, const struct tile *t)
{
	int last = 0;

	for (int n = 0; n < t->w * t->h && c->n < COLOURS_MANY; n++) {
		if (c->n == 0 || c->pixel[last] != t->px[n])
			last = census_find(c, t->px[n]);
		if (last == c->n)
			c->pixel[c->n++] = t->px[n];
		c->count[last]++;
	}
}

void subrects_init(struct subrects *s, const struct tile *t)
{
	struct census c = {.n = 0};
	int most = 0;

	census_take(&c, t);
	for (int i = 1; i < c.n; i++)
		if (c.count[i] > c.count[most])
			most = i;
	*s = (struct subrects){
		.tile = t,
		.ground = c.pixel[most],
		.ink = c.pixel[most == 0],
		.colours = c.n,
	};
}

static bool subrects_free(const struct subrects *s, int x, int y, uint32_t pixel)
{
	return s->tile->px[y * s->tile->w + x] == pixel && !(s->done[y] >> x & 1);
}

/* How far the row goes on from (x, y), at most `most` pixels. */
static int run_right(const struct subrects *s, int x, int y, int most, uint32_t pixel)
{
	int n = 0;
	while (n < most && subrects_free(s, x + n, y, pixel))
		n++;
	return n;
}

static struct rect grow_down(const struct subrects *s, int x, int y, int w, uint32_t pixel)
{
	int h = 1;
	while (y + h < s->tile->h && run_right(s, x, y + h, w, pixel) == w)
		h++;
	return (struct rect){x, y, w, h};
}

bool subrects_next(struct subrects *s, struct rect *ret, uint32_t *ret_pixel)
{
	const struct tile *t = s->tile;

	for (; s->at < t->w * t->h; s->at++) {
		int x = s->at % t->w, y = s->at / t->w;
		uint32_t pixel = t->px[s->at];
		if (pixel == s->ground || (s->done[y] >> x & 1))
			continue;
		int w = run_right(s, x, y, t->w - x, pixel);
		*ret = grow_down(s, x, y, w, pixel);
		*ret_pixel = pixel;
		for (int row = ret->y; row < ret->y + ret->h; row++)
			s->done[row] |= (uint16_t)(((1u << ret->w) - 1) << ret->x);
		return true;
	}
	return false;
}
