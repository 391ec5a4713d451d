/* shim: see the header. */
#include "shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef WEBSPLICE_LIBDIR
#define WEBSPLICE_LIBDIR "/usr/local/lib"
#endif

/* ---- where it lies ---- */

/* The folder of our own file; "": not known. */
static void own_folder(char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	dir[n > 0 ? n : 0] = 0;
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
}

static bool try_path(char ret[PATH_MAX], const char *dir, const char *file)
{
	char path[2 * PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", dir, file);
	return access(path, R_OK) == 0 && realpath(path, ret) != NULL;
}

static int find_asked(char ret[PATH_MAX], const char *asked, char err[WRAPPED_ERROR])
{
	if (access(asked, R_OK) == 0 && realpath(asked, ret))
		return 0;
	snprintf(err, WRAPPED_ERROR, "--wrap-library: %.300s: %s", asked, why_errno(-errno));
	return -ENOEXEC; /* -ENOENT and -EACCES are the command's own */
}

static int find_own(char ret[PATH_MAX], char err[WRAPPED_ERROR])
{
	char dir[PATH_MAX];
	own_folder(dir);
	if (try_path(ret, dir, "rebind.so") || try_path(ret, dir, "../lib/websplice/rebind.so") ||
	    try_path(ret, WEBSPLICE_LIBDIR "/websplice", "rebind.so"))
		return 0;
	snprintf(err, WRAPPED_ERROR,
	         "rebind.so, which moves the command's port, is neither beside websplice nor in "
	         "%s/websplice: name it with --wrap-library=FILE",
	         WEBSPLICE_LIBDIR);
	return -ENOEXEC;
}

int shim_find(char ret[PATH_MAX], const char *asked, char err[WRAPPED_ERROR])
{
	int r = asked ? find_asked(ret, asked, err) : find_own(ret, err);
	if (r < 0 || !strpbrk(ret, " \t\n:"))
		return r;
	snprintf(err, WRAPPED_ERROR,
	         "%.300s cannot be preloaded, since LD_PRELOAD takes blanks and colons for ends of "
	         "names: copy it elsewhere and name it with --wrap-library=FILE",
	         ret);
	return -EINVAL;
}

/* ---- how it gets in ---- */

extern char **environ;

enum { NAMES = 8 };

/* The first six are set, all eight are taken out. */
static const char *const names[NAMES] = {
	"LD_PRELOAD",    "REBIND_OLD_PORT",   "REBIND_NEW_PORT", "REBIND_RESERVED",
	"REBIND_REPORT", "REBIND_REPORT_KEY", "REBIND_PORT_OLD", "REBIND_PORT_NEW",
};

static bool is_ours(const char *entry)
{
	for (int i = 0; i < NAMES; i++) {
		size_t n = strlen(names[i]);
		if (strncmp(entry, names[i], n) == 0 && entry[n] == '=')
			return true;
	}
	return false;
}

/* All lines of ours, one after the other, each with its NUL; how many bytes they are. */
static size_t write_lines(const struct shim_env *s, char *to, size_t cap)
{
	const char *others = getenv("LD_PRELOAD");
	bool has = others && *others;
	int n = snprintf(to, cap, "%s=%s%s%s%c%s=%u%c%s=%u%c%s=1%c%s=%s%c%s=%s", names[0],
	                 s->library, has ? ":" : "", has ? others : "", 0, names[1], s->old_port, 0,
	                 names[2], s->new_port, 0, names[3], 0, names[4], s->report, 0, names[5],
	                 s->key);
	return (size_t)n + 1;
}

char **shim_environment(const struct shim_env *s)
{
	char none;
	size_t n = 0, bytes = write_lines(s, &none, sizeof none);
	for (char **e = environ; *e; e++)
		n++;
	char **all = calloc(1, (n + NAMES + 1) * sizeof *all + bytes);
	if (!all)
		return NULL;
	char *text = (char *)(all + n + NAMES + 1);
	write_lines(s, text, bytes);
	n = 0;
	for (const char *end = text + bytes; text < end; text += strlen(text) + 1)
		all[n++] = text;
	for (char **e = environ; *e; e++)
		if (!is_ours(*e))
			all[n++] = *e;
	return all;
}
