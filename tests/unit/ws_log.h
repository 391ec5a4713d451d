/* ws_log: what a decoder said, as a line of text that does not depend on how its input was cut.
 *
 *   text"Hel" ping"" text"lo" end close(1000,"bye") bad(1002,"frame not masked")
 *
 * Payload that comes in pieces counts as one; more than 40 bytes of it are written as length and
 * checksum. Bytes that are not plain text are written as \xx.
 */
#ifndef UNIT_WS_LOG_H
#define UNIT_WS_LOG_H

#include "wire/ws_dec.h"

#include <stdio.h>
#include <stdlib.h>

enum { WS_LOG_TEXT = 1 << 14, WS_LOG_SHOWN = 40 };

struct ws_log {
	char text[WS_LOG_TEXT];
	size_t len;
	/* the run of payload that is not written down yet */
	uint8_t run[WS_LOG_SHOWN];
	uint64_t run_len, run_sum;
	uint8_t run_op;
	bool bad, closed; /* the last word */
};

static inline void ws_log_put(struct ws_log *l, const char *text)
{
	size_t n = strlen(text);
	if (n >= WS_LOG_TEXT - l->len)
		abort(); /* the test asks for more than there is room for */
	memcpy(l->text + l->len, text, n + 1);
	l->len += n;
}

static inline void ws_log_bytes(struct ws_log *l, const uint8_t *at, size_t n)
{
	ws_log_put(l, "\"");
	for (size_t i = 0; i < n; i++) {
		char c[4] = {(char)at[i], 0};
		if (at[i] < 0x20 || at[i] > 0x7e)
			snprintf(c, sizeof c, "\\%02x", at[i]);
		ws_log_put(l, c);
	}
	ws_log_put(l, "\"");
}

static inline void ws_log_flush(struct ws_log *l)
{
	char number[64];
	if (l->run_len == 0)
		return;
	ws_log_put(l, l->len ? " " : "");
	ws_log_put(l, l->run_op == WS_OP_TEXT ? "text" : "binary");
	if (l->run_len <= WS_LOG_SHOWN) {
		ws_log_bytes(l, l->run, (size_t)l->run_len);
	} else {
		snprintf(number, sizeof number, "[%llu:%016llx]", (unsigned long long)l->run_len,
		         (unsigned long long)l->run_sum);
		ws_log_put(l, number);
	}
	l->run_len = 0;
}

static inline void ws_log_data(struct ws_log *l, uint8_t opcode, struct span s)
{
	if (l->run_len && l->run_op != opcode)
		ws_log_flush(l);
	if (l->run_len == 0)
		l->run_sum = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
	for (size_t i = 0; i < s.len; i++) {
		if (l->run_len < WS_LOG_SHOWN)
			l->run[l->run_len] = s.at[i];
		l->run_sum = (l->run_sum ^ s.at[i]) * 0x100000001b3;
		l->run_len++;
	}
	l->run_op = opcode;
}

static inline void ws_log_word(struct ws_log *l, const char *word)
{
	ws_log_flush(l);
	ws_log_put(l, l->len ? " " : "");
	ws_log_put(l, word);
}

static inline void ws_log_ctl(struct ws_log *l, const char *word, struct span payload)
{
	ws_log_word(l, word);
	ws_log_bytes(l, payload.at, payload.len);
}

static inline void ws_log_end(struct ws_log *l, const char *word, unsigned code, struct span text)
{
	char head[32];
	snprintf(head, sizeof head, "%s(%u,", word, code);
	ws_log_word(l, head);
	ws_log_bytes(l, text.at, text.len);
	ws_log_put(l, ")");
}

/* Writes one event down. */
static inline void ws_log_event(struct ws_log *l, const struct ws_dec *d, enum ws_event e,
                                struct span out)
{
	switch (e) {
	case WS_MORE: break;
	case WS_DATA: ws_log_data(l, d->opcode, out); break;
	case WS_END: ws_log_word(l, "end"); break;
	case WS_PING: ws_log_ctl(l, "ping", out); break;
	case WS_PONG: ws_log_ctl(l, "pong", out); break;
	case WS_CLOSE:
		ws_log_end(l, "close", d->code, out);
		l->closed = true;
		break;
	case WS_BAD:
		if (!l->bad)
			ws_log_end(l, "bad", d->code, span_str(d->error));
		l->bad = true;
		break;
	}
}

/* Feeds one piece and holds the decoder to what its header promises about it: data lies inside
 * the piece and is not empty, WS_MORE and WS_BAD leave nothing over, every other event but WS_END
 * takes at least a byte, and after a bad frame or a Close nothing else is said. */
static inline bool ws_log_feed(struct ws_log *l, struct ws_dec *d, struct span in)
{
	for (;;) {
		struct span out = {NULL, 0}, before = in;
		bool was_bad = l->bad, was_closed = l->closed;
		enum ws_event e = ws_dec_next(d, &in, &out);
		ws_log_event(l, d, e, out);
		if (in.at + in.len != before.at + before.len || in.len > before.len)
			return false;
		if (was_bad && e != WS_BAD)
			return false;
		if (was_closed && e != WS_MORE)
			return false;
		if (e == WS_DATA &&
		    (out.len == 0 || out.at < before.at || out.at + out.len != in.at))
			return false;
		if (e == WS_MORE || e == WS_BAD)
			return in.len == 0;
		if (e != WS_END && e != WS_DATA && out.len > 125)
			return false;
	}
}

#endif
