/* sniff: see the header. */
#include "link/sniff.h"

#include <errno.h>

enum { TLS_HANDSHAKE = 0x16 };

bool sniff_is_tls(uint8_t first)
{
	return first == TLS_HANDSHAKE;
}

void sniff_stop(struct sniff *s, const struct why *why, bool reset)
{
	why_first(&s->why, why);
	timer_stop(&s->timer);
	link_close(s->link, reset);
}

static void on_bytes(void *owner, struct span first)
{
	struct sniff *s = owner;

	timer_stop(&s->timer);
	s->ev->done(s->owner, s->link, sniff_is_tls(first.at[0]), first);
}

static void on_eof(void *owner)
{
	struct why why = why_make(WHY_TCP, 0, 0, 0, "client closed the connection");

	sniff_stop(owner, &why, false);
}

static void on_lost(void *owner, const struct why *why)
{
	sniff_stop(owner, why, true);
}

static void on_timer(void *owner)
{
	struct sniff *s = owner;
	struct why why = why_make(WHY_SESSION, 0, 0, -ETIMEDOUT, "client said nothing");

	metric_add(s->env->metrics, METRIC_DEADLINE, 1);
	sniff_stop(s, &why, false);
}

static void on_closed(void *owner)
{
	struct sniff *s = owner;

	timer_stop(&s->timer);
	s->ev->over(s->owner, &s->why);
}

static const struct link_events events = {
	.bytes = on_bytes,
	.eof = on_eof,
	.drained = link_deaf_event,
	.lost = on_lost,
	.closed = on_closed,
};

void sniff_start(struct sniff *s, struct env *env, struct link *link, size_t room,
                 const struct sniff_events *ev, void *owner)
{
	*s = (struct sniff){.env = env, .link = link, .ev = ev, .owner = owner};
	timer_init(&s->timer, on_timer, s);
	timer_arm(env->timers, &s->timer, TIMER_FIRST_BYTE, env->limits->first_byte_ms);
	link_own(link, &events, s);
	link_read(link, room);
}
