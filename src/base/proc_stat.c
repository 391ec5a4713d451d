/* proc_stat: see the header. */
#include "base/proc_stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields are counted from 1, as in proc(5). */
enum { STATE = 3, PARENT, GROUP, SESSION, THREADS = 20, FIELDS };

/* "PID (NAME) STATE PPID …"; a name may hold anything. */
static bool parse(struct proc_stat *ret, char *text)
{
	char *at = strrchr(text, ')');
	long fields[FIELDS] = {0};
	if (!at || strlen(at) < 4)
		return false;
	char state = at[2];
	at += 3;
	for (int i = STATE + 1; i < FIELDS; i++)
		fields[i] = strtol(at, &at, 10);
	*ret = (struct proc_stat){
		.parent = (pid_t)fields[PARENT],
		.group = (pid_t)fields[GROUP],
		.session = (pid_t)fields[SESSION],
		/* one whose first thread has ended is shown as one, too */
		.zombie = (state == 'Z' || state == 'X') && fields[THREADS] <= 1,
	};
	return true;
}

bool proc_stat_read(struct proc_stat *ret, pid_t pid)
{
	char path[32], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	return parse(ret, text);
}
