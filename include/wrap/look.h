/* look: what can be seen of a wrapped command from outside, in /proc: who listens on a port, and
 * why the command does not. It reads many small files: for a job, never for a loop.
 */
#ifndef WRAP_LOOK_H
#define WRAP_LOOK_H

#include <stdbool.h>
#include <stdint.h>

enum { LOOK_HOLDERS = 8, LOOK_TEXT = 400, LOOK_NAME = 32, LOOK_AT = 64 };

struct holder {
	int pid; /* 0: a process of somebody else, who does not show us its descriptors */
	char name[LOOK_NAME];
	char at[LOOK_AT]; /* "127.0.0.1:41234" */
	bool outside;     /* that is not loopback */
};

struct look {
	/* asked */
	uint16_t port;     /* where the command is to listen */
	uint16_t old_port; /* what it binds by itself, when it is moved; else 0 */
	int session;       /* its processes (setsid) */
	const char *shim;  /* the library they should have loaded; NULL: none */
	/* found */
	struct holder holders[LOOK_HOLDERS];
	unsigned n;
	struct holder exposed; /* of the session: on old_port, and others reach it; pid 0: nobody */
	bool blind;            /* the system does not tell who listens */
	char text[LOOK_TEXT];  /* why nobody of the session listens on port; what to do */
};

void look_around(struct look *l);

#endif
