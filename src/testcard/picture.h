/* picture: everything that decides what a card looks like at one moment, as a small plain value,
 * and the drawing of any part of it. The same picture always gives the same pixels, so nobody
 * keeps a framebuffer: what is needed is drawn again.
 */
#ifndef TESTCARD_PICTURE_H
#define TESTCARD_PICTURE_H

#include "canvas.h"
#include "layout.h"

#include "base/span.h"

enum { PICTURE_FPS = 30, PICTURE_TEXT = 48, WHEEL_MAX = 999 };

enum buttons {
	BUTTON_LEFT = 1,
	BUTTON_MIDDLE = 2,
	BUTTON_RIGHT = 4,
	WHEEL_UP = 8,
	WHEEL_DOWN = 16
};
enum mods { MOD_SHIFT = 1, MOD_CONTROL = 2, MOD_ALT = 4, MOD_META = 8 };

struct picture {
	uint16_t w, h;
	uint32_t frame; /* what moves is where the frame number says */
	uint16_t x, y;  /* the pointer, within w and h */
	bool pointed;   /* there has been one */
	uint8_t buttons, mods;
	int16_t wheel;
	uint8_t bits;         /* a pixel's, as the viewer wants them */
	bool mapped;          /* with a colour map */
	const char *encoding; /* a literal */
	uint32_t pasted;      /* length of the clipboard, of which `paste` is the beginning */
	char keys[PICTURE_TEXT + 1];  /* the last that was typed */
	char paste[PICTURE_TEXT + 1]; /* printable ASCII, like keys */
};

void picture_init(struct picture *p);
/* Sizes outside of the bounds are a mistake of the caller. */
void picture_resize(struct picture *p, int w, int h);
/* The pointer is at (x, y), or at the edge if that is outside. */
void picture_point(struct picture *p, int x, int y, uint8_t buttons);
/* Adds to the end of keys; what is oldest goes. */
void picture_type(struct picture *p, const char *text);
/* Takes one letter, or one [name], off the end of keys. */
void picture_erase(struct picture *p);
/* A new clipboard of len bytes; its text follows, in as many pieces as it likes. */
void picture_paste(struct picture *p, uint32_t len);
void picture_paste_more(struct picture *p, struct span text);

static inline struct rect picture_area(const struct picture *p)
{
	return (struct rect){0, 0, p->w, p->h};
}

/* Fills c with its part of p. c->area lies within the picture. */
void picture_draw(const struct picture *p, struct canvas *c);
/* Where the moving block is. To its left and right, within picture_lane, every row has one
 * colour, so moving the block and moving the pixels around it are the same thing. */
struct rect picture_block(const struct picture *p);
struct rect picture_lane(const struct picture *p);
/* What the pointer covers; empty when there is none. */
struct rect picture_cross(const struct picture *p);
/* Tells where a and b, of one size, may differ, but for the block. */
void picture_diff(const struct picture *a, const struct picture *b,
                  void (*mark)(void *ctx, struct rect r), void *ctx);

#endif
