/* Frames of the client: one header, a fresh masking key, the masked payload. Raw: the payload. */
#include "load.h"

/* Eight lanes of four bytes; may lie anywhere. */
typedef uint32_t lanes __attribute__((vector_size(32), aligned(1), may_alias));

uint64_t random_next(struct load *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

/* to = from ^ key. `turned`: how many bytes of this payload were masked before. */
static void mask(uint8_t *to, const uint8_t *from, size_t n, uint32_t key, size_t turned)
{
	uint8_t bytes[4], k[4];
	memcpy(bytes, &key, 4);
	for (unsigned i = 0; i < 4; i++)
		k[i] = bytes[(turned + i) & 3];
	uint32_t word;
	memcpy(&word, k, 4);
	lanes wide = {word, word, word, word, word, word, word, word};
	size_t i = 0;
	for (; i + sizeof wide <= n; i += sizeof wide)
		*(lanes *)(to + i) = *(const lanes *)(from + i) ^ wide;
	for (; i < n; i++)
		to[i] = from[i] ^ k[i & 3];
}

static size_t put_head(uint8_t *to, int opcode, uint64_t n, uint32_t key)
{
	size_t len = 2;
	to[0] = (uint8_t)(0x80 | opcode);
	if (n < 126) {
		to[1] = (uint8_t)(0x80 | n);
	} else if (n < 65536) {
		to[1] = 0x80 | 126;
		to[2] = (uint8_t)(n >> 8);
		to[3] = (uint8_t)n;
		len = 4;
	} else {
		to[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			to[2 + i] = (uint8_t)(n >> (56 - 8 * i));
		len = 10;
	}
	memcpy(to + len, &key, 4);
	return len + 4;
}

void frame_put(struct conn *c, int opcode, const void *at, size_t n)
{
	struct load *w = c->load;
	if (w->o.raw && opcode >= OP_CLOSE)
		return;
	uint8_t *to = conn_room(c, n + 14);
	if (w->o.raw) {
		memcpy(to, at, n);
		c->out_len += n;
		return;
	}
	uint32_t key = (uint32_t)random_next(w);
	size_t head = put_head(to, opcode, n, key);
	mask(to + head, at, n, key, 0);
	c->out_len += head + n;
}

void frame_put_pattern(struct conn *c, size_t n)
{
	struct load *w = c->load;
	uint8_t *to = conn_room(c, n + 14);
	uint32_t key = (uint32_t)random_next(w);
	size_t head = w->o.raw ? 0 : put_head(to, OP_BINARY, n, key);
	for (size_t done = 0, k; done < n; done += k) {
		const uint8_t *from =
			pattern_at(&w->pattern, c->tx_phase, c->tx_off + done, n - done, &k);
		if (w->o.raw)
			memcpy(to + done, from, k);
		else
			mask(to + head + done, from, k, key, done);
	}
	c->out_len += head + n;
	c->tx_off += n;
	w->tx_payload += n;
}
