/* The bytes that wsload and wsbackend send each other. Byte i of a stream with phase p is
 * at[(p + i) % PATTERN_PRIME]: it depends on its position, and since the period is prime and no
 * buffer's size, bytes that are lost, repeated, swapped or flipped show.
 *
 *   at  [0 ........ PRIME) [PRIME .......... PRIME + RUN)
 *       one period          the same again, so that up to RUN bytes can be taken in one piece
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stdint.h>
#include <string.h>

enum { PATTERN_PRIME = 32749, PATTERN_RUN = 256 << 10 };

struct pattern {
	uint8_t at[PATTERN_PRIME + PATTERN_RUN];
};

static inline void pattern_init(struct pattern *p)
{
	uint64_t x = 0x2545F4914F6CDD1Du;
	for (unsigned i = 0; i < PATTERN_PRIME; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p->at[i] = (uint8_t)(x >> 32);
	}
	for (unsigned i = PATTERN_PRIME; i < sizeof p->at; i++)
		p->at[i] = p->at[i - PATTERN_PRIME];
}

/* The bytes from offset `off` on; *ret_n: how many lie in one piece, at most n. */
static inline const uint8_t *pattern_at(const struct pattern *p, uint32_t phase, uint64_t off,
                                        size_t n, size_t *ret_n)
{
	*ret_n = n < PATTERN_RUN ? n : PATTERN_RUN;
	return p->at + (phase + off) % PATTERN_PRIME;
}

/* -1: all n bytes are those from offset `off` on; otherwise the index of the first that is not.
 * Compared a period at a time, which stays in the cache. */
static inline int64_t pattern_check(const struct pattern *p, uint32_t phase, uint64_t off,
                                    const uint8_t *at, size_t n)
{
	for (size_t done = 0; done < n;) {
		size_t k = n - done < PATTERN_PRIME ? n - done : PATTERN_PRIME;
		const uint8_t *same = p->at + (phase + off + done) % PATTERN_PRIME;
		if (memcmp(same, at + done, k) != 0) {
			size_t i = 0;
			while (same[i] == at[done + i])
				i++;
			return (int64_t)(done + i);
		}
		done += k;
	}
	return -1;
}

#endif
