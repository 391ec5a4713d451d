/* testcard: the link. Input is parsed inside of send and only changes what is known; everything
 * that goes out, bytes and ends, goes out of card_step, which runs from defer or from the timer.
 *
 *   send ─► rfb_in ─► picture, viewer, `says`
 *                           │ card_step
 *   bytes ◄─ chunk ◄─ stage ◄─ update, rfb_out
 *
 * The stage holds the one piece that is on its way (a message, a tile); a chunk is borrowed from
 * the pool for the time of one bytes event. Per viewer that is struct card, below 4 KiB.
 */
#include "testcard/testcard.h"

#include "card.h"

#include "rfb_out.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(sizeof(struct card) < 4 * 1024, "the promised bound");
_Static_assert((int)RFB_OUT_MAX <= (int)UPDATE_PIECE, "every message fits the stage");

static const char card_name[] = "websplice test card";

static struct card *card_of(struct link *l)
{
	return LIST_OF(l, struct card, link);
}

/* ---- time ---- */

static uint32_t card_frame(const struct card *c)
{
	return (uint32_t)((c->env->timers->now - c->opened) * PICTURE_FPS / 1000);
}

/* Until the frame after the last one that was sent. */
static uint64_t card_wait(const struct card *c)
{
	uint64_t next = ((uint64_t)c->frame + 1) * 1000 + PICTURE_FPS - 1;
	uint64_t due = c->opened + next / PICTURE_FPS, now = c->env->timers->now;

	return c->begun && due > now ? due - now : 0;
}

/* ---- output ---- */

static size_t card_put(struct card *c, enum say what, uint8_t *out)
{
	switch (what) {
	case SAY_VERSION: return rfb_version(out);
	case SAY_REFUSE: return rfb_refuse(c->why.text, out);
	case SAY_SECURITY: return rfb_security(c->minor, out);
	case SAY_SECURITY_OK: return rfb_security_ok(out);
	case SAY_SECURITY_FAILED: return rfb_security_failed(c->why.text, out);
	case SAY_INIT: return rfb_init(c->update.shown.w, c->update.shown.h, card_name, out);
	case SAY_CUT: return rfb_cut_text(c->now.keys, out);
	case SAY_BELL: return rfb_bell(out);
	default: break;
	}
	size_t n = rfb_map(c->map_at, out);
	c->map_at += MAP_STEP;
	return n;
}

static size_t card_say(struct card *c)
{
	unsigned what = c->says & -c->says; /* the lowest bit */

	if (!what)
		return 0;
	size_t n = card_put(c, (enum say)what, c->stage);
	if (what != SAY_MAP || c->map_at == PIXEL_MAP)
		c->says &= ~what;
	return n;
}

/* An update, at most one a frame. */
static size_t card_begin(struct card *c)
{
	uint32_t frame = card_frame(c);

	if (c->failed || rect_empty(c->viewer.want) || (c->begun && frame == c->frame))
		return 0;
	c->begun = true;
	c->frame = c->now.frame = frame;
	return update_begin(&c->update, &c->now, &c->viewer, c->stage);
}

/* Sees to it that something is on the stage; false when there is nothing to say. */
static bool card_produce(struct card *c)
{
	if (c->from < c->to)
		return true;
	size_t n = update_next(&c->update, c->stage);
	if (!n)
		n = card_say(c);
	if (!n)
		n = card_begin(c);
	c->from = 0;
	c->to = (uint16_t)n;
	return n > 0;
}

static bool card_has_more(const struct card *c)
{
	return c->from < c->to || c->update.busy || c->says;
}

/* At most one chunk; the rest waits for its turn. */
static void card_deliver(struct card *c)
{
	size_t n = 0, most = BUF_SIZE - LINK_HEADROOM;
	struct buf *b = pool_take(c->env->pool);

	if (!b) {
		c->from = c->to = 0;
		card_fail(c, -ENOMEM, 0, "out of memory");
		return;
	}
	most = c->room < most ? c->room : most;
	while (n < most && card_produce(c)) {
		size_t some = (size_t)(c->to - c->from);
		some = some < most - n ? some : most - n;
		memcpy(b->bytes + LINK_HEADROOM + n, c->stage + c->from, some);
		c->from = (uint16_t)(c->from + some);
		n += some;
	}
	c->link.ev->bytes(c->link.owner, span_of(b->bytes + LINK_HEADROOM, n));
	pool_give(c->env->pool, b);
}

static void card_lost(struct card *c)
{
	c->over = true;
	c->link.ev->lost(c->link.owner, &c->why);
}

static void card_eof(struct card *c)
{
	c->over = true;
	c->link.ev->eof(c->link.owner);
}

/* What is to happen next. Nothing, unless the viewer waits for something and reads. */
static void card_rest(struct card *c)
{
	bool more = c->room && card_has_more(c);

	timer_stop(&c->timer);
	if (more)
		timer_arm(c->env->timers, &c->timer, TIMER_FRAME, 0);
	else if (c->failed)
		card_lost(c);
	else if (c->room && c->finished)
		card_eof(c);
	else if (c->room && !rect_empty(c->viewer.want))
		timer_arm(c->env->timers, &c->timer, TIMER_FRAME, card_wait(c));
}

static void card_step(void *owner)
{
	struct card *c = owner;

	if (c->closing) {
		c->link.ev->closed(c->link.owner);
		free(c);
		return;
	}
	if (c->over)
		return;
	if (c->room && card_produce(c))
		card_deliver(c);
	if (!c->closing)
		card_rest(c);
}

static void card_wake(struct card *c)
{
	if (!c->over && (c->room || c->failed))
		defer_post(c->env->defer, &c->defer);
}

/* ---- the link ---- */

static int card_send(struct link *l, struct span s, unsigned flags)
{
	struct card *c = card_of(l);
	(void)flags;
	if (c->finished || c->over || c->closing)
		return -EPIPE;
	card_take(c, s);
	card_wake(c);
	return 0;
}

static void card_read(struct link *l, size_t room)
{
	struct card *c = card_of(l);

	c->room = room;
	if (room)
		card_wake(c);
	else
		timer_stop(&c->timer);
}

static void card_finish(struct link *l, const struct why *why)
{
	struct card *c = card_of(l);

	(void)why;
	c->finished = true;
	c->viewer.want = (struct rect){0};
	card_wake(c);
}

static void card_close(struct link *l, bool reset)
{
	struct card *c = card_of(l);

	(void)reset;
	c->closing = true;
	timer_stop(&c->timer);
	defer_post(c->env->defer, &c->defer);
}

static const struct link_ops card_ops = {
	.send = card_send,
	.read = card_read,
	.finish = card_finish,
	.close = card_close,
};

int testcard_open(struct link **ret, struct env *env)
{
	struct card *c = calloc(1, sizeof *c);

	if (!c)
		return -ENOMEM;
	c->link.ops = &card_ops;
	c->env = env;
	c->opened = env->timers->now;
	c->says = SAY_VERSION;
	c->viewer.pixels = pixel_native();
	timer_init(&c->timer, card_step, c);
	defer_init(&c->defer, card_step, c);
	picture_init(&c->now);
	update_init(&c->update, &c->now);
	*ret = &c->link;
	return 0;
}
