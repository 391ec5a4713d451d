/* sure: memory for the tests themselves. Not touched by fail_malloc, which is for the code under
 * test; running out ends the test.
 */
#ifndef FAKE_SURE_H
#define FAKE_SURE_H

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

#endif
