/* wrapped: the command after --, from the command line to wrap/wrapper: everything that is looked
 * at, reserved and put together before it starts.
 *
 *   WRAP_MOVED   reserve a port, preload rebind.so, listen for its reports
 *   WRAP_PLACED  pick a port, write it where {port} stands
 *   WRAP_UNIX    nothing: the command's unix socket is the target
 */
#ifndef APP_WRAPPED_H
#define APP_WRAPPED_H

#include "app/options.h"
#include "io/loop.h"

enum { WRAPPED_ERROR = 640 };

struct wrapped;

struct wrapped_host {
	void *owner;
	void (*ended)(void *owner, int code); /* the process is to end with this exit code */
	void (*stopped)(void *owner);         /* after wrapped_stop; may come from inside it */
};

/* Looks and reserves; blocking, before there are threads and before our limits are raised. o and
 * the loop must outlive it. 0, or -errno with a sentence in err; -ENOENT and -EACCES are the
 * command's own; *ret is then to be freed all the same. */
int wrapped_new(struct wrapped **ret, const struct options *o, struct loop *l,
                const struct wrapped_host *host, char err[WRAPPED_ERROR]);
/* How sessions reach it; any thread. */
const struct gate *wrapped_gate(const struct wrapped *w);
/* Starts the command. 0, or -errno with a sentence in err. */
int wrapped_start(struct wrapped *w, char err[WRAPPED_ERROR]);
/* Its end is no event any more, because ours has begun. */
void wrapped_retire(struct wrapped *w);
void wrapped_stop(struct wrapped *w); /* idempotent */
/* At once, whether stop has come yet or not. */
void wrapped_kill(struct wrapped *w);
/* Lets go of the loop; free after loop_free. Both: NULL is legal. */
void wrapped_done(struct wrapped *w);
void wrapped_free(struct wrapped *w);
/* The exit code for an error of new or start, as env(1) has it: 127 no such command, 126 it cannot
 * be run, else 1. */
int wrapped_status(int err);

#endif
