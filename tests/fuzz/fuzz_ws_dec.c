/* fuzz: ws_dec. The first byte chooses the role and where the stream is cut; the rest is the
 * stream.
 *
 * Held: what the header of ws_dec promises about every event (tests/unit/ws_log.h); the verdict on
 * a stream, sentence included, does not depend on how it was cut; and what was understood, sent
 * again by ws_enc in the same role, is understood the same.
 */
#include "unit/ws_log.h"
#include "wire/ws_enc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { LEN_MAX = 2500 }; /* its log has room */

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* What is said again: the frames of everything that was decoded. */
struct again {
	uint8_t bytes[16 * LEN_MAX];
	size_t len;
	bool in_message;
};

static void add_frame(struct again *a, uint8_t first, struct span payload, bool masked)
{
	static const uint8_t mask[4] = {0x80, 0x00, 0xff, 0x5a};
	uint8_t *at = a->bytes + a->len;
	size_t head = ws_enc_head(at, payload.len, first & 0x0f, masked ? mask : NULL);
	check(a->len + head + payload.len <= sizeof a->bytes);
	at[0] = first;
	for (size_t i = 0; i < payload.len; i++)
		at[head + i] = payload.at[i] ^ (masked ? mask[i & 3] : 0);
	a->len += head + payload.len;
}

static void add_event(struct again *a, const struct ws_dec *d, enum ws_event e, struct span out)
{
	uint8_t control[WS_CTL_MAX];
	switch (e) {
	case WS_DATA:
		add_frame(a, a->in_message ? WS_OP_CONT : d->opcode, out, d->server);
		a->in_message = true;
		break;
	case WS_END:
		add_frame(a, (uint8_t)(0x80 | (a->in_message ? WS_OP_CONT : d->opcode)),
		          span_of(NULL, 0), d->server);
		a->in_message = false;
		break;
	case WS_PING: add_frame(a, 0x80 | WS_OP_PING, out, d->server); break;
	case WS_PONG: add_frame(a, 0x80 | WS_OP_PONG, out, d->server); break;
	case WS_CLOSE: {
		size_t n = ws_enc_close(control, d->code, out, NULL);
		add_frame(a, control[0], span_of(control + 2, n - 2), d->server);
		break;
	}
	case WS_MORE:
	case WS_BAD: break;
	}
}

/* Decodes s in pieces of `step` bytes, then step - 1, …, 1, step again; every piece has memory of
 * exactly its size. */
static void decode(struct ws_log *l, bool server, struct span s, size_t step)
{
	struct ws_dec d;
	ws_dec_init(&d, server);
	l->len = l->run_len = 0;
	l->text[0] = 0;
	l->bad = l->closed = false;
	for (size_t n = step; s.len > 0; n = n > 1 ? n - 1 : step) {
		struct span part = span_take(&s, n < s.len ? n : s.len);
		uint8_t *copy = malloc(part.len);
		check(copy != NULL);
		memcpy(copy, part.at, part.len);
		check(ws_log_feed(l, &d, span_of(copy, part.len)));
		free(copy);
	}
	ws_log_flush(l);
}

static void repeat(struct again *a, bool server, struct span s)
{
	struct ws_dec d;
	struct span out = {NULL, 0};
	enum ws_event e;
	uint8_t *copy = malloc(s.len + 1);
	check(copy != NULL);
	memcpy(copy, s.at, s.len);
	s.at = copy;
	a->len = 0;
	a->in_message = false;
	ws_dec_init(&d, server);
	do {
		e = ws_dec_next(&d, &s, &out);
		add_event(a, &d, e, out);
	} while (e != WS_MORE && e != WS_BAD);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ws_log whole, pieces;
	static struct again again;
	if (len == 0 || len > LEN_MAX)
		return 0;
	bool server = data[0] & 1;
	struct span s = span_of(data + 1, len - 1);
	decode(&whole, server, s, len);
	decode(&pieces, server, s, 1 + data[0] / 2u % 16);
	check(strcmp(whole.text, pieces.text) == 0);
	check(whole.bad == pieces.bad && whole.closed == pieces.closed);

	repeat(&again, server, s);
	decode(&pieces, server, span_of(again.bytes, again.len), sizeof again.bytes);
	check(!pieces.bad);
	size_t n = strlen(pieces.text);
	check(strncmp(pieces.text, whole.text, n) == 0);
	check(whole.bad || whole.text[n] == 0);
	return 0;
}
