/* fuzz: base64. The first byte chooses where the text is cut.
 *
 * Held: decoding in pieces gives what decoding in one gives; never more bytes than characters;
 * what was accepted and has no padding inside encodes to itself; every input survives encoding
 * and decoding.
 */
#include "base/b64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* A copy of exactly its size, so that a step too far is seen. */
static struct span copy_of(struct span s)
{
	struct span c = span_of(malloc(s.len ? s.len : 1), s.len);
	check(c.at);
	if (s.len)
		memcpy(c.at, s.at, s.len);
	return c;
}

struct decoded {
	struct span bytes;
	bool ok, whole;
};

/* Decodes text in pieces of `most` characters, then one less, …, 1, `most` again. */
static struct decoded decode(struct span text, size_t most)
{
	struct decoded r = {.bytes = span_of(malloc(text.len + 1), 0), .ok = true};
	struct b64_dec d = {0};
	check(r.bytes.at);
	for (size_t step = most; text.len && r.ok; step = step > 1 ? step - 1 : most) {
		struct span piece = copy_of(span_take(&text, step < text.len ? step : text.len));
		size_t n = 0;
		r.ok = b64_dec_next(&d, piece, &n) == 0;
		check(n <= piece.len);
		memcpy(r.bytes.at + r.bytes.len, piece.at, n);
		r.bytes.len += n;
		free(piece.at);
	}
	r.whole = b64_dec_whole(&d);
	return r;
}

static void check_decoding(struct span text, size_t most)
{
	struct decoded one = decode(text, text.len + 1), many = decode(text, most);
	check(one.ok == many.ok);
	if (one.ok) {
		check(one.whole == many.whole && span_eq(one.bytes, many.bytes));
		const uint8_t *pad = text.len ? memchr(text.at, '=', text.len) : NULL;
		bool inside = pad && (size_t)(pad - text.at) + 2 < text.len;
		if (one.whole && !inside) {
			char *coded = malloc(b64_enc_len(one.bytes.len) + 1);
			check(coded);
			b64_enc(coded, one.bytes);
			check(span_eq(span_of(coded, b64_enc_len(one.bytes.len)), text));
			free(coded);
		}
	}
	free(one.bytes.at);
	free(many.bytes.at);
}

static void check_round_trip(struct span bytes, size_t most)
{
	struct span coded = span_of(malloc(b64_enc_len(bytes.len) + 1), b64_enc_len(bytes.len));
	struct span from = copy_of(bytes);
	check(coded.at);
	b64_enc((char *)coded.at, from);
	struct decoded back = decode(coded, most);
	check(back.ok && back.whole && span_eq(back.bytes, bytes));
	free(back.bytes.at);
	free(coded.at);
	free(from.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	size_t most = 1 + data[0] % 9;
	struct span rest = span_of(data + 1, len - 1);
	check_decoding(rest, most);
	check_round_trip(rest, most);
	return 0;
}
