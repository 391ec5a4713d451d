/* content: a whole file in memory, wiped before it is freed: it may be a key. Blocks. */
#ifndef APP_CONTENT_H
#define APP_CONTENT_H

#include "base/span.h"

enum { CONTENT_MOST = 4 << 20 }; /* bytes; a system's bundle of CAs has a quarter of a MiB */

struct content {
	struct span bytes; /* at is NULL: nothing was read */
	bool once;         /* it was no file but a pipe: there is nothing to read a second time */
};

/* 0, or -errno; -EFBIG: more than CONTENT_MOST. */
int content_read(struct content *ret, const char *path);
void content_free(struct content *c);
/* Replaces the file at path as a whole, readable by its owner alone: another one beside it takes
 * its name. 0 or -errno. */
int content_write(const char *path, const struct span *parts, size_t n);

#endif
