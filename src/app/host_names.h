/* host_names: what this host is called and which addresses it has, for a certificate of its own. */
#ifndef APP_HOST_NAMES_H
#define APP_HOST_NAMES_H

#include "crypt/self_signed.h"

enum { HOST_NAME = 256 };

struct host_names {
	char text[SELF_SIGNED_NAMES][HOST_NAME];
	const char *names[SELF_SIGNED_NAMES]; /* into text */
	size_t n;
};

/* The host's name (with and without its domain), `more` if it is not NULL, localhost, and the
 * addresses of all interfaces that are up, but for link-local ones. Each once. Asks no name
 * server. */
void host_names_get(struct host_names *ret, const char *more);

#endif
