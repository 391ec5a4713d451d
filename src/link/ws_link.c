/* ws_link: turns bytes into frames and back between its owner and the link below it. Framing
 * rules are wire/ws_dec's; what is here is what needs a link: answers, ends, deadlines.
 */
#include "link/ws_link.h"

#include "base/b64.h"
#include "wire/ws_dec.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { B64_PIECE = 6144 }; /* a multiple of 3: padding only at the very end of a frame */

enum beat { BEAT_OFF, BEAT_PING, BEAT_PONG, BEAT_CLOSE };

struct ws_link {
	struct link link;
	struct link *below;
	struct env *env;
	struct timer timer;
	struct ws_dec dec;
	struct b64_dec b64;
	bool base64, client;
	bool sent_close;
	bool deaf;    /* input is over: eof or lost was told, or close called */
	bool closing; /* the owner called close */
	bool reading;
	bool heard;   /* bytes came since the last ping */
	uint8_t beat; /* enum beat: what the timer is for */
	bool pong_due;
	uint8_t pong_len;
	uint8_t pong[125];
};

static struct ws_link *ws_of(struct link *l)
{
	return LIST_OF(l, struct ws_link, link);
}

static int ws_push(struct ws_link *w, struct span s, unsigned flags)
{
	int r = link_send(w->below, s, flags);
	w->link.queued = w->below->queued;
	return r;
}

/* Client role: a fresh unpredictable key for every frame (RFC 6455 10.3). */
static const uint8_t *ws_fresh_mask(struct ws_link *w, uint8_t mask[4])
{
	if (!w->client)
		return NULL;
	w->env->random(w->env, mask, 4);
	return mask;
}

static int ws_push_ctl(struct ws_link *w, uint8_t opcode, struct span payload)
{
	uint8_t frame[WS_CTL_MAX], mask[4];
	size_t n = ws_enc_ctl(frame, opcode, payload, ws_fresh_mask(w, mask));
	return ws_push(w, span_of(frame, n), 0);
}

static void ws_arm(struct ws_link *w, enum beat beat)
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

/* Our Close frame, once, and the end of our direction below it. */
static void ws_say_close(struct ws_link *w, unsigned code, struct span reason)
{
	uint8_t frame[WS_CTL_MAX], mask[4];

	if (w->sent_close)
		return;
	w->sent_close = true;
	w->link.shut = true;
	size_t n = ws_enc_close(frame, (uint16_t)code, reason, ws_fresh_mask(w, mask));
	if (ws_push(w, span_of(frame, n), 0) == 0)
		link_finish(w->below, NULL);
	w->link.queued = w->below->queued;
}

/* The peer is told and the owner is told; what the peer still says is not listened to. */
static void ws_fail(struct ws_link *w, unsigned code, int err, const char *text)
{
	struct why why = why_make(WHY_WS, code, 0, err, "%s", text);

	ws_say_close(w, code, span_str(why.text));
	w->deaf = true;
	ws_arm(w, BEAT_OFF);
	w->link.ev->lost(w->link.owner, &why);
}

static void ws_flush_pong(struct ws_link *w)
{
	if (!w->pong_due || w->sent_close || w->below->queued > LINK_HIGH)
		return;
	w->pong_due = false;
	/* a failed send is followed by lost from below */
	(void)!ws_push_ctl(w, WS_OP_PONG, span_of(w->pong, w->pong_len));
}

static void ws_got_ping(struct ws_link *w, struct span payload)
{
	w->pong_due = true;
	w->pong_len = (uint8_t)payload.len;
	memcpy(w->pong, payload.at, payload.len);
}

static void ws_got_pong(struct ws_link *w)
{
	if (w->beat == BEAT_PONG)
		ws_arm(w, BEAT_PING);
}

static void ws_got_close(struct ws_link *w, struct span reason)
{
	ws_say_close(w, w->dec.code, reason);
	w->deaf = true;
	ws_arm(w, BEAT_OFF);
	w->link.peer_code = w->dec.code ? w->dec.code : 1005;
	w->link.ev->eof(w->link.owner);
}

/* Appends out to the payload gathered so far, so that a read full of small frames is one
 * delivery. Both lie in the same read, whole in front of out. */
static void span_gather(struct span *whole, struct span out)
{
	if (whole->len == 0)
		whole->at = out.at;
	else if (whole->at + whole->len != out.at)
		memmove(whole->at + whole->len, out.at, out.len);
	whole->len += out.len;
}

static const char *ws_take_data(struct ws_link *w, struct span *whole, struct span out)
{
	if (!w->base64) {
		span_gather(whole, out);
		return NULL;
	}
	size_t n = 0;
	if (b64_dec_next(&w->b64, out, &n) < 0)
		return "not valid base64";
	span_gather(whole, span_of(out.at, n));
	return NULL;
}

