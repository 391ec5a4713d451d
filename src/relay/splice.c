/* splice: moves bytes between two links and ends both in order. The closing logic is the table
 * in relay/flow; this file turns link events into flow events and flow actions into link calls.
 */
#include "relay/splice.h"

static void end_advance(struct splice_end *from, enum flow_event e);

/* Big reads are cheaper; small ones keep the queue near LINK_HIGH while the sink is behind. */
static void end_read(struct splice_end *from, bool slow)
{
	from->paused = false;
	from->slow = slow;
	if (from->link && !from->ended && !from->closing)
		link_read(from->link, slow ? READ_SLOW : READ_ROOM);
}

static void end_pause(struct splice_end *from)
{
	from->paused = true;
	if (!from->ended)
		link_read(from->link, 0);
}

static void end_close(struct splice_end *end, bool reset)
{
	if (!end->link || (end->closing && !reset))
		return;
	end->closing = true;
	link_close(end->link, reset);
}

static void end_act(struct splice_end *from, unsigned acts)
{
	struct splice_end *sink = from->to;

	if ((acts & ACT_FINISH) && sink->link) {
		link_finish(sink->link, &from->splice->why);
		if (link_queued(sink->link) == 0)
			end_advance(from, FE_SINK_EMPTY);
	}
	if ((acts & ACT_DISCARD) && from->paused)
		end_read(from, false);
}

static void end_advance(struct splice_end *from, enum flow_event e)
{
	struct flow_step step = flow_next(from->flow, e);

	from->flow = step.next;
	end_act(from, step.acts);
	if (from->flow == FLOW_DONE && from->to->flow == FLOW_DONE) {
		end_close(from, false);
		end_close(from->to, false);
	}
}

/* The pace of the source follows the backlog of its sink. */
static void end_pace(struct splice_end *from)
{
	size_t queued = link_queued(from->to->link);

	if (queued > LINK_HIGH)
		end_pause(from);
	else if (from->slow != (queued > 0))
		end_read(from, queued > 0);
}

static void on_bytes(void *owner, struct span bytes)
{
	struct splice_end *from = owner;
	struct splice *s = from->splice;
	struct link *sink = from->to->link;
	enum tap_dir dir = from == &s->client ? TAP_UP : TAP_DOWN;

	if (from->flow != FLOW_OPEN)
		return;
	from->bytes += bytes.len;
	if (s->tap.ops)
		s->tap.ops->bytes(s->tap.self, dir, s->env->timers->now, bytes);
	/* a failed send is followed by the sink's lost, which ends the flow */
	if (link_send(sink, bytes, SEND_ROOM) < 0)
		return;
	if (s->tap.ops)
		s->tap.ops->sent(s->tap.self, dir, link_queued(sink) == 0);
	end_pace(from);
}

/* An orderly end deserves a sentence, too: it is what the other side is told. */
static struct why why_ended(const struct splice_end *from)
{
	if (from == &from->splice->backend)
		return why_make(WHY_TCP, 1000, 0, 0, "backend closed the connection");
	if (from->link->peer_code)
		return why_make(WHY_WS, 1000, 0, 0, "client closed the session (%u)",
		                from->link->peer_code);
	return why_make(WHY_WS, 1000, 0, 0, "client closed the session");
}

static void on_eof(void *owner)
{
	struct splice_end *from = owner;
	struct why why = why_ended(from);

	why_first(&from->splice->why, &why);
	from->ended = true;
	end_advance(from, FE_SOURCE_ENDED);
	if (from->link->shut) { /* nothing in, nothing out: it need not wait for the other link */
		end_advance(from->to, FE_SINK_LOST);
		end_close(from, false);
	}
}

static void on_drained(void *owner)
{
	struct splice_end *sink = owner;
	struct splice_end *from = sink->to;

	if (from->flow == FLOW_DRAIN && link_queued(sink->link) == 0)
		end_advance(from, FE_SINK_EMPTY);
	else if (from->flow == FLOW_OPEN && link_queued(sink->link) < LINK_LOW)
		end_read(from, link_queued(sink->link) > 0);
}

static void on_lost(void *owner, const struct why *why)
{
	struct splice_end *from = owner;

	why_first(&from->splice->why, why);
	from->ended = true;
	end_advance(from, FE_SOURCE_ENDED);
	end_advance(from->to, FE_SINK_LOST);
	end_close(from, false);
}

static void on_closed(void *owner)
{
	struct splice_end *end = owner;
	struct splice *s = end->splice;

	end->link = NULL;
	if (s->client.link || s->backend.link)
		return;
	if (s->tap.ops)
		s->tap.ops->end(s->tap.self, &s->why);
	s->tap.ops = NULL;
	s->done(s->owner);
}

static const struct link_events splice_events = {
	.bytes = on_bytes,
	.eof = on_eof,
	.drained = on_drained,
	.lost = on_lost,
	.closed = on_closed,
};

static void end_init(struct splice *s, struct splice_end *end, struct splice_end *to,
                     struct link *link)
{
	*end = (struct splice_end){.splice = s, .link = link, .to = to, .flow = FLOW_OPEN};
	link_own(link, &splice_events, end);
}

void splice_start(struct splice *s, struct env *env, struct link *client, struct link *backend,
                  void (*done)(void *owner), void *owner)
{
	*s = (struct splice){.env = env, .done = done, .owner = owner};
	end_init(s, &s->client, &s->backend, client);
	end_init(s, &s->backend, &s->client, backend);
	end_read(&s->client, link_queued(backend) > 0);
	end_read(&s->backend, link_queued(client) > 0);
}

void splice_stop(struct splice *s, const struct why *why)
{
	why_first(&s->why, why);
	end_advance(&s->backend, FE_SOURCE_ENDED);
	if (s->backend.paused)
		end_read(&s->backend, false);
}

void splice_cut(struct splice *s, const struct why *why)
{
	why_first(&s->why, why);
	s->client.flow = s->backend.flow = FLOW_DONE;
	end_close(&s->client, true);
	end_close(&s->backend, true);
}
