/* ws_out: frames on their way out. The header goes into the headroom in front of the payload, so
 * that a message is one contiguous send; only base64 and bytes that may not be touched are copied.
 */
#include "ws_priv.h"

#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

#include <errno.h>

enum { B64_PIECE = 6144 }; /* a multiple of 3: padding only at the very end of a frame */

static int out_push(struct ws_link *w, struct span s, unsigned flags)
{
	return link_send(w->link.below, s, flags);
}

/* Client role: a fresh unpredictable key for every frame (RFC 6455 10.3). */
static const uint8_t *out_mask(struct ws_link *w, uint8_t mask[4])
{
	if (!w->client)
		return NULL;
	w->env->random(w->env, mask, 4);
	return mask;
}

int ws_out_ctl(struct ws_link *w, uint8_t opcode, struct span payload)
{
	uint8_t frame[WS_CTL_MAX], mask[4];
	size_t n = ws_enc_ctl(frame, opcode, payload, out_mask(w, mask));
	return out_push(w, span_of(frame, n), 0);
}

bool ws_out_close_frame(struct ws_link *w, unsigned code, struct span reason)
{
	uint8_t frame[WS_CTL_MAX], mask[4];

	if (w->sent_close)
		return false;
	w->sent_close = true;
	w->link.shut = true;
	size_t n = ws_enc_close(frame, (uint16_t)code, reason, out_mask(w, mask));
	return out_push(w, span_of(frame, n), SEND_LAST) == 0;
}

void ws_out_close(struct ws_link *w, unsigned code, struct span reason)
{
	if (ws_out_close_frame(w, code, reason))
		link_finish(w->link.below, NULL);
}

static int send_base64(struct ws_link *w, struct span s)
{
	char text[WS_HEAD_MAX + B64_PIECE / 3 * 4];
	uint8_t mask[4];
	const uint8_t *mask4 = out_mask(w, mask);
	size_t at = ws_enc_head((uint8_t *)text, b64_enc_len(s.len), WS_OP_TEXT, mask4);
	unsigned mask_at = 0;
	int r = 0;

	while (s.len > 0 && r == 0) {
		struct span piece = span_take(&s, s.len < B64_PIECE ? s.len : B64_PIECE);
		b64_enc(text + at, piece);
		struct span out = span_of(text + at, b64_enc_len(piece.len));
		if (mask4)
			mask_at = ws_mask(out, mask4, mask_at);
		r = out_push(w, span_of(text, at + out.len), 0);
		at = 0;
	}
	return r;
}

/* The bytes may not be changed: the header goes alone, the payload through a copy if masked. */
static int send_untouched(struct ws_link *w, struct span s)
{
	uint8_t head[WS_HEAD_MAX], mask[4], copy[4096];
	const uint8_t *mask4 = out_mask(w, mask);
	size_t n = ws_enc_head(head, s.len, WS_OP_BINARY, mask4);
	unsigned mask_at = 0;
	int r = out_push(w, span_of(head, n), 0);

	if (!mask4)
		return r < 0 ? r : out_push(w, s, 0);
	while (s.len > 0 && r == 0) {
		struct span piece = span_take(&s, s.len < sizeof copy ? s.len : sizeof copy);
		memcpy(copy, piece.at, piece.len);
		mask_at = ws_mask(span_of(copy, piece.len), mask4, mask_at);
		r = out_push(w, span_of(copy, piece.len), 0);
	}
	return r;
}

int ws_out_send(struct ws_link *w, struct span s, unsigned flags)
{
	uint8_t head[WS_HEAD_MAX], mask[4];

	if (w->link.shut)
		return -EPIPE;
	if (s.len == 0)
		return 0;
	if (w->base64)
		return send_base64(w, s);
	if (!(flags & SEND_ROOM))
		return send_untouched(w, s);
	const uint8_t *mask4 = out_mask(w, mask);
	size_t n = ws_enc_head(head, s.len, WS_OP_BINARY, mask4);
	if (mask4)
		ws_mask(s, mask4, 0);
	memcpy(s.at - n, head, n);
	return out_push(w, span_of(s.at - n, s.len + n), 0);
}
