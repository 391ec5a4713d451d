/* ws_dec: RFC 6455 frames in.
 *
 *            header read            payload read
 *   HEAD ───────────────► DATA ─────────────────► HEAD    a fragment; no event
 *    ▲ │                   │ last frame
 *    │ │ empty last frame  ▼
 *    │ └────────────────► END ─── WS_END ───────► HEAD
 *    │
 *    ├──► CTL ── WS_PING, WS_PONG ──────────────► HEAD
 *    │     └──── WS_CLOSE ──► CLOSED              drops the rest
 *    └──► BAD                                     from anywhere; final
 *
 * A header that lies wholly in `in` is read where it lies; only one that is cut is collected in
 * d->hdr. d->hdr[0] is the first byte of the current frame in either case. What is known of a cut
 * header is checked at once, so that the verdict does not depend on how the bytes were cut and
 * does not wait for bytes that may never come.
 */
#include "wire/ws_dec.h"

#include "wire/utf8.h"
#include "wire/ws_mask.h"

enum { HEAD, DATA, END, CTL, CLOSED, BAD };
enum { FIN = 0x80, RSV = 0x70, OPCODE = 0x0f, CONTROL = 0x08, MASKED = 0x80, LEN7 = 0x7f };

void ws_dec_init(struct ws_dec *d, bool server)
{
	*d = (struct ws_dec){.server = server, .state = HEAD};
}

/* Takes what is left of `in`, which may be {NULL, 0}. */
static void drop(struct span *in)
{
	if (in->len > 0)
		span_take(in, in->len);
}

/* Nothing after a violation means anything: the rest of `in` goes with it. */
static enum ws_event bad(struct ws_dec *d, struct span *in, uint16_t code, const char *error)
{
	d->state = BAD;
	d->code = code;
	d->error = error;
	drop(in);
	return WS_BAD;
}

/* The length of a header, known from its second byte. */
static size_t head_len(uint8_t second)
{
	unsigned len7 = second & LEN7;
	size_t ext = len7 < 126 ? 0 : len7 == 126 ? 2 : 8;
	return 2 + ext + (second & MASKED ? 4 : 0);
}

