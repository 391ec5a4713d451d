/* link: what owners that no longer listen share. */
#include "base/link.h"

void link_deaf_bytes(void *owner, struct span s)
{
	(void)owner;
	(void)s;
}

void link_deaf_event(void *owner)
{
	(void)owner;
}

void link_deaf_lost(void *owner, const struct why *why)
{
	(void)owner;
	(void)why;
}

static const struct link_events deaf = {
	.bytes = link_deaf_bytes,
	.eof = link_deaf_event,
	.drained = link_deaf_event,
	.lost = link_deaf_lost,
	.closed = link_deaf_event,
};

void link_abandon(struct link *l)
{
	link_own(l, &deaf, NULL);
	link_close(l, true);
}
