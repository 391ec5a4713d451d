/* rect: a rectangle of pixels, and what one does with two of them. Empty when w or h is not
 * positive.
 */
#ifndef TESTCARD_RECT_H
#define TESTCARD_RECT_H

#include <stdbool.h>

struct rect {
	int x, y, w, h;
};

static inline bool rect_empty(struct rect r)
{
	return r.w <= 0 || r.h <= 0;
}

static inline int rect_min(int a, int b)
{
	return a < b ? a : b;
}

static inline int rect_max(int a, int b)
{
	return a > b ? a : b;
}

/* What both have. */
static inline struct rect rect_and(struct rect a, struct rect b)
{
	int x = rect_max(a.x, b.x), y = rect_max(a.y, b.y);
	return (struct rect){x, y, rect_min(a.x + a.w, b.x + b.w) - x,
	                     rect_min(a.y + a.h, b.y + b.h) - y};
}

/* The smallest that holds both. */
static inline struct rect rect_or(struct rect a, struct rect b)
{
	if (rect_empty(a))
		return b;
	if (rect_empty(b))
		return a;
	int x = rect_min(a.x, b.x), y = rect_min(a.y, b.y);
	return (struct rect){x, y, rect_max(a.x + a.w, b.x + b.w) - x,
	                     rect_max(a.y + a.h, b.y + b.h) - y};
}

static inline bool rect_meets(struct rect a, struct rect b)
{
	return !rect_empty(rect_and(a, b));
}

/* True when all of b lies in a. */
static inline bool rect_holds(struct rect a, struct rect b)
{
	return b.x >= a.x && b.y >= a.y && b.x + b.w <= a.x + a.w && b.y + b.h <= a.y + a.h;
}

static inline bool rect_same(struct rect a, struct rect b)
{
	return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

#endif