static uint64_t get_be(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

static const char *check_first(const struct ws_dec *d, uint8_t first)
{
	uint8_t opcode = first & OPCODE;
	if (first & RSV)
		return "reserved bit set";
	if (opcode > WS_OP_PONG || (opcode > WS_OP_BINARY && opcode < WS_OP_CLOSE))
		return "reserved opcode";
	if (opcode & CONTROL)
		return first & FIN ? NULL : "fragmented control frame";
	if (opcode == WS_OP_CONT)
		return d->in_message ? NULL : "continuation of no message";
	return d->in_message ? "new message inside a fragmented one" : NULL;
}

static const char *check_second(const struct ws_dec *d, uint8_t first, uint8_t second)
{
	bool masked = second & MASKED;
	if (masked != d->server)
		return masked ? "frame from a server is masked" : "frame not masked";
	if ((first & CONTROL) && (second & LEN7) > 125)
		return "control frame longer than 125 bytes";
	return NULL;
}

static const char *check_len(uint8_t second, uint64_t len)
{
	unsigned len7 = second & LEN7;
	if ((len7 == 126 && len < 126) || (len7 == 127 && len <= 0xffff))
		return "length not in its shortest form";
	return len >> 63 ? "length of 2^63 or more" : NULL;
}

/* Collects a header that came in pieces. True when it is complete, or when what there is of it
 * breaks a rule (*reterr). */
static bool gather(struct ws_dec *d, struct span *in, const char **reterr)
{
	*reterr = NULL;
	while (in->len > 0) {
		d->hdr[d->have++] = *span_take(in, 1).at;
		if (d->have == 1)
			*reterr = check_first(d, d->hdr[0]);
		else if (d->have == 2)
			*reterr = check_second(d, d->hdr[0], d->hdr[1]);
		if (*reterr || (d->have > 1 && d->have == head_len(d->hdr[1])))
			return true;
	}
	return false;
}

/* h is a whole header: the frame begins. */
static const char *open_frame(struct ws_dec *d, const uint8_t *h, size_t n)
{
	size_t ext = n - 2 - (d->server ? 4 : 0);
	uint64_t len = ext > 0 ? get_be(h + 2, ext) : h[1] & LEN7;
	const char *error = check_len(h[1], len);
	if (error)
		return error;
	uint8_t opcode = h[0] & OPCODE;
	if (d->server)
		memcpy(d->mask, h + 2 + ext, 4);
	d->mask_at = 0;
	d->hdr[0] = h[0];
	d->have = 0;
	d->left = len;
	if (opcode & CONTROL) {
		d->state = CTL;
		return NULL;
	}
	if (opcode != WS_OP_CONT)
		d->opcode = opcode;
	d->in_message = true;
	d->state = len > 0 ? DATA : h[0] & FIN ? END : HEAD;
	return NULL;
}

/* The next header. False when `in` is used up before its end. */
static bool read_head(struct ws_dec *d, struct span *in, const char **reterr)
{
	const uint8_t *h = in->at;
	if (d->have > 0 || in->len < 2 || in->len < head_len(h[1])) {
		if (!gather(d, in, reterr))
			return false;
		if (!*reterr)
			*reterr = open_frame(d, d->hdr, d->have);
		return true;
	}
	*reterr = check_first(d, h[0]);
	if (!*reterr)
		*reterr = check_second(d, h[0], h[1]);
	if (!*reterr)
		*reterr = open_frame(d, h, span_take(in, head_len(h[1])).len);
	return true;
}

static enum ws_event read_data(struct ws_dec *d, struct span *in, struct span *out)
{
	if (in->len == 0)
		return WS_MORE;
	*out = span_take(in, d->left < in->len ? (size_t)d->left : in->len);
	if (d->server)
		d->mask_at = (uint8_t)ws_mask(*out, d->mask, d->mask_at);
	d->left -= out->len;
	if (d->left == 0)
		d->state = d->hdr[0] & FIN ? END : HEAD;
	return WS_DATA;
}

/* Codes a peer may put into a Close frame: RFC 6455 7.4.2 and the IANA registry. */
static bool code_ok(unsigned code)
{
	if (code < 1000 || code > 4999)
		return false;
	if (code >= 3000)
		return true;
	return code <= 1014 && !(code >= 1004 && code <= 1006);
}

static enum ws_event closed(struct ws_dec *d, struct span *in, struct span body, struct span *out)
{
	if (body.len == 1)
		return bad(d, in, 1002, "close frame with one byte");
	unsigned code = 0;
	if (body.len > 0) {
		code = (unsigned)get_be(span_take(&body, 2).at, 2);
		if (!code_ok(code))
			return bad(d, in, 1002, "close code that must not be sent");
	}
	if (!utf8_ok(body))
		return bad(d, in, 1007, "close reason is not UTF-8");
	d->code = (uint16_t)code;
	d->state = CLOSED;
	*out = body;
	return WS_CLOSE;
}

static enum ws_event read_ctl(struct ws_dec *d, struct span *in, struct span *out)
{
	size_t n = d->left < in->len ? (size_t)d->left : in->len;
	if (n > 0)
		memcpy(d->ctl + d->have, span_take(in, n).at, n);
	d->have = (uint8_t)(d->have + n);
	d->left -= n;
	if (d->left > 0)
		return WS_MORE;
	struct span body = span_of(d->ctl, d->have);
	d->have = 0;
	d->state = HEAD;
	if (d->server)
		ws_mask(body, d->mask, 0);
	if ((d->hdr[0] & OPCODE) == WS_OP_CLOSE)
		return closed(d, in, body, out);
	*out = body;
	return (d->hdr[0] & OPCODE) == WS_OP_PING ? WS_PING : WS_PONG;
}

static enum ws_event end_message(struct ws_dec *d)
{
	d->state = HEAD;
	d->in_message = false;
	return WS_END;
}

enum ws_event ws_dec_next(struct ws_dec *d, struct span *in, struct span *out)
{
	while (d->state == HEAD) {
		const char *error;
		if (!read_head(d, in, &error))
			return WS_MORE;
		if (error)
			return bad(d, in, 1002, error);
	}
	switch (d->state) {
	case DATA: return read_data(d, in, out);
	case END: return end_message(d);
	case CTL: return read_ctl(d, in, out);
	case CLOSED: drop(in); return WS_MORE;
	default: drop(in); return WS_BAD;
	}
}
