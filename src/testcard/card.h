/* card: one viewer of the test card, as its parts see it. testcard.c owns it. */
#ifndef TESTCARD_CARD_H
#define TESTCARD_CARD_H

#include "rfb_in.h"
#include "update.h"

#include "base/env.h"

enum say { /* messages that are due, in this order */
	   SAY_VERSION = 1,
	   SAY_REFUSE = 2,
	   SAY_SECURITY = 4,
	   SAY_SECURITY_OK = 8,
	   SAY_SECURITY_FAILED = 16,
	   SAY_INIT = 32,
	   SAY_MAP = 64,
	   SAY_CUT = 128,
	   SAY_BELL = 256,
};

struct card {
	struct link link;
	struct env *env;
	struct timer timer;
	struct defer defer;
	uint64_t opened; /* when; frames are counted from it */
	uint32_t frame;  /* of the last update */
	bool begun;      /* there has been one */
	bool finished;   /* no more input */
	bool failed;     /* why says why; lost is told when the last word is out */
	bool over;       /* eof or lost was told */
	bool closing;
	uint8_t minor; /* of the viewer's version */
	uint16_t map_at;
	unsigned says;
	size_t room; /* 0: not reading */
	struct why why;
	struct rfb_in in;
	struct picture now;
	struct viewer viewer;
	struct update update;
	uint16_t from, to; /* of the stage */
	uint8_t stage[UPDATE_PIECE];
};

/* Takes what the viewer says. Nothing is called back; what is to be answered is noted in c. */
void card_take(struct card *c, struct span s);
/* The end: `last_words` (enum say) still go out, then lost is told with this reason. */
void card_fail(struct card *c, int err, unsigned last_words, const char *text);

#endif
