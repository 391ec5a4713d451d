/* utf8: validity by the table of RFC 3629 section 4.
 *
 *   first byte   bytes   second byte       the others
 *   00..7f       1
 *   c2..df       2       80..bf
 *   e0..ef       3       80..bf, but a0..bf after e0 and 80..9f after ed    80..bf
 *   f0..f4       4       80..bf, but 90..bf after f0 and 80..8f after f4    80..bf
 */
#include "wire/utf8.h"

/* How many bytes the character that starts with b has; 0: none starts so. */
static size_t char_len(uint8_t b)
{
	if (b < 0x80)
		return 1;
	if (b < 0xc2)
		return 0;
	if (b < 0xe0)
		return 2;
	if (b < 0xf0)
		return 3;
	return b < 0xf5 ? 4 : 0;
}

static bool is_tail(uint8_t b)
{
	return (b & 0xc0) == 0x80;
}

/* Overlong forms, surrogates and what lies above U+10FFFF show in the second byte. */
static bool second_ok(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0;
	case 0xed: return second <= 0x9f;
	case 0xf0: return second >= 0x90;
	case 0xf4: return second <= 0x8f;
	default: return true;
	}
}

bool utf8_ok(struct span s)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = char_len(s.at[i]);
		if (n == 0 || n > s.len - i)
			return false;
		for (size_t k = 1; k < n; k++)
			if (!is_tail(s.at[i + k]))
				return false;
		if (n > 1 && !second_ok(s.at[i], s.at[i + 1]))
			return false;
		i += n;
	}
	return true;
}

size_t utf8_cut(struct span s, size_t max)
{
	size_t n = s.len < max ? s.len : max;
	size_t back = 0; /* bytes since the last one that starts a character */
	while (back < 3 && back < n && is_tail(s.at[n - 1 - back]))
		back++;
	if (back == n)
		return n; /* nothing but tails: not UTF-8, no boundary to respect */
	size_t want = char_len(s.at[n - 1 - back]);
	return want > back + 1 ? n - back - 1 : n;
}
