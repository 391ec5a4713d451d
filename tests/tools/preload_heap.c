/* preload_heap: a shared object for LD_PRELOAD that counts what malloc and its kin do, into a
 * small file that a test maps or reads at any time: two 64-bit numbers, native order.
 *
 *   TEST_HEAP=/path/to/file      [0] allocations so far (realloc counts)   [1] bytes live
 *
 * Works through glibc's own entry points, so it may be called from the first instruction on. */
/* ldflags: -shared */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

struct counts {
	_Atomic long long calls, bytes;
};

static struct counts before;            /* until the file is mapped */
static struct counts *counts = &before; /* NULL is never seen */

__attribute__((constructor)) static void map_counts(void)
{
	const char *path = getenv("TEST_HEAP");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0 || ftruncate(fd, sizeof *counts) < 0)
		return;
	void *at = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	struct counts *shared = at;
	shared->calls += before.calls;
	shared->bytes += before.bytes;
	counts = shared;
}

static void *got(void *p)
{
	counts->calls++;
	if (p)
		counts->bytes += (long long)malloc_usable_size(p);
	return p;
}

static void gone(void *p)
{
	if (p)
		counts->bytes -= (long long)malloc_usable_size(p);
}

void *malloc(size_t n)
{
	return got(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return got(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
	gone(p);
	return got(__libc_realloc(p, n));
}

void *aligned_alloc(size_t align, size_t n)
{
	return got(__libc_memalign(align, n));
}

void *memalign(size_t align, size_t n)
{
	return got(__libc_memalign(align, n));
}

int posix_memalign(void **ret, size_t align, size_t n)
{
	*ret = got(__libc_memalign(align, n));
	return *ret ? 0 : ENOMEM;
}

void free(void *p)
{
	gone(p);
	__libc_free(p);
}
