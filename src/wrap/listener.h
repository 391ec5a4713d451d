/* listener: one line of /proc/net/tcp and tcp6 (proc(5)), if it is a socket that listens. */
#ifndef WRAP_LISTENER_H
#define WRAP_LISTENER_H

#include "wrap/look.h"

struct listener {
	uint64_t inode;
	uint16_t port;
	bool outside;     /* others than this machine reach it */
	char at[LOOK_AT]; /* "0.0.0.0:5901", "[::1]:5901" */
};

/* False: another state, or no such line. */
bool listener_parse(struct listener *ret, const char *line);

#endif
