/* update: FramebufferUpdate messages (RFC 6143 7.6.1), made piece by piece, so that no more than
 * one tile of one exists at any time.
 *
 * `shown` is the picture the viewer has, or is being sent; it stands still until the update is
 * complete. A tile that is not dirty shows its part of it. What has changed since is found when
 * the next update begins.
 *
 *   n = update_begin(&u, &now, &viewer, out);      the message's head; 0: nothing to say
 *   while ((n = update_next(&u, out)) > 0) …       its rectangles
 */
#ifndef TESTCARD_UPDATE_H
#define TESTCARD_UPDATE_H

#include "encode.h"
#include "picture.h"
#include "rfb_in.h"
#include "tiles.h"

/* What ExtendedDesktopSize is to say: the answer to a SetDesktopSize, or to whoever asks for all of
 * an area; then why and status are 0. id and flags are the viewer's, given back. */
struct size_note {
	bool due;
	uint8_t why;    /* 0: the card did it, 1: this viewer asked */
	uint8_t status; /* enum size_status */
	uint32_t id, flags;
};

enum size_status { SIZE_DONE = 0, SIZE_TOO_LARGE = 2, SIZE_INVALID = 3 };

struct viewer { /* what it has asked for */
	struct pixel_format pixels;
	struct rfb_offer offer;
	struct rect want;  /* around all areas it waits for; empty: none */
	struct rect fresh; /* those of which it keeps nothing */
	struct size_note note;
};

struct update {
	struct picture shown;
	struct tiles dirty;
	struct pixel_format pixels; /* as when the update began, like encoding */
	int encoding;
	bool busy;
	struct rect clip;
	struct tiles_place place;
	struct rect run; /* neighbouring tiles; what is left of it */
	struct hextile hextile;
};

enum { UPDATE_PIECE = 12 + ENCODE_MAX }; /* what out must have room for */

/* The viewer learns from ServerInit how large p is, and nothing else. */
void update_init(struct update *u, const struct picture *p);
/* Begins to answer: takes what it answers off v. Not while an update is busy. */
size_t update_begin(struct update *u, const struct picture *now, struct viewer *v, uint8_t *out);
/* The next piece; 0: the update is complete, and not busy any more. */
size_t update_next(struct update *u, uint8_t *out);

#endif
