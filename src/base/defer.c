/* The queue of calls for after this event. */
#include "base/defer.h"

void deferq_init(struct deferq *q)
{
	list_init(&q->calls);
	list_init(&q->costly);
}

void defer_init(struct defer *d, void (*fn)(void *owner), void *owner)
{
	list_init(&d->node);
	d->fn = fn;
	d->owner = owner;
}

void defer_post(struct deferq *q, struct defer *d)
{
	if (list_empty(&d->node))
		list_add(&q->calls, &d->node);
}

void defer_post_costly(struct deferq *q, struct defer *d)
{
	if (list_empty(&d->node))
		list_add(&q->costly, &d->node);
}

void defer_drop(struct defer *d)
{
	list_drop(&d->node);
}

static void run_first(struct list *calls)
{
	struct defer *d = LIST_OF(calls->next, struct defer, node);
	/* Off the queue first: fn may post it again, and may free it. */
	list_drop(&d->node);
	d->fn(d->owner);
}

void deferq_run(struct deferq *q)
{
	while (!list_empty(&q->calls))
		run_first(&q->calls);
}

bool deferq_run_costly(struct deferq *q)
{
	if (!list_empty(&q->costly))
		run_first(&q->costly);
	return !list_empty(&q->costly);
}
