/* octets: numbers as RFB sends them, most significant byte first (RFC 6143 7). */
#ifndef TESTCARD_OCTETS_H
#define TESTCARD_OCTETS_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t octets_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t octets_get32(const uint8_t *at)
{
	return (uint32_t)octets_get16(at) << 16 | octets_get16(at + 2);
}

/* Each returns the bytes written. */
static inline size_t octets_put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return 2;
}

static inline size_t octets_put32(uint8_t *at, uint32_t v)
{
	octets_put16(at, (uint16_t)(v >> 16));
	octets_put16(at + 2, (uint16_t)v);
	return 4;
}

#endif
