/* fault_link: see the header. */
#include "../unit/unit.h"

#include "fault_link.h"
#include "sure.h"

#include <errno.h>

struct fault {
	struct link link;
	struct env *env;
	struct fault_plan plan;
	struct rng rng;
	struct defer deliver, broken;
	uint8_t *held; /* came, not delivered yet: held_len from held_at on */
	size_t held_at, held_len, held_cap, room, in, out;
	bool eof, closing, lost;
};

static struct fault *fault_of(struct link *l)
{
	return LIST_OF(l, struct fault, link);
}

static void fault_break(struct fault *f)
{
	f->link.shut = true;
	defer_post(f->env->defer, &f->broken);
}

static void on_broken(void *owner)
{
	struct fault *f = owner;
	struct why why = why_make(WHY_TCP, 1011, 502, -ECONNRESET, "a bad day");

	if (f->lost || f->closing)
		return;
	f->lost = true;
	defer_drop(&f->deliver);
	link_read(f->link.below, 0);
	f->link.ev->lost(f->link.owner, &why);
}

/* One piece in a block of its own, which is gone afterwards. */
static void deliver_piece(struct fault *f)
{
	size_t n = rng_below(&f->rng, f->plan.piece) + 1;
	uint8_t *block;

	n = n < f->held_len ? n : f->held_len;
	n = n < f->room ? n : f->room;
	block = sure_resize(NULL, LINK_HEADROOM + n);
	memcpy(block + LINK_HEADROOM, f->held + f->held_at, n);
	f->held_at += n;
	f->held_len -= n;
	f->in += n;
	f->link.ev->bytes(f->link.owner, span_of(block + LINK_HEADROOM, n));
	free(block);
}

static void on_deliver(void *owner)
{
	struct fault *f = owner;

	if (f->room == 0 || f->closing || f->lost)
		return;
	if (f->in >= f->plan.break_in) {
		fault_break(f);
		return;
	}
	if (f->held_len > 0) {
		deliver_piece(f);
		if (!f->closing && !f->lost)
			defer_post(f->env->defer, &f->deliver);
	} else if (f->eof) {
		f->eof = false;
		f->link.ev->eof(f->link.owner);
	}
}

static void below_bytes(void *owner, struct span s)
{
	struct fault *f = owner;

	if (f->closing || f->lost)
		return;
	sure_queue(&f->held, &f->held_at, &f->held_len, &f->held_cap, s);
	defer_post(f->env->defer, &f->deliver);
}

static void below_eof(void *owner)
{
	struct fault *f = owner;

	f->eof = true;
	defer_post(f->env->defer, &f->deliver);
}

static void below_drained(void *owner)
{
	struct fault *f = owner;

	if (!f->closing && !f->lost)
		f->link.ev->drained(f->link.owner);
}

static void below_lost(void *owner, const struct why *why)
{
	struct fault *f = owner;

	if (f->closing || f->lost)
		return;
	f->lost = true;
	f->link.ev->lost(f->link.owner, why);
}

static void below_closed(void *owner)
{
	struct fault *f = owner;

	defer_drop(&f->deliver);
	defer_drop(&f->broken);
	f->link.ev->closed(f->link.owner);
	free(f->held);
	free(f);
}

static const struct link_events below_events = {
	.bytes = below_bytes,
	.eof = below_eof,
	.drained = below_drained,
	.lost = below_lost,
	.closed = below_closed,
};

static int op_send(struct link *l, struct span s, unsigned flags)
{
	struct fault *f = fault_of(l);

	if (l->shut || f->out + s.len > f->plan.break_out) {
		fault_break(f);
		return -EPIPE;
	}
	f->out += s.len;
	return link_send(l->below, s, flags);
}

static void op_read(struct link *l, size_t room)
{
	struct fault *f = fault_of(l);

	f->room = room;
	link_read(l->below, room);
	if (room > 0)
		defer_post(f->env->defer, &f->deliver);
}

static void op_finish(struct link *l, const struct why *why)
{
	struct fault *f = fault_of(l);

	if (!l->shut)
		link_finish(l->below, why);
	f->link.shut = true;
}

static void op_close(struct link *l, bool reset)
{
	struct fault *f = fault_of(l);

	f->closing = true;
	link_close(l->below, reset || f->lost);
}

static const struct link_ops fault_ops = {
	.send = op_send, .read = op_read, .finish = op_finish, .close = op_close};

struct link *fault_open(struct env *env, struct link *below, const struct fault_plan *plan)
{
	struct fault *f = sure_zero(sizeof *f);

	f->link.ops = &fault_ops;
	f->link.below = below;
	f->env = env;
	f->plan = *plan;
	f->rng.at = plan->seed;
	defer_init(&f->deliver, on_deliver, f);
	defer_init(&f->broken, on_broken, f);
	link_own(below, &below_events, f);
	return &f->link;
}
