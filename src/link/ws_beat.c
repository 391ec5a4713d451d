/* ws_beat: the deadlines of a WebSocket: ping, pong, and the answer to our Close.
 *
 *   PING ─ due ─► ping sent, PONG ─ answer ─► PING …          CLOSE ─ due ─► lost
 *                             └─ due ───► Close 1011, lost
 */
#include "ws_priv.h"

#include <errno.h>
#include <stdio.h>

void ws_beat_arm(struct ws_link *w, enum beat beat)
{
	static const enum timer_class classes[] = {TIMER_PING, TIMER_PING, TIMER_PONG, TIMER_CLOSE};
	const struct limits *lim = w->env->limits;
	uint32_t ms[] = {0, lim->ping_ms, lim->pong_ms, lim->close_ms};

	timer_stop(&w->timer);
	w->beat = BEAT_OFF;
	if (ms[beat] == 0 && beat != BEAT_CLOSE)
		return;
	w->beat = (uint8_t)beat;
	timer_arm(w->env->timers, &w->timer, classes[beat], ms[beat]);
}

/* A ping behind a backlog would time the backlog, not the peer: then the stall deadline of the
 * link below is the one that counts. */
static void beat_ping(struct ws_link *w)
{
	if (!w->reading || link_queued(w->link.below) > 0) {
		ws_beat_arm(w, BEAT_PING);
		return;
	}
	w->heard = false;
	(void)!ws_out_ctl(w, WS_OP_PING, (struct span){0});
	ws_beat_arm(w, w->env->limits->pong_ms ? BEAT_PONG : BEAT_PING);
}

/* The answer cannot come while we do not read, nor in the middle of a frame that is arriving. */
static void beat_pong(struct ws_link *w)
{
	char text[WHY_TEXT];

	if (!w->reading || link_queued(w->link.below) > 0 || (w->heard && w->dec.left > 0)) {
		w->heard = false;
		ws_beat_arm(w, BEAT_PONG);
		return;
	}
	snprintf(text, sizeof text, "client did not answer a ping within %g s",
	         w->env->limits->pong_ms / 1000.0);
	metric_add(w->env->metrics, METRIC_DEADLINE, 1);
	ws_fail(w, 1011, -ETIMEDOUT, text);
}

static void beat_close(struct ws_link *w)
{
	if (link_queued(w->link.below) > 0) { /* still flushing; a stall has its own deadline */
		ws_beat_arm(w, BEAT_CLOSE);
		return;
	}
	metric_add(w->env->metrics, METRIC_DEADLINE, 1);
	w->link.below->parted = true; /* it has had its time */
	ws_fail(w, 0, -ETIMEDOUT, "client did not answer the closing handshake");
}

static void on_timer(void *owner)
{
	struct ws_link *w = owner;

	if (w->beat == BEAT_PING)
		beat_ping(w);
	else if (w->beat == BEAT_PONG)
		beat_pong(w);
	else if (w->beat == BEAT_CLOSE)
		beat_close(w);
}

void ws_beat_init(struct ws_link *w)
{
	timer_init(&w->timer, on_timer, w);
	ws_beat_arm(w, BEAT_PING);
}
