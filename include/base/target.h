/* target: where a backend is. A plain value; immutable once a site holds it. */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#include "base/span.h"

enum target_kind {
	TARGET_TCP,      /* host:port; host is a name or a numeric address without brackets */
	TARGET_UNIX,     /* host is the socket's path */
	TARGET_TESTCARD, /* the built-in test picture */
	TARGET_WRAPPED,  /* the command we run; host is its name */
};

enum { TARGET_HOST = 256, TARGET_NAME = TARGET_HOST + 16 };

struct target {
	enum target_kind kind;
	char host[TARGET_HOST];
	uint16_t port;
};

/* "localhost:5901", "[::1]:5901", "unix:/run/vnc.sock", "testcard", "command:Xvnc": for logs and reasons. Writes
 * to out, which has TARGET_NAME bytes, and returns it. */
const char *target_name(const struct target *t, char out[TARGET_NAME]);
/* Parses HOST:PORT or [V6]:PORT or V6:PORT (split at the last colon, as websockify does). 0, or
 * -EINVAL with *reterr saying what is wrong with it. */
int target_parse(struct target *ret, const char *text, const char **reterr);
/* The host half of it: checks s (a name or an address, with or without brackets) and copies it
 * without brackets. 0, or -EINVAL with *reterr. */
int target_host(char ret[TARGET_HOST], struct span s, const char **reterr);

#endif
