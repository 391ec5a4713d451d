/* tls_link: see the header. The cryptography is crypt/tls's; what is here is what needs a link:
 * when to read, whole sends, ends.
 */
#include "tls_priv.h"

#include <errno.h>
#include <stdlib.h>

/* What TLS says by itself while it reads: alerts. */
enum { ALERTS = 256 };

static void tl_pull(struct tls_link *t);

void tl_fail(struct tls_link *t, const struct why *why)
{
	struct why copy = *why; /* it may be in what the owner frees */

	t->deaf = t->lost = t->link.shut = true;
	defer_drop(&t->step);
	timer_stop(&t->timer);
	bufq_clear(&t->in, t->env->pool);
	t->link.ev->lost(t->link.owner, &copy);
}

bool tl_hold(struct tls_link *t, struct span s)
{
	struct why why;

	if (bufq_put(&t->in, t->env->pool, s) == 0)
		return true;
	why = why_make(WHY_TLS, 1011, 503, -ENOMEM, "out of memory");
	tl_fail(t, &why);
	return false;
}

int tl_flush(struct tls_link *t, struct tls_out *out, unsigned flags)
{
	struct span s = span_of(out->at, out->len);

	out->len = 0;
	return s.len > 0 ? link_send(t->link.below, s, flags) : 0;
}

/* ---- input ---- */

/* Ciphertext is a bit longer than what is in it, and a record that has begun may end in the next
 * read: a bit less than the owner's room, so that what comes of one read is one delivery. */
static size_t room_below(size_t room)
{
	if (room == 0)
		return 0;
	if (room >= READ_SLOW)
		return room - TLS_PLAIN_MAX;
	return room > TLS_PLAIN_MAX ? room : TLS_PLAIN_MAX;
}

static void tl_ended(struct tls_link *t)
{
	struct why why =
		why_make(WHY_TLS, 1011, 502, -ECONNRESET,
	                 "%s ended without close_notify: the connection was cut off", t->peer);

	tl_fail(t, &why);
}

/* After the peer's last word: nothing of what it still sends counts. */
static void tl_over(struct tls_link *t, enum tls_event e)
{
	if (e == TLS_BAD) {
		tl_fail(t, tls_why(t->tls));
		return;
	}
	t->deaf = true;
	bufq_clear(&t->in, t->env->pool);
	t->link.ev->eof(t->link.owner);
}

/* The peer makes us answer (it asks to renegotiate, say) and takes no answer. */
static void tl_flood(struct tls_link *t)
{
	struct why why = why_make(WHY_TLS, 1011, 502, -EPROTO,
	                          "%s asks and does not listen to the answers", t->peer);

	tl_fail(t, &why);
}

/* Decrypts from the front of *s and delivers. False when that is enough: the owner has stopped,
 * or it is over. from: the queue *s is the first stretch of, or NULL. */
static bool tl_deliver(struct tls_link *t, struct span *s, struct bufq *from)
{
	uint8_t alerts[ALERTS];
	struct tls_out out = {alerts, 0, sizeof alerts};
	size_t room = t->room < READ_ROOM ? t->room : READ_ROOM, n = 0, had = s->len;
	struct span plain = span_of(t->env->plain + LINK_HEADROOM, room);
	enum tls_event e = tls_read(t->tls, s, plain, &n, &out);

	if (from)
		bufq_drop(from, t->env->pool, had - s->len);
	bool deaf_peer = out.len > 0 && link_queued(t->link.below) > 2 * LINK_HIGH;

	(void)tl_flush(t, &out, 0); /* a failed send is followed by lost from below */
	if (n > 0)
		t->link.ev->bytes(t->link.owner, span_of(plain.at, n));
	if (t->deaf)
		return false;
	if (deaf_peer) {
		tl_flood(t);
		return false;
	}
	if (e == TLS_END || e == TLS_BAD) {
		tl_over(t, e);
		return false;
	}
	return t->room > 0 && (e == TLS_DATA || e == TLS_ROOM);
}

static void below_bytes(void *owner, struct span s)
{
	struct tls_link *t = owner;

	if (t->deaf)
		return;
	if (t->shaking) {
		shake_bytes(t, s);
		return;
	}
	if (t->in.bytes == 0 && t->room > 0) {
		while (tl_deliver(t, &s, NULL))
			;
		if (t->deaf || s.len == 0)
			return;
	}
	if (tl_hold(t, s) && t->room > 0)
		defer_post(t->env->defer, &t->step);
}

/* What waits inside, as far as the owner wants it. */
static void tl_pull(struct tls_link *t)
{
	bool more = true;

	while (more && t->room > 0 && (t->in.bytes > 0 || tls_pending(t->tls))) {
		struct span s = bufq_peek(&t->in);
		more = tl_deliver(t, &s, &t->in) || (!t->deaf && t->in.bytes > 0);
	}
	if (!t->deaf && t->below_ended && t->room > 0)
		tl_ended(t);
}

static void on_step(void *owner)
{
	struct tls_link *t = owner;

	if (t->mute)
		tl_fail(t, tls_why(t->tls));
	else
		tl_pull(t);
}

static bool tl_waits(const struct tls_link *t)
{
	return t->in.bytes > 0 || tls_pending(t->tls) || t->below_ended;
}