static void ws_deliver(struct ws_link *w, struct span *whole)
{
	struct span s = *whole;

	*whole = (struct span){0};
	if (s.len > 0)
		w->link.ev->bytes(w->link.owner, s);
}

static bool ws_is_stray_text(const struct ws_link *w)
{
	return w->dec.opcode == WS_OP_TEXT && !w->base64;
}

/* Decodes until the input is used up or the conversation ends. The owner may call anything from
 * its callbacks, close included, so `deaf` is looked at after each. */
static void ws_take(struct ws_link *w, struct span in)
{
	struct span out, whole = {0};
	enum ws_event e = WS_MORE;
	const char *error = NULL;

	while (!w->deaf && !error && (e = ws_dec_next(&w->dec, &in, &out)) != WS_MORE) {
		if ((e == WS_DATA || e == WS_END) && ws_is_stray_text(w))
			break;
		if (e == WS_DATA)
			error = ws_take_data(w, &whole, out);
		else if (e == WS_PING)
			ws_got_ping(w, out);
		else if (e == WS_PONG)
			ws_got_pong(w);
		else if (e == WS_CLOSE || e == WS_BAD)
			break;
	}
	ws_deliver(w, &whole);
	if (w->deaf)
		return;
	if (error)
		ws_fail(w, 1007, -EPROTO, error);
	else if (e == WS_DATA || e == WS_END)
		ws_fail(w, 1003, -EPROTO, "text frames are not supported on a binary session");
	else if (e == WS_BAD)
		ws_fail(w, w->dec.code, -EPROTO, w->dec.error);
	else if (e == WS_CLOSE)
		ws_got_close(w, out);
	else
		ws_flush_pong(w);
}

static void below_bytes(void *owner, struct span in)
{
	struct ws_link *w = owner;

	w->heard = true;
	if (!w->deaf)
		ws_take(w, in);
}

static void below_eof(void *owner)
{
	struct ws_link *w = owner;

	if (w->deaf)
		return;
	if (!w->sent_close) {
		struct why why = why_make(WHY_WS, 0, 0, -ECONNRESET,
		                          "client left without a Close frame (1006)");
		w->deaf = w->sent_close = w->link.shut = true;
		ws_arm(w, BEAT_OFF);
		w->link.ev->lost(w->link.owner, &why);
		return;
	}
	w->deaf = true;
	ws_arm(w, BEAT_OFF);
	w->link.ev->eof(w->link.owner);
}

static void below_drained(void *owner)
{
	struct ws_link *w = owner;

	w->link.queued = w->below->queued;
	if (w->closing)
		return;
	ws_flush_pong(w);
	w->link.ev->drained(w->link.owner);
}

static void below_lost(void *owner, const struct why *why)
{
	struct ws_link *w = owner;

	w->deaf = w->sent_close = w->link.shut = true;
	w->link.queued = 0;
	ws_arm(w, BEAT_OFF);
	if (!w->closing)
		w->link.ev->lost(w->link.owner, why);
}

static void below_closed(void *owner)
{
	struct ws_link *w = owner;

	timer_stop(&w->timer);
	w->link.ev->closed(w->link.owner);
	free(w);
}

static const struct link_events below_events = {
	.bytes = below_bytes,
	.eof = below_eof,
	.drained = below_drained,
	.lost = below_lost,
	.closed = below_closed,
};

/* A ping behind a backlog would time the backlog, not the peer: then the stall deadline of the
 * link below is the one that counts. */
static void beat_ping(struct ws_link *w)
{
	if (!w->reading || w->below->queued > 0) {
		ws_arm(w, BEAT_PING);
		return;
	}
	w->heard = false;
	(void)!ws_push_ctl(w, WS_OP_PING, (struct span){0});
	ws_arm(w, w->env->limits->pong_ms ? BEAT_PONG : BEAT_PING);
}

/* The answer cannot come while we do not read, nor in the middle of a frame that is arriving. */
static void beat_pong(struct ws_link *w)
{
	char text[WHY_TEXT];

	if (!w->reading || w->below->queued > 0 || (w->heard && w->dec.left > 0)) {
		w->heard = false;
		ws_arm(w, BEAT_PONG);
		return;
	}
	snprintf(text, sizeof text, "client did not answer a ping within %g s",
	         w->env->limits->pong_ms / 1000.0);
	metric_add(w->env->metrics, METRIC_DEADLINE, 1);
	ws_fail(w, 1011, -ETIMEDOUT, text);
}

