/* free_watch: whether memory that is given back holds a secret. For a test that is linked with
 * -Wl,--wrap=free. While nobody watches, what is given back is wiped, so that nothing of the test's own
 * is found later. */
#ifndef FAKE_FREE_WATCH_H
#define FAKE_FREE_WATCH_H

#include "base/span.h"

/* From now on; the bytes are the caller's. */
void free_watch(struct span secret);
/* Ends it: how often it was found. */
unsigned free_watch_end(void);
/* What free is then. */
void __wrap_free(void *p);

#endif
