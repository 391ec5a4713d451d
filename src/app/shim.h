/* shim: rebind.so, where it lies and how it gets into a program. */
#ifndef APP_SHIM_H
#define APP_SHIM_H

#include "app/wrapped.h"

#include <limits.h>

struct shim_env {
	const char *library;
	uint16_t old_port, new_port;
	const char *report, *key; /* the mailbox's name, and what its letters begin with */
};

/* The library asked for, or the first of: beside our own file (a build tree), ../lib/websplice/ as
 * seen from there, the folder of `make install`. 0, or -errno with a sentence in err. */
int shim_find(char ret[PATH_MAX], const char *asked, char err[WRAPPED_ERROR]);
/* Our environment with the variables of rebind.so instead of whatever was there. One allocation;
 * NULL: out of memory. */
char **shim_environment(const struct shim_env *s);

#endif