static void beat_close(struct ws_link *w)
{
	if (w->below->queued > 0) { /* still flushing; a stall has its own deadline */
		ws_arm(w, BEAT_CLOSE);
		return;
	}
	metric_add(w->env->metrics, METRIC_DEADLINE, 1);
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

static int send_base64(struct ws_link *w, struct span s)
{
	char text[WS_HEAD_MAX + B64_PIECE / 3 * 4];
	uint8_t mask[4];
	const uint8_t *mask4 = ws_fresh_mask(w, mask);
	size_t at = ws_enc_head((uint8_t *)text, b64_enc_len(s.len), WS_OP_TEXT, mask4);
	unsigned mask_at = 0;
	int r = 0;

	while (s.len > 0 && r == 0) {
		struct span piece = span_take(&s, s.len < B64_PIECE ? s.len : B64_PIECE);
		b64_enc(text + at, piece);
		struct span out = span_of(text + at, b64_enc_len(piece.len));
		if (mask4)
			mask_at = ws_mask(out, mask4, mask_at);
		r = ws_push(w, span_of(text, at + out.len), 0);
		at = 0;
	}
	return r;
}

/* The bytes may not be changed: the header goes alone, the payload through a copy if masked. */
static int send_untouched(struct ws_link *w, struct span s)
{
	uint8_t head[WS_HEAD_MAX], mask[4], copy[4096];
	const uint8_t *mask4 = ws_fresh_mask(w, mask);
	size_t n = ws_enc_head(head, s.len, WS_OP_BINARY, mask4);
	unsigned mask_at = 0;
	int r = ws_push(w, span_of(head, n), 0);

	if (!mask4)
		return r < 0 ? r : ws_push(w, s, 0);
	while (s.len > 0 && r == 0) {
		struct span piece = span_take(&s, s.len < sizeof copy ? s.len : sizeof copy);
		memcpy(copy, piece.at, piece.len);
		mask_at = ws_mask(span_of(copy, piece.len), mask4, mask_at);
		r = ws_push(w, span_of(copy, piece.len), 0);
	}
	return r;
}

static int op_send(struct link *l, struct span s, unsigned flags)
{
	struct ws_link *w = ws_of(l);
	uint8_t head[WS_HEAD_MAX], mask[4];

	if (l->shut)
		return -EPIPE;
	if (s.len == 0)
		return 0;
	if (w->base64)
		return send_base64(w, s);
	if (!(flags & SEND_ROOM))
		return send_untouched(w, s);
	const uint8_t *mask4 = ws_fresh_mask(w, mask);
	size_t n = ws_enc_head(head, s.len, WS_OP_BINARY, mask4);
	if (mask4)
		ws_mask(s, mask4, 0);
	memcpy(s.at - n, head, n);
	return ws_push(w, span_of(s.at - n, s.len + n), 0);
}

static void op_read(struct link *l, size_t room)
{
	struct ws_link *w = ws_of(l);

	if (room > 0 && !w->reading && w->beat == BEAT_PONG)
		ws_arm(w, BEAT_PONG);
	w->reading = room > 0;
	link_read(w->below, room);
}

static void op_finish(struct link *l, const struct why *why)
{
	struct ws_link *w = ws_of(l);
	unsigned code = why && why->close ? why->close : 1000;

	if (w->sent_close)
		return;
	ws_say_close(w, code, why ? span_str(why->text) : (struct span){0});
	if (!w->deaf)
		ws_arm(w, BEAT_CLOSE);
}

static void op_close(struct link *l, bool reset)
{
	struct ws_link *w = ws_of(l);

	if (!reset)
		op_finish(l, NULL);
	w->deaf = w->closing = true;
	ws_arm(w, BEAT_OFF);
	link_close(w->below, reset);
}

static const struct link_ops ws_ops = {
	.send = op_send,
	.read = op_read,
	.finish = op_finish,
	.close = op_close,
};

int ws_link_open(struct link **ret, struct env *env, struct link *below, unsigned flags)
{
	struct ws_link *w = calloc(1, sizeof *w);

	if (!w)
		return -ENOMEM;
	w->link.ops = &ws_ops;
	w->below = below;
	w->env = env;
	w->client = flags & WS_LINK_CLIENT;
	w->base64 = flags & WS_LINK_BASE64;
	w->link.queued = below->queued;
	ws_dec_init(&w->dec, !w->client);
	timer_init(&w->timer, on_timer, w);
	link_own(below, &below_events, w);
	ws_arm(w, BEAT_PING);
	*ret = &w->link;
	return 0;
}

void ws_link_feed(struct link *l, struct span s)
{
	below_bytes(ws_of(l), s);
}