static void below_eof(void *owner)
{
	struct tls_link *t = owner;

	t->below_ended = true;
	if (t->deaf)
		return;
	if (t->shaking)
		shake_ended(t);
	else if (t->room > 0 && t->in.bytes == 0 && !tls_pending(t->tls))
		tl_ended(t);
	else if (t->room > 0)
		defer_post(t->env->defer, &t->step);
}

/* ---- the other events of below ---- */

static void below_drained(void *owner)
{
	struct tls_link *t = owner;

	if (!t->closing && !t->shaking && !t->lost)
		t->link.ev->drained(t->link.owner);
}

static void below_lost(void *owner, const struct why *why)
{
	struct tls_link *t = owner;
	t->below_lost = true;
	if (!t->closing && !t->lost)
		tl_fail(t, why);
}

static void below_closed(void *owner)
{
	struct tls_link *t = owner;

	t->link.ev->closed(t->link.owner);
	free(t->identity);
	free(t);
}

static const struct link_events below_events = {
	.bytes = below_bytes,
	.eof = below_eof,
	.drained = below_drained,
	.lost = below_lost,
	.closed = below_closed,
};

/* ---- output ---- */

static size_t record_size(struct tls_link *t, size_t len, size_t *ret_part)
{
	uint64_t now = t->env->timers->now;

	if (now - t->sent_at >= TLS_LINK_IDLE)
		t->small_left = TLS_LINK_SMALL;
	t->sent_at = now;
	*ret_part = t->small_left > 0 && t->small_left < len ? t->small_left : len;
	return t->small_left > 0 ? TLS_SMALL : TLS_PLAIN_MAX;
}

/* Encrypts s and sends it below, in as few sends as the scratch allows. */
static int send_all(struct tls_link *t, struct span s, unsigned flags)
{
	struct tls_out out = {t->env->sealed, 0, ENV_SEALED};
	int r = 0;

	while (s.len > 0 && r == 0) {
		size_t part, record = record_size(t, s.len, &part);
		struct span rest = span_of(s.at, part);
		r = tls_write(t->tls, &rest, record, &out);
		t->mute = r < 0;
		span_take(&s, part - rest.len);
		if (t->small_left > 0)
			t->small_left -= part - rest.len;
		if (r == 0 && rest.len > 0)
			r = tl_flush(t, &out, 0);
	}
	return r < 0 ? r : tl_flush(t, &out, flags & SEND_LAST);
}

static int op_send(struct link *l, struct span s, unsigned flags)
{
	struct tls_link *t = tls_of(l);

	if (l->shut || t->shaking || t->finished)
		return -EPIPE;
	int r = send_all(t, s, flags);
	if (r < 0)
		l->shut = true;
	if (t->mute)
		defer_post(t->env->defer, &t->step);
	return r;
}

static void op_read(struct link *l, size_t room)
{
	struct tls_link *t = tls_of(l);

	if (t->closing)
		return;
	t->room = room;
	link_read(l->below, room_below(room));
	if (room > 0 && !t->deaf && tl_waits(t))
		defer_post(t->env->defer, &t->step);
}

void tl_begin(struct tls_link *t)
{
	t->step.fn = on_step;
	t->room = 0;
	link_read(t->link.below, 0);
}

/* Our close_notify, once. False: nothing is to follow it. */
static bool tl_goodbye(struct tls_link *t)
{
	uint8_t bytes[ALERTS];
	struct tls_out out = {bytes, 0, sizeof bytes};

	if (t->closing || t->finished || t->below_lost)
		return false;
	t->finished = true;
	tls_end(t->tls, &out);
	return tl_flush(t, &out, SEND_LAST) == 0;
}

static void op_finish(struct link *l, const struct why *why)
{
	if (tl_goodbye(tls_of(l)))
		link_finish(l->below, why);
}

static void op_close(struct link *l, bool reset)
{
	struct tls_link *t = tls_of(l);

	l->below->parted |= l->parted;
	if (!reset && tl_goodbye(t) && !l->parted)
		link_finish(l->below, NULL);
	t->deaf = t->closing = l->shut = true;
	defer_drop(&t->step);
	timer_stop(&t->timer);
	bufq_clear(&t->in, t->env->pool);
	tls_free(t->tls);
	t->tls = NULL;
	link_close(l->below, reset);
}

static const struct link_ops tls_ops = {
	.send = op_send,
	.read = op_read,
	.finish = op_finish,
	.close = op_close,
};

/* ---- life ---- */

int tls_link_open(struct link **ret, struct env *env, struct link *below,
                  const struct tls_link_setup *setup)
{
	struct tls_link *t = calloc(1, sizeof *t);
	int r;

	if (!t)
		return -ENOMEM;
	r = tls_new(&t->tls, setup->site, setup->peer, setup->name);
	if (r < 0) {
		free(t);
		return r;
	}
	t->link.ops = &tls_ops;
	t->link.below = below;
	t->env = env;
	t->client = tls_site_is_client(setup->site);
	t->peer = setup->peer;
	t->ready = setup->ready;
	t->small_left = TLS_LINK_SMALL;
	t->sent_at = env->timers->now;
	link_own(below, &below_events, t);
	shake_start(t);
	*ret = &t->link;
	return 0;
}

void tls_link_feed(struct link *l, struct span s)
{
	below_bytes(tls_of(l), s);
}

const struct tls_identity *tls_link_identity(const struct link *l)
{
	return tls_of((struct link *)(uintptr_t)l)->identity;
}

const struct tls *tls_link_tls(const struct link *l)
{
	return tls_of((struct link *)(uintptr_t)l)->tls;
}
