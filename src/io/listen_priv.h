/* The two halves of listen_open, TCP and unix. */
#ifndef IO_LISTEN_PRIV_H
#define IO_LISTEN_PRIV_H

#include "io/listen.h"

struct listen_err {
	char *text;
	size_t cap;
};

/* Writes the sentence and returns err. */
int listen_fail(struct listen_err *e, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Fills *s from at->path. 0, or -errno with the sentence. */
int listen_open_unix(struct listen_set *s, const struct listen_at *at, struct listen_err *e);
/* Removes the file of a unix socket if it is still the one that was bound. */
void listen_unlink(struct listen_set *s);

#endif
