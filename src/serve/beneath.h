/* beneath: opens files below one directory and nowhere else, whatever links lie in it. */
#ifndef SERVE_BENEATH_PRIV_H
#define SERVE_BENEATH_PRIV_H

#include <stdbool.h>
#include <sys/stat.h>

struct beneath {
	int fd;    /* the root */
	bool walk; /* no openat2 here: step by step, following no link */
};

/* Opens the root, for reading and entering. 0 or -errno. */
int beneath_init(struct beneath *ret, const char *root);
void beneath_done(struct beneath *b);
/* path is relative ("" is the root itself) and holds no ".."; flags as for open(2). A descriptor
 * or -errno; a path that would leave the root is -EXDEV or -ELOOP. */
int beneath_open(const struct beneath *b, const char *path, int flags);
/* What is there, without opening it (no effect on FIFOs and devices). 0 or -errno. */
int beneath_stat(const struct beneath *b, const char *path, struct stat *ret);
/* Opens a regular file for reading. A descriptor, or -errno; -EISDIR for a directory, -ENXIO for
 * anything else that is no regular file. *ret is what was opened. */
int beneath_file(const struct beneath *b, const char *path, struct stat *ret);

#endif
