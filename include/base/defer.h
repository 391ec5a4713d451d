/* defer: calls that are to happen "after this event", so that no callback re-enters its caller.
 *
 * The loop runs the queue between events. A defer node is embedded in the object it belongs to
 * and may be on the queue once; posting it again is a no-op; dropping it takes it back.
 *
 * Costly calls (a private-key operation) stand in a line of their own: the loop runs one of them
 * a turn, so that they hold nobody else up, however many there are.
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
	struct list costly;
};

void deferq_init(struct deferq *q);
void defer_init(struct defer *d, void (*fn)(void *owner), void *owner);
void defer_post(struct deferq *q, struct defer *d);
/* To the line of the costly ones. A node that is on either queue stays where it is. */
void defer_post_costly(struct deferq *q, struct defer *d);
void defer_drop(struct defer *d);
/* Runs what is queued, and what that queues, until nothing is left. Not re-entrant. */
void deferq_run(struct deferq *q);
/* Runs the first of the costly calls, if there is one; true when more are waiting. */
bool deferq_run_costly(struct deferq *q);

#endif
