/* group: what /proc shows of a process group, and of children of ours that nobody waits for. kill(2)
 * cannot tell whether anybody of a group is alive: a zombie counts there, and may stay for as long as
 * its parent likes. Reads a small file per process of the machine: for moments, not for every turn.
 */
#ifndef IO_GROUP_H
#define IO_GROUP_H

#include <sys/types.h>

/* Whether somebody of the group lives: 1 or 0; -ENOENT where /proc is not that of our processes.
 * *witness, at first 0, is who was seen alive and is looked at first next time. */
int group_lives(pid_t group, pid_t *witness);
/* Waits for those of our children that have ended, all but one: orphans, when we are the init of a
 * container or a subreaper (prctl(2)), and what became ours before we were websplice. */
void group_bury(pid_t but);

#endif
