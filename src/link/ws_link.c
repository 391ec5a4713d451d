/* ws_link: turns bytes into frames and back between its owner and the link below it. Framing
 * rules are wire/ws_dec's; what is here is what needs a link: answers, ends, deadlines.
 */
#include "ws_priv.h"

#include <errno.h>
#include <stdlib.h>

void ws_fail(struct ws_link *w, unsigned code, int err, const char *text)
{
	struct why why = why_make(WHY_WS, code, 0, err, "%s", text);

	ws_out_close(w, code, span_str(why.text));
	w->deaf = true;
	ws_beat_arm(w, BEAT_OFF);
	w->link.ev->lost(w->link.owner, &why);
}

static void ws_flush_pong(struct ws_link *w)
{
	if (!w->pong_due || w->sent_close || link_queued(w->link.below) > LINK_HIGH)
		return;
	w->pong_due = false;
	/* a failed send is followed by lost from below */
	(void)!ws_out_ctl(w, WS_OP_PONG, span_of(w->pong, w->pong_len));
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
		ws_beat_arm(w, BEAT_PING);
}

/* Both have said Close once ours is out (RFC 6455 7.1.1: then the server ends the connection): the
 * peer's FIN is not waited for, and ours goes with the close, if the owner closes now. */
static void ws_got_close(struct ws_link *w, struct span reason)
{
	bool due = ws_out_close_frame(w, w->dec.code, reason);

	w->deaf = true;
	w->link.below->parted = true;
	ws_beat_arm(w, BEAT_OFF);
	w->link.peer_code = w->dec.code ? w->dec.code : 1005;
	w->link.ev->eof(w->link.owner);
	if (due && !w->closing)
		link_finish(w->link.below, NULL);
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
		ws_beat_arm(w, BEAT_OFF);
		w->link.ev->lost(w->link.owner, &why);
		return;
	}
	w->deaf = true;
	ws_beat_arm(w, BEAT_OFF);
	w->link.ev->eof(w->link.owner);
}

static void below_drained(void *owner)
{
	struct ws_link *w = owner;

	if (w->closing)
		return;
	ws_flush_pong(w);
	w->link.ev->drained(w->link.owner);
}

static void below_lost(void *owner, const struct why *why)
{
	struct ws_link *w = owner;

	w->deaf = w->sent_close = w->link.shut = true;
	ws_beat_arm(w, BEAT_OFF);
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

static int op_send(struct link *l, struct span s, unsigned flags)
{
	return ws_out_send(ws_of(l), s, flags);
}

static void op_read(struct link *l, size_t room)
{
	struct ws_link *w = ws_of(l);

	if (room > 0 && !w->reading && w->beat == BEAT_PONG)
		ws_beat_arm(w, BEAT_PONG);
	w->reading = room > 0;
	link_read(w->link.below, room);
}

static void op_finish(struct link *l, const struct why *why)
{
	struct ws_link *w = ws_of(l);
	unsigned code = why && why->close ? why->close : 1000;

	if (w->sent_close)
		return;
	ws_out_close(w, code, why ? span_str(why->text) : (struct span){0});
	if (!w->deaf)
		ws_beat_arm(w, BEAT_CLOSE);
}

static void op_close(struct link *l, bool reset)
{
	struct ws_link *w = ws_of(l);

	if (!reset)
		op_finish(l, NULL);
	w->deaf = w->closing = true;
	w->link.below->parted |= w->link.parted;
	ws_beat_arm(w, BEAT_OFF);
	link_close(w->link.below, reset);
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
	w->link.below = below;
	w->env = env;
	w->client = flags & WS_LINK_CLIENT;
	w->base64 = flags & WS_LINK_BASE64;
	ws_dec_init(&w->dec, !w->client);
	link_own(below, &below_events, w);
	ws_beat_init(w);
	*ret = &w->link;
	return 0;
}

void ws_link_feed(struct link *l, struct span s)
{
	below_bytes(ws_of(l), s);
}
