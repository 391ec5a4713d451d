/* fail_malloc: malloc, calloc, realloc and aligned_alloc that fail when a test says so.
 *
 * A test that uses it asks for the linker's help in a comment line of its own:
 *   ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc
 * (between the comment marks).
 * Our code and the test's are covered, libraries' own calls are not. One thread only.
 */
#ifndef FAKE_FAIL_MALLOC_H
#define FAKE_FAIL_MALLOC_H

/* Starts to count; the nth call from now fails (1: the next one), 0: none does. */
void fail_malloc_at(unsigned long n);
/* The same, but all calls after it fail, too. */
void fail_malloc_from(unsigned long n);
/* Calls since then. */
unsigned long fail_malloc_calls(void);
/* No more failures, no more counting. */
void fail_malloc_off(void);

/* Runs scenario once undisturbed, then once for each of its allocations, with that one failing.
 * Returns how many there were. scenario must leave nothing behind, whatever fails; `failing` tells
 * it which one will (0: none). */
unsigned long fail_malloc_each(void (*scenario)(void *ctx, unsigned long failing), void *ctx);

#endif
