/* One sorted list of deadlines per class.
 *
 *   lists[c]  head -> due 10 -> due 12 -> due 12 -> due 40 (tail)
 *                                                 ^ new ones are inserted from here
 */
#include "base/timers.h"

static struct timer *timer_of(const struct list *node)
{
	return LIST_OF(node, struct timer, node);
}

void timers_init(struct timers *ts, uint64_t now)
{
	for (int c = 0; c < TIMER_CLASSES; c++)
		list_init(&ts->lists[c]);
	ts->now = now;
}

void timer_init(struct timer *t, void (*fn)(void *owner), void *owner)
{
	*t = (struct timer){.fn = fn, .owner = owner};
	list_init(&t->node);
}

void timer_arm(struct timers *ts, struct timer *t, enum timer_class c, uint64_t ms)
{
	list_drop(&t->node);
	t->due = ms > UINT64_MAX - ts->now ? UINT64_MAX : ts->now + ms;
	struct list *head = &ts->lists[c], *after = head->prev;
	while (after != head && timer_of(after)->due > t->due)
		after = after->prev;
	list_add(after->next, &t->node);
}

void timer_stop(struct timer *t)
{
	list_drop(&t->node);
}

/* The armed timer that is due first, or NULL. Of two due together, that of the lower class. */
static struct timer *earliest(const struct timers *ts)
{
	struct timer *first = NULL;
	for (int c = 0; c < TIMER_CLASSES; c++) {
		if (list_empty(&ts->lists[c]))
			continue;
		struct timer *t = timer_of(ts->lists[c].next);
		if (!first || t->due < first->due)
			first = t;
	}
	return first;
}

int64_t timers_next(const struct timers *ts)
{
	const struct timer *t = earliest(ts);
	if (!t)
		return -1;
	if (t->due <= ts->now)
		return 0;
	uint64_t wait = t->due - ts->now;
	return wait > INT64_MAX ? INT64_MAX : (int64_t)wait;
}

static void fire(struct timer *t)
{
	list_drop(&t->node);
	t->fn(t->owner);
}

bool timers_hasten(struct timers *ts, enum timer_class c)
{
	if (list_empty(&ts->lists[c]))
		return false;
	fire(timer_of(ts->lists[c].next));
	return true;
}

void timers_run(struct timers *ts, uint64_t now)
{
	struct list due;
	struct timer *t;
	list_init(&due);
	if (now > ts->now)
		ts->now = now;
	/* First all that is due, then the calls: what a call arms waits for the next run, even with
	 * 0 ms, and what it stops leaves `due` like any other list. */
	while ((t = earliest(ts)) && t->due <= ts->now) {
		list_drop(&t->node);
		list_add(&due, &t->node);
	}
	while (!list_empty(&due))
		fire(timer_of(due.next));
}
