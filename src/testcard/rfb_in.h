/* rfb_in: what a viewer says, from ProtocolVersion to the last message (RFC 6143 7.1 to 7.5), as
 * a stream: bytes in any pieces go in, events come out. It keeps the fixed part of one message,
 * 20 bytes at most; lists and texts of any length run through.
 *
 *   while ((e = rfb_in_next(&in, &bytes, &msg)) != RFB_MORE) …
 *
 * After RFB_BAD there are no more events.
 */
#ifndef TESTCARD_RFB_IN_H
#define TESTCARD_RFB_IN_H

#include "pixel.h"
#include "rect.h"

#include "base/span.h"

enum rfb_event {
	RFB_MORE,     /* the bytes are used up */
	RFB_BAD,      /* rfb_msg.error says why */
	RFB_VERSION,  /* .minor: 3, 7 or 8 */
	RFB_SECURITY, /* .security (not in 3.3) */
	RFB_INIT,
	RFB_PIXELS,       /* .pixels */
	RFB_OFFER,        /* .offer */
	RFB_WANT,         /* .incremental, .area */
	RFB_KEY,          /* .down, .key */
	RFB_POINTER,      /* .buttons, .area.x, .area.y */
	RFB_CUT,          /* .len bytes of clipboard follow in RFB_CUT_TEXT */
	RFB_CUT_TEXT,     /* .text, a part of what was given to rfb_in_next */
	RFB_DESKTOP_SIZE, /* .area.w, .area.h, .screens, .screen, .screen_id, .screen_flags */
};

/* What of a SetEncodings matters here. */
struct rfb_offer {
	int encoding; /* the first of Raw, RRE, Hextile in the viewer's order; Raw if none */
	bool chosen;  /* there was one */
	bool copyrect, desktop_size, extended_size;
};

struct rfb_msg {
	char error[96];
	int minor;
	uint8_t security;
	struct pixel_format pixels;
	struct rfb_offer offer;
	bool incremental, down;
	struct rect area;
	uint32_t key, len;
	uint8_t buttons;
	struct span text;
	int screens;
	struct rect screen; /* the first one */
	uint32_t screen_id, screen_flags;
};

enum rfb_part { /* what the next bytes are */
	        PART_VERSION,
	        PART_SECURITY,
	        PART_INIT,
	        PART_TYPE, /* a message begins */
	        PART_FIXED,
	        PART_ENCODING,
	        PART_CUT_TEXT,
	        PART_SCREEN,
	        PART_BAD,
};

/* A longer clipboard is what the extended clipboard looks like, which the card never offers. */
enum { RFB_IN_MAX = 20, CUT_MAX = 0x7fffffff };

struct rfb_in { /* zeroed: at the start */
	enum rfb_part part;
	uint8_t have;
	uint8_t bytes[RFB_IN_MAX];
	uint32_t left; /* of a list or a text */
	struct rfb_offer offer;
	struct rect area, screen; /* of a SetDesktopSize */
	int screens;
	uint32_t screen_id, screen_flags;
};

enum rfb_event rfb_in_next(struct rfb_in *in, struct span *bytes, struct rfb_msg *ret);

#endif
