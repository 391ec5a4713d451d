/* Bounded text: what does not fit is cut, never written. */
#include "base/str.h"

#include <stdio.h>

void str_init(struct str *s, void *at, size_t cap)
{
	*s = (struct str){.at = at, .cap = cap};
	if (cap)
		s->at[0] = 0;
}

/* Bytes that still fit, the NUL left aside. */
static size_t room(const struct str *s)
{
	return s->cap ? s->cap - 1 - s->len : 0;
}

void str_put(struct str *s, struct span bytes)
{
	size_t n = bytes.len, most = room(s);
	if (n > most) {
		n = most;
		s->cut = true;
	}
	if (n == 0)
		return;
	memcpy(s->at + s->len, bytes.at, n);
	s->len += n;
	s->at[s->len] = 0;
}

void str_putc(struct str *s, char c)
{
	str_put(s, span_of(&c, 1));
}

void str_put_number(struct str *s, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	str_put(s, span_of(digits + at, sizeof digits - at));
}

void str_vfmt(struct str *s, const char *fmt, va_list ap)
{
	size_t most = room(s);
	int n = vsnprintf(s->cap ? s->at + s->len : NULL, s->cap ? most + 1 : 0, fmt, ap);
	if (n < 0 || (size_t)n > most)
		s->cut = true;
	/* On an error (a locale's, never ours) nothing counts as written. */
	if (n > 0)
		s->len += (size_t)n < most ? (size_t)n : most;
	if (s->cap)
		s->at[s->len] = 0;
}

void str_fmt(struct str *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str_vfmt(s, fmt, ap);
	va_end(ap);
}

bool str_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	}
	if (n < min || n > max)
		return false;
	*ret = n;
	return true;
}

/* The second byte's range tells overlong forms, surrogates and numbers above U+10FFFF apart
 * (Unicode 15, table 3-7). */
static bool second_fits(uint8_t first, uint8_t second)
{
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	return second >= low && second <= high;
}

size_t str_char(struct span s, uint32_t *ret_code)
{
	if (s.len == 0)
		return 0;
	uint8_t first = s.at[0];
	if (first < 0x80) {
		*ret_code = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4)
		return 0;
	size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (s.len < n || !second_fits(first, s.at[1]))
		return 0;
	uint32_t code = first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s.at[i] & 0x3fu);
	}
	*ret_code = code;
	return n;
}

void str_clean(struct str *s)
{
	struct span left = str_span(s);
	while (left.len) {
		uint32_t code = 0;
		size_t n = str_char(left, &code);
		bool bad = n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0);
		struct span c = span_take(&left, n ? n : 1);
		if (bad)
			memset(c.at, '?', c.len);
	}
}
