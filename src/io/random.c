/* env->random: getrandom(2) by the half kilobyte, so that a masking key is no system call. */
#include "loop_priv.h"

#include "base/bug.h"

#include <errno.h>
#include <sys/random.h>

/* The kernel's generator is seeded long before anybody starts us; if it fails there is no way to
 * go on that is safe. */
static void from_kernel(uint8_t *out, size_t n)
{
	while (n) {
		ssize_t r = getrandom(out, n, 0);
		BUG_ON(r < 0 && errno != EINTR);
		if (r < 0)
			continue;
		out += r;
		n -= (size_t)r;
	}
}

void random_fill(struct env *e, void *out, size_t n)
{
	struct loop *l = loop_of(e);
	if (n > RANDOM_STOCK) {
		from_kernel(out, n);
		return;
	}
	if (l->random_left < n) {
		from_kernel(l->random, RANDOM_STOCK);
		l->random_left = RANDOM_STOCK;
	}
	/* From the end, and wiped: what was given out is not lying around. */
	l->random_left -= n;
	memcpy(out, l->random + l->random_left, n);
	explicit_bzero(l->random + l->random_left, n);
}
