/* defer: calls that are to happen "after this event", so that no callback re-enters its caller.
 *
 * The loop runs the queue between events. A defer node is embedded in the object it belongs to
 * and may be on the queue once; posting it again is a no-op; dropping it takes it back.
 */
#ifndef BASE_DEFER_H
#define BASE_DEFER_H

#include "base/list.h"

struct defer {
	struct list node;
	void (*fn)(void *owner);
	void *owner;
};

struct deferq {
	struct list calls;
};

void deferq_init(struct deferq *q);
void defer_init(struct defer *d, void (*fn)(void *owner), void *owner);
void defer_post(struct deferq *q, struct defer *d);
void defer_drop(struct defer *d);
/* Runs what is queued, and what that queues, until nothing is left. Not re-entrant. */
void deferq_run(struct deferq *q);

#endif
