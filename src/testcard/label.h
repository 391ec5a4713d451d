/* label: the texts on a card. One table says what they are; drawing walks through it, and so does
 * the search for what has changed.
 */
#ifndef TESTCARD_LABEL_H
#define TESTCARD_LABEL_H

#include "picture.h"

enum label_id {
	LABEL_SIZE,
	LABEL_PIXELS,
	LABEL_ENCODING,
	LABEL_POINTER,
	LABEL_WHEEL,
	LABEL_FRAME,
	LABEL_TIME,
	LABEL_KEYS,
	LABEL_PASTE,
	LABELS_MOVING,
	/* from here on those that never change */
	LABEL_NAME = LABELS_MOVING,
	LABEL_KIND,
	LABEL_PROTOCOL,
	LABEL_PLATES, /* one per plate */
	LABEL_KEYS_HEAD = LABEL_PLATES + PLATES,
	LABEL_PASTE_HEAD,
	LABEL_HINT,
	LABELS
};

enum { LABEL_TEXT = 64 };

struct label {
	int x, y, scale;
	int cells; /* at most so many letters, less than LABEL_TEXT */
	uint32_t colour;
};

struct label label_place(const struct layout *l, enum label_id id);
/* Always exactly `cells` letters, blanks included; returns out. */
const char *label_text(const struct picture *p, const struct label *at, enum label_id id,
                       char out[LABEL_TEXT]);
struct rect label_bounds(const struct label *at);
/* One letter's. */
struct rect label_cell(const struct label *at, int n);

/* Lamps: three for the mouse buttons, four for the modifier keys. */
enum { LAMPS = 7 };
struct rect lamp_place(const struct layout *l, int n);
bool lamp_lit(const struct picture *p, int n);
char lamp_letter(int n);

#endif
