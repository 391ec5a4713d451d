/* rfb_client: a viewer for tests. It says what a test tells it to say and decodes what comes back,
 * strictly, into a framebuffer of its own: Raw, CopyRect, RRE, Hextile, both desktop sizes.
 *
 *   rfb_open ─ rfb_hello ─ rfb_pixels, rfb_offer ─ rfb_want ─ rfb_turn ─ rfb_check_picture
 *
 * Beside the pixels it keeps `model`, the picture the card should have by now: everything that is
 * said is done to it, too. `shown` is the model as it was when the last update began; that holds as
 * long as a test turns after each thing it says. Every rectangle must lie in what was asked for and use an encoding that
 * was offered. Delivered spans and the headroom before them are scribbled over.
 */
#ifndef UNIT_RFB_CLIENT_H
#define UNIT_RFB_CLIENT_H

#include "../../src/testcard/picture.h"
#include "fake/fake_env.h"

struct rfb_pixels { /* PIXEL_FORMAT */
	const char *name;
	uint8_t bits, depth, big, colour;
	uint16_t max[3];
	uint8_t shift[3];
};

/* Formats worth testing; the first is the one the card offers. */
enum { RFB_FORMATS = 10 };
extern const struct rfb_pixels rfb_formats[RFB_FORMATS];

struct rfb_note { /* the last size that was told */
	unsigned times;
	int why, status, w, h;
	uint32_t id, flags;
};

struct rfb_client {
	struct fake_env *env;
	struct link *link; /* NULL after closed */
	size_t room;       /* to read with */
	bool again;        /* asks for changes in everything after each update */
	bool inside;       /* of a call on the link */
	uint64_t opened;
	struct picture model, shown;

	uint8_t *in; /* all that came; `at` is what comes next */
	size_t len, cap, at;
	unsigned events, eofs, losts, closes;
	size_t largest; /* bytes event */
	struct why why;

	int minor;
	bool greeted;  /* ServerInit has come */
	unsigned left; /* rectangles of the update that is coming */
	int w, h;
	uint32_t *px;
	struct rfb_pixels format;
	struct rect asked; /* around all that was asked for since the last update began */
	struct rect clip;  /* the same for that update */
	bool offered_copy, offered_size, offered_extended;
	int offered; /* the encoding to be used; Raw is always legal */
	bool hex_ground, hex_ink;
	uint32_t ground, ink;

	unsigned updates, bells, cuts, maps;
	unsigned rects, raws, copies, rres, hextiles;
	uint16_t map[256][3];
	char cut[64];
	struct rfb_note note;
};

/* A new card and its viewer, reading `room` bytes at a time (0: not yet). */
void rfb_open(struct rfb_client *c, struct fake_env *env, size_t room);
/* Closes the card if that has not been done, and frees. */
void rfb_done(struct rfb_client *c);

void rfb_read(struct rfb_client *c, size_t room);
int rfb_say(struct rfb_client *c, struct span s);
/* Version, security, ClientInit, all at once; `minor` is the viewer's version 3.minor. */
void rfb_hello(struct rfb_client *c, int minor);
void rfb_pixels(struct rfb_client *c, const struct rfb_pixels *f);
/* The numbers of encodings, in order. */
void rfb_offer(struct rfb_client *c, const int *encodings, int n);
void rfb_want(struct rfb_client *c, bool incremental, int x, int y, int w, int h);
void rfb_want_all(struct rfb_client *c, bool incremental);
void rfb_key(struct rfb_client *c, uint32_t key, bool down);
void rfb_point(struct rfb_client *c, int x, int y, uint8_t buttons);
void rfb_cut(struct rfb_client *c, struct span text);
void rfb_resize(struct rfb_client *c, int w, int h, uint32_t id, uint32_t flags);

/* Lets everything happen that happens without the clock, and decodes what came. */
void rfb_turn(struct rfb_client *c);
/* Turns the clock, too, a millisecond at a time. */
void rfb_sleep(struct rfb_client *c, unsigned ms);
/* The number of the frame that belongs to this moment. */
uint32_t rfb_frame(const struct rfb_client *c);
/* Decodes what is complete. */
void rfb_decode(struct rfb_client *c);
/* What came and was not decoded. */
struct span rfb_rest(const struct rfb_client *c);
/* The framebuffer is what is shown, pixel by pixel, and no update is half there. */
void rfb_check_picture(struct rfb_client *c);
/* The same for a part of it. */
void rfb_check_area(struct rfb_client *c, struct rect area);

#endif
