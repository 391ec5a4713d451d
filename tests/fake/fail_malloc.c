/* The linker's --wrap sends our allocations here first. */
#include "fail_malloc.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__real_aligned_alloc(size_t to, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t to, size_t n);

static unsigned long calls, fails_at;
static bool fails_after, on;

static bool fails_now(void)
{
	if (!on)
		return false;
	calls++;
	return fails_at && (calls == fails_at || (fails_after && calls > fails_at));
}

void *__wrap_malloc(size_t n)
{
	return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
	return fails_now() ? NULL : __real_realloc(old, n);
}

void *__wrap_aligned_alloc(size_t to, size_t n)
{
	return fails_now() ? NULL : __real_aligned_alloc(to, n);
}

void fail_malloc_at(unsigned long n)
{
	calls = 0;
	fails_at = n;
	fails_after = false;
	on = true;
}

void fail_malloc_from(unsigned long n)
{
	fail_malloc_at(n);
	fails_after = true;
}

unsigned long fail_malloc_calls(void)
{
	return calls;
}

void fail_malloc_off(void)
{
	on = false;
	fails_at = 0;
}

unsigned long fail_malloc_each(void (*scenario)(void *ctx, unsigned long failing), void *ctx)
{
	fail_malloc_at(0);
	scenario(ctx, 0);
	unsigned long n = calls;
	for (unsigned long i = 1; i <= n; i++) {
		fail_malloc_at(i);
		scenario(ctx, i);
	}
	fail_malloc_off();
	return n;
}
