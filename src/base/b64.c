/* Base64 by table.
 *
 * The decoder writes a byte as soon as its eight bits are there (after the second, third and
 * fourth character), so what is written never overtakes what is read, wherever a frame was cut.
 */
#include "base/b64.h"

#include <errno.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BAD = 0x80 };
/* clang-format off */
#define B BAD
#define B8 B, B, B, B, B, B, B, B
#define B16 B8, B8
static const uint8_t values[256] = {
	B16, B16,
	B8, B, B, B, 62, B, B, B, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, B, B, B, B, B, B,
	B, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, B, B, B, B, B,
	B, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, B, B, B, B, B,
	B16, B16, B16, B16, B16, B16, B16, B16,
};
#undef B
#undef B8
#undef B16
/* clang-format on */

static void enc4(char *out, uint32_t bits)
{
	out[0] = letters[bits >> 18 & 63];
	out[1] = letters[bits >> 12 & 63];
	out[2] = letters[bits >> 6 & 63];
	out[3] = letters[bits & 63];
}

void b64_enc(char *out, struct span in)
{
	const uint8_t *at = in.at;
	for (; in.len >= 3; in.len -= 3, at += 3, out += 4)
		enc4(out, (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]);
	if (in.len == 0)
		return;
	enc4(out, (uint32_t)at[0] << 16 | (in.len == 2 ? (uint32_t)at[1] << 8 : 0));
	out[3] = '=';
	if (in.len == 1)
		out[2] = '=';
}

/* An '='. It is legal after two or three characters whose unused bits are zero, and after
 * another one. */
static int dec_pad(struct b64_dec *d)
{
	if (d->have < 2 || d->bits != 0)
		return -EINVAL;
	d->pad++;
	if (d->have + d->pad == 4)
		*d = (struct b64_dec){0};
	return 0;
}

/* One character. Returns the bytes written to *out (0 or 1) or -EINVAL. */
static int dec_char(struct b64_dec *d, uint8_t c, uint8_t *out)
{
	if (c == '=')
		return dec_pad(d);
	uint8_t v = values[c];
	if (v == BAD || d->pad)
		return -EINVAL;
	/* Unused bits so far: 6 after the first character, 4 after the second, 2 after the third. */
	unsigned unused = d->have ? 8u - 2u * d->have : 0;
	uint32_t bits = d->bits << 6 | v;
	d->have = (d->have + 1) & 3;
	if (unused == 0) {
		d->bits = bits;
		return 0;
	}
	unused -= 2;
	*out = (uint8_t)(bits >> unused);
	d->bits = bits & ((1u << unused) - 1);
	return 1;
}

/* Whole quanta without padding, the usual case. Returns the characters it took: a multiple of 4;
 * three quarters of that many bytes were written. */
static size_t dec_fast(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t i = 0;
	for (; n - i >= 4; i += 4, out += 3) {
		uint8_t a = values[in[i]], b = values[in[i + 1]];
		uint8_t c = values[in[i + 2]], e = values[in[i + 3]];
		if ((a | b | c | e) & BAD)
			break;
		uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | e;
		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	return i;
}

int b64_dec_next(struct b64_dec *d, struct span s, size_t *ret_n)
{
	size_t from = 0, to = 0;
	while (from < s.len) {
		if (d->have == 0 && d->pad == 0) {
			size_t n = dec_fast(s.at + from, s.len - from, s.at + to);
			from += n;
			to += n / 4 * 3;
			if (from == s.len)
				break;
		}
		int r = dec_char(d, s.at[from++], s.at + to);
		if (r < 0)
			return r;
		to += (size_t)r;
	}
	*ret_n = to;
	return 0;
}

bool b64_dec_whole(const struct b64_dec *d)
{
	return d->have == 0 && d->pad == 0;
}
