/* proc_stat: what /proc/PID/stat says of a process (proc(5)). */
#ifndef BASE_PROC_STAT_H
#define BASE_PROC_STAT_H

#include <stdbool.h>
#include <sys/types.h>

struct proc_stat {
	pid_t parent, group, session;
	bool zombie; /* it has ended, all of its threads; nobody has waited for it yet */
};

/* False: there is no such process, or we are not shown it. */
bool proc_stat_read(struct proc_stat *ret, pid_t pid);

#endif
