/* timers: every deadline of a worker, on one clock.
 *
 * One sorted list per class. Timers of one class nearly always have the same duration, so a new
 * one goes to the tail: arming, touching and stopping are O(1); a shorter duration (after a
 * reload) walks back from the tail. The loop asks timers_next for the earliest deadline and
 * calls timers_run; tests turn the clock by hand. All times are milliseconds.
 */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include "base/list.h"

#include <stdint.h>

enum timer_class {
	TIMER_FIRST_BYTE, /* accepted, nothing said yet */
	TIMER_HEAD,       /* request head begun, not complete */
	TIMER_TLS,        /* TLS handshake begun, not over */
	TIMER_IDLE,       /* HTTP keep-alive between requests */
	TIMER_DIAL,
	TIMER_STAGGER, /* between two attempts to connect */
	TIMER_PAUSE,   /* accepting again after descriptors ran out */
	TIMER_STALL,   /* bytes queued and none accepted by the peer */
	TIMER_CLOSE,   /* the peer's answer to our end */
	TIMER_PING,
	TIMER_PONG,
	TIMER_BULK,  /* bulk input that has stopped */
	TIMER_FRAME, /* test card */
	TIMER_CLASSES
};

struct timer {
	struct list node;
	uint64_t due;
	void (*fn)(void *owner);
	void *owner;
};

struct timers {
	struct list lists[TIMER_CLASSES];
	uint64_t now;
};

void timers_init(struct timers *ts, uint64_t now);
void timer_init(struct timer *t, void (*fn)(void *owner), void *owner);
/* (Re)arms t to fire ms from now. */
void timer_arm(struct timers *ts, struct timer *t, enum timer_class c, uint64_t ms);
/* Takes t off; legal when it is not armed. */
void timer_stop(struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return !list_empty(&t->node);
}
/* Milliseconds until the earliest deadline (0: overdue), or -1 when none is armed. */
int64_t timers_next(const struct timers *ts);
/* Sets the clock and fires what is due. A fired timer is off; its fn may arm it again. */
void timers_run(struct timers *ts, uint64_t now);
/* Fires the one of this class that is due first, before it is. False: none is armed. */
bool timers_hasten(struct timers *ts, enum timer_class c);

#endif
