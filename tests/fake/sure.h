/* sure: memory for the tests themselves. Not touched by fail_malloc, which is for the code under
 * test; running out ends the test.
 */
#ifndef FAKE_SURE_H
#define FAKE_SURE_H

#include "base/span.h"

#include <stdlib.h>
#include <string.h>

/* n bytes at `at` (NULL: new), for free(). reallocarray is a name fail_malloc does not wrap. */
static inline void *sure_resize(void *at, size_t n)
{
	void *p = reallocarray(at, n ? n : 1, 1);
	if (!p)
		abort();
	return p;
}

static inline void *sure_zero(size_t n)
{
	return memset(sure_resize(NULL, n), 0, n);
}

/* Appends s to the len bytes at *at, which have room for *cap. */
static inline void sure_append(uint8_t **at, size_t len, size_t *cap, struct span s)
{
	if (len + s.len > *cap) {
		*cap = (len + s.len) * 2 + 64;
		*at = sure_resize(*at, *cap);
	}
	if (s.len > 0)
		memcpy(*at + len, s.at, s.len);
}

/* Appends s to the *len bytes from *first on; what is before them has been taken, and its room is
 * used again now and then. */
static inline void sure_queue(uint8_t **at, size_t *first, size_t *len, size_t *cap, struct span s)
{
	if (*first > *len) {
		memmove(*at, *at + *first, *len);
		*first = 0;
	}
	sure_append(at, *first + *len, cap, s);
	*len += s.len;
}

#endif
