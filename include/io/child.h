/* child: the real struct child (base/child.h), of the main thread's loop.
 *
 *   fork ─► setsid, signals as at birth, our caller's limits ─► exec
 *     └── a pipe that closes when exec succeeds, or says why it did not
 *
 * A session of its own rather than only a group: a background group of a terminal's session is
 * stopped when it reads from the terminal, a foreign session is not. The child has standard input
 * of ours, the working directory, and no other descriptor (before Linux 5.11: none that we opened).
 *
 * While anybody of its group lives, a leader that has ended stays a zombie: so nobody else gets its
 * number, which is the group's. Other children of the process are waited for as they end: there are
 * some when we are the init of a container, whose orphans become ours.
 *
 * Its end is noticed by SIGCHLD, and within a second where that does not come.
 * What it said is told before its end; what others say who have the same pipe may come later.
 * Nobody knows the end of captured output: what became a daemon may keep the pipe for ever. So it
 * is read until child_free, and whoever writes to it after that gets SIGPIPE.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include "base/child.h"
#include "io/loop.h"

/* To be called before anybody raises our limits (RLIMIT_NOFILE): the child gets those of now.
 * 0 or -errno. */
int child_new(struct child **ret, struct loop *l, const struct child_events *ev, void *owner);
/* Does not end the child. NULL is legal. */
void child_free(struct child *c);

#endif
