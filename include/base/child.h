/* child: a program that runs beside us, as an interface: io/child is the real one, tests have one
 * that forks nothing. One at a time; when it has ended the next may be started.
 *
 *   owner ── start, signal, running ──► struct child ── exited, output ──► owner
 *
 * A child is the leader of a process group of its own, and `signal` reaches all of the group: what
 * it left behind outlives it there, except what became a daemon (a group of its own).
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "base/span.h"

#include <sys/types.h>

struct child;

/* All borrowed until start returns. */
struct child_start {
	const char *path; /* the file to run; argv[0] is what it is told about that */
	char *const *argv, *const *envp;
	bool capture; /* what it says is `output`; else it has our standard output and error */
};

struct child_ops {
	/* 0, or -errno: exec's own error included. Never calls back. */
	int (*start)(struct child *c, const struct child_start *how);
	/* To the whole group; nobody left is no error. */
	void (*signal)(struct child *c, int signum);
	/* Somebody of the group is left: the child itself, or what it started. */
	bool (*running)(const struct child *c);
};

struct child_events {
	void (*exited)(void *owner, int status); /* as waitpid(2) gives it; once a start */
	/* Standard output and error of it and of its children, in order. May come after exited. */
	void (*output)(void *owner, struct span s);
};

struct child {
	const struct child_ops *ops;
	const struct child_events *ev;
	void *owner;
	pid_t pid; /* of the last start, which is also its group's and its session's; 0: none yet */
};

static inline int child_start(struct child *c, const struct child_start *how)
{
	return c->ops->start(c, how);
}

static inline void child_signal(struct child *c, int signum)
{
	c->ops->signal(c, signum);
}

static inline bool child_running(const struct child *c)
{
	return c->ops->running(c);
}

#endif
