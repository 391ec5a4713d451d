/* front_priv: what the two files of front share.
 *
 *   front.c  the connection: bytes, states, deadlines     front_answer.c  what a head deserves
 */
#ifndef RELAY_FRONT_PRIV_H
#define RELAY_FRONT_PRIV_H

#include "relay/front.h"

/* ---- front.c ---- */

/* (Re)arms the one deadline of this phase. */
void front_wait(struct front *f, enum timer_class c, uint32_t ms);
/* The connection is over; what is queued still goes out unless reset. */
void front_end(struct front *f, bool reset);
/* It cannot go on, through no fault of the client's: cut, for this reason. */
void front_fail(struct front *f, int err, const char *text);
/* An answer is complete: the end, or the next request. */
void front_replied(struct front *f);

/* ---- front_answer.c ---- */

/* Answers a whole request head. */
void front_decide(struct front *f, struct span head);
/* extra: more header lines, or NULL. */
void front_error(struct front *f, unsigned status, const char *text, bool close, const char *extra);
/* The next piece of the file that is being sent. */
void front_more(struct front *f);

#endif
