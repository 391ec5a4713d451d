/* fake_child: a child that is a few numbers. Starts as the test says, ends when the test says. */
#ifndef FAKE_FAKE_CHILD_H
#define FAKE_FAKE_CHILD_H

#include "base/child.h"

struct fake_child {
	struct child child; /* first */
	unsigned starts;
	int start_error; /* what start returns instead */
	bool alive;      /* the leader */
	unsigned others; /* of its group */
	unsigned terms, kills;
	bool deaf; /* SIGTERM is nothing to it */
};

void fake_child_init(struct fake_child *f, const struct child_events *ev, void *owner);
/* The leader ends; the others go on. */
void fake_child_ends(struct fake_child *f, int status);
void fake_child_says(struct fake_child *f, const char *text);

#endif
