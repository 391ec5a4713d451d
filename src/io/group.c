/* group: see the header. */
#include "group.h"

#include "base/proc_stat.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* /proc, if it is there and has our own pid namespace; else NULL. */
static DIR *open_proc(void)
{
	char self[16];
	ssize_t n = readlink("/proc/self", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	return strtol(self, NULL, 10) == getpid() ? opendir("/proc") : NULL;
}

/* The next process of the folder; 0: no more. */
static pid_t next_process(DIR *proc)
{
	const struct dirent *e;
	while ((e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0)
			return pid;
	}
	return 0;
}

static bool lives_in(pid_t pid, pid_t group)
{
	struct proc_stat st;
	return pid > 0 && proc_stat_read(&st, pid) && st.group == group && !st.zombie;
}

int group_lives(pid_t group, pid_t *witness)
{
	DIR *proc = open_proc();
	if (!proc)
		return -ENOENT;
	if (!lives_in(*witness, group))
		while ((*witness = next_process(proc)) && !lives_in(*witness, group))
			;
	closedir(proc);
	return *witness > 0;
}

void group_bury(pid_t but)
{
	struct proc_stat st;
	pid_t pid;
	DIR *proc = open_proc();
	if (!proc)
		return;
	while ((pid = next_process(proc)))
		if (pid != but && proc_stat_read(&st, pid) && st.parent == getpid() && st.zombie)
			waitpid(pid, NULL, WNOHANG);
	closedir(proc);
}
