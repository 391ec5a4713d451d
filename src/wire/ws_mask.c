/* ws_mask: XOR with a 4-byte key.
 *
 * The key is written out twice from where it stands, which makes one 8-byte word that fits every
 * step, because 8 is a multiple of 4. Loads and stores go through memcpy: no alignment rules, no
 * byte order, nothing read or written outside the span.
 */
#include "wire/ws_mask.h"

static uint64_t mask_word(const uint8_t mask[4], unsigned at)
{
	uint8_t key[8];
	for (unsigned i = 0; i < 8; i++)
		key[i] = mask[(at + i) & 3];
	uint64_t word;
	memcpy(&word, key, 8);
	return word;
}

unsigned ws_mask(struct span s, const uint8_t mask[4], unsigned at)
{
	size_t i = 0;
	if (s.len >= 8) {
		uint64_t word = mask_word(mask, at);
		for (; i + 8 <= s.len; i += 8) {
			uint64_t x;
			memcpy(&x, s.at + i, 8);
			x ^= word;
			memcpy(s.at + i, &x, 8);
		}
	}
	for (; i < s.len; i++)
		s.at[i] ^= mask[(at + i) & 3];
	return (unsigned)((at + s.len) & 3);
}
