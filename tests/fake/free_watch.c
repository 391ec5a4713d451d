/* free_watch: see the header. */
#include "free_watch.h"

#include <malloc.h>
#include <string.h>

void __real_free(void *p);

static struct span secret; /* len 0: nobody watches */
static unsigned found;

void __wrap_free(void *p)
{
	if (p && secret.len > 0)
		found += memmem(p, malloc_usable_size(p), secret.at, secret.len) != NULL;
	else if (p)
		memset(p, 0, malloc_usable_size(p));
	__real_free(p);
}

void free_watch(struct span s)
{
	found = 0;
	secret = s;
}

unsigned free_watch_end(void)
{
	secret.len = 0;
	return found;
}
