/* sigs: signals as events of one loop (the main thread's). SIGPIPE is ignored for the process. */
#ifndef IO_SIGS_H
#define IO_SIGS_H

#include "io/loop.h"

struct sigs;
/* Watches the n signals; got(owner, signum) on the loop. 0 or -errno. */
int sigs_start(struct sigs **ret, struct loop *l, const int *signums, unsigned n,
               void (*got)(void *owner, int signum), void *owner);
/* The signal does nothing to the process any more. 0 or -errno. */
int sigs_ignore(int signum);
/* No more calls; the signals do what they do by default (SIGPIPE stays ignored). NULL is legal. */
void sigs_stop(struct sigs *s);

#endif
