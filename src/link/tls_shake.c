/* tls_shake: the handshake of a tls_link. Bytes that come wait in chunks until it is this
 * connection's turn (base/defer, costly calls); what it says goes out in one send per turn.
 */
#include "tls_priv.h"

#include <errno.h>
#include <stdlib.h>

/* A handshake's messages are a few KiB each way. */
enum { SHAKE_ROOM = BUF_SIZE, SHAKE_HOLD = 2 * BUF_SIZE };

/* Who the client is outlives the cryptography. */
static int keep_identity(struct tls_link *t)
{
	struct tls_identity id;

	if (t->client || !tls_identity(t->tls, &id))
		return 0;
	t->identity = malloc(sizeof id);
	if (!t->identity)
		return -ENOMEM;
	*t->identity = id;
	return 0;
}

static void shake_ready(struct tls_link *t)
{
	struct why why;

	timer_stop(&t->timer);
	t->shaking = false;
	if (keep_identity(t) < 0) {
		why = why_make(WHY_TLS, 1011, 503, -ENOMEM, "out of memory");
		tl_fail(t, &why);
		return;
	}
	tl_begin(t);
	t->ready(t->link.owner);
}

/* Until an operation was costly, or there is nothing to do it on. */
static enum tls_event shake_some(struct tls_link *t, struct tls_out *out)
{
	enum tls_event e;

	do {
		struct span s = bufq_peek(&t->in);
		size_t had = s.len;
		e = tls_shake(t->tls, &s, out);
		bufq_drop(&t->in, t->env->pool, had - s.len);
		if (e == TLS_ROOM && tl_flush(t, out, 0) < 0)
			break;
	} while (e == TLS_ROOM || (e == TLS_MORE && t->in.bytes > 0));
	return e;
}

static void on_step(void *owner)
{
	struct tls_link *t = owner;
	struct tls_out out = {t->env->sealed, 0, ENV_SEALED};
	enum tls_event e = shake_some(t, &out);

	if (tl_flush(t, &out, 0) < 0)
		return; /* lost follows from below */
	if (e == TLS_BAD)
		tl_fail(t, tls_why(t->tls));
	else if (e == TLS_READY)
		shake_ready(t);
	else if (e == TLS_AGAIN)
		defer_post_costly(t->env->defer, &t->step);
	else if (t->below_ended)
		shake_ended(t);
	else
		link_read(t->link.below, SHAKE_ROOM);
}

static void on_late(void *owner)
{
	struct tls_link *t = owner;
	struct why why = why_make(WHY_TLS, 1011, 504, -ETIMEDOUT,
	                          "%s did not finish the TLS handshake within %g s", t->peer,
	                          t->env->limits->tls_ms / 1000.0);

	metric_add(t->env->metrics, METRIC_DEADLINE, 1);
	tl_fail(t, &why);
}

void shake_bytes(struct tls_link *t, struct span s)
{
	if (!tl_hold(t, s))
		return;
	if (t->in.bytes >= SHAKE_HOLD)
		link_read(t->link.below, 0);
	defer_post_costly(t->env->defer, &t->step);
}

/* What came before may still end it in another way. */
void shake_ended(struct tls_link *t)
{
	struct why why;

	if (!list_empty(&t->step.node))
		return;
	why = why_make(WHY_TLS, 1011, 502, -ECONNRESET,
	               "%s closed the connection during the TLS handshake", t->peer);
	tl_fail(t, &why);
}

void shake_start(struct tls_link *t)
{
	t->shaking = true;
	defer_init(&t->step, on_step, t);
	timer_init(&t->timer, on_late, t);
	timer_arm(t->env->timers, &t->timer, TIMER_TLS, t->env->limits->tls_ms);
	if (t->client)
		defer_post_costly(t->env->defer, &t->step);
	link_read(t->link.below, SHAKE_ROOM);
}
