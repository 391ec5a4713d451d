/* command: see the header. */
#include "wrap/command.h"

#include "base/str.h"
#include "elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SCRIPTS = 4 /* of scripts as interpreters of scripts, as the kernel has it */, LINE = 256 };

/* ---- where it is ---- */

static enum command_flaw look_at(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return COMMAND_MISSING;
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return COMMAND_DENIED;
	return COMMAND_OK;
}

/* false: too long to be one. */
static bool join(char path[COMMAND_PATH], struct span dir, const char *name)
{
	struct str s;
	str_init(&s, path, COMMAND_PATH);
	str_put(&s, dir.len ? dir : span_str("."));
	str_putc(&s, '/');
	str_puts(&s, name);
	return !s.cut;
}

static enum command_flaw search_for(const char *name, const char *search, char path[COMMAND_PATH])
{
	enum command_flaw best = COMMAND_MISSING;
	char one[COMMAND_PATH];
	for (;; search++) {
		size_t n = strcspn(search, ":");
		if (join(one, span_of(search, n), name)) {
			enum command_flaw f = look_at(one);
			if (f != COMMAND_MISSING && (f == COMMAND_OK || best == COMMAND_MISSING)) {
				memcpy(path, one, sizeof one);
				best = f;
			}
			if (f == COMMAND_OK)
				return f;
		}
		search += n;
		if (!*search)
			return best;
	}
}

enum command_flaw command_find(const char *name, const char *search, char path[COMMAND_PATH])
{
	struct str s;
	str_init(&s, path, COMMAND_PATH);
	str_puts(&s, name);
	if (!*name || s.cut)
		return COMMAND_MISSING;
	if (strchr(name, '/')) {
		enum command_flaw f = look_at(name);
		/* in a folder that is closed to us; on the way along PATH that says nothing */
		return f == COMMAND_MISSING && errno == EACCES ? COMMAND_DENIED : f;
	}
	return search_for(name, search ? search : "/usr/local/bin:/usr/bin:/bin", path);
}

/* ---- what it is ---- */

/* The kernel gives it more rights than we have, and then its loader takes no advice from us. */
static enum command_flaw look_at_rights(int fd, const struct stat *st)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return COMMAND_OK;
	if ((st->st_mode & S_ISUID) && st->st_uid != geteuid())
		return COMMAND_SETID;
	if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != getegid())
		return COMMAND_SETID;
	if (geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return COMMAND_CAPS;
	return COMMAND_OK;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Our own loader, from our own file. */
static bool own_elf(struct elf *own)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && elf_read(own, fd) && own->native;
	if (fd >= 0)
		close(fd);
	return ok;
}

static enum command_flaw look_at_elf(const struct elf *e)
{
	struct elf own;
	if (!e->native)
		return COMMAND_CLASS;
	if (!own_elf(&own))
		return e->interp[0] ? COMMAND_OK : COMMAND_STATIC;
	if (e->machine != own.machine)
		return COMMAND_CLASS;
	if (!e->interp[0])
		return COMMAND_STATIC;
	/* The same library may be installed in more than one place; another one has another name. */
	if (own.interp[0] && strcmp(base_of(own.interp), base_of(e->interp)) != 0)
		return COMMAND_LIBC;
	return COMMAND_OK;
}

/* The first line of a script without its "#!", cut into words; how many there are. */
static unsigned script_words(char line[LINE], int fd, char *words[], unsigned max)
{
	ssize_t got = pread(fd, line, LINE - 1, 0);
	unsigned n = 0;
	if (got < 3 || line[0] != '#' || line[1] != '!')
		return 0;
	line[got] = 0;
	line[strcspn(line, "\n")] = 0;
	for (char *at = line + 2; n < max;) {
		at += strspn(at, " \t");
		if (!*at)
			break;
		words[n++] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = 0;
	}
	return n;
}

bool command_interpreter(const char *path, char ret[COMMAND_PATH])
{
	char line[LINE], *word;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	unsigned n = script_words(line, fd, &word, 1);
	close(fd);
	if (n > 0)
		memcpy(ret, word, strlen(word) + 1);
	return n > 0;
}

/* Which program reads the script; env(1) has it looked for. false: it is no script. */
static bool script_interpreter(int fd, char path[COMMAND_PATH])
{
	enum { WORDS = 8 };
	char line[LINE], *words[WORDS], found[COMMAND_PATH];
	unsigned n = script_words(line, fd, words, WORDS), i = 1;
	if (n == 0)
		return false;
	if (strcmp(base_of(words[0]), "env") != 0)
		return command_find(words[0], NULL, path) != COMMAND_MISSING;
	while (i < n && (words[i][0] == '-' || strchr(words[i], '=')))
		i++;
	if (i == n || command_find(words[i], getenv("PATH"), found) != COMMAND_OK)
		return false;
	memcpy(path, found, sizeof found);
	return true;
}

/* One file of the chain. *ret_next: it is a script, and path is its interpreter now. */
static enum command_flaw look_once(char path[COMMAND_PATH], bool *ret_next)
{
	struct stat st;
	struct elf e;
	enum command_flaw f = COMMAND_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*ret_next = false;
	if (fd < 0)
		return COMMAND_OK; /* a program may be run without being read */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		f = COMMAND_DENIED;
	else if (elf_read(&e, fd)) {
		f = look_at_rights(fd, &st);
		if (f == COMMAND_OK)
			f = look_at_elf(&e);
	} else
		*ret_next = script_interpreter(fd, path);
	close(fd);
	return f;
}

enum command_flaw command_look(const char *path, char ret_flawed[COMMAND_PATH])
{
	enum command_flaw f = COMMAND_OK;
	struct str s;
	bool next = true;
	str_init(&s, ret_flawed, COMMAND_PATH);
	str_puts(&s, path);
	for (int i = 0; i <= SCRIPTS && next && f == COMMAND_OK; i++)
		f = look_once(ret_flawed, &next);
	return f;
}

const char *command_flaw_text(enum command_flaw f)
{
	switch (f) {
	case COMMAND_OK: return "is fine";
	case COMMAND_MISSING: return "is not there";
	case COMMAND_DENIED: return "is not a program that may be run";
	case COMMAND_STATIC: return "is statically linked";
	case COMMAND_SETID: return "is set-user-ID or set-group-ID";
	case COMMAND_CAPS: return "has file capabilities";
	case COMMAND_CLASS: return "is made for another kind of machine";
	case COMMAND_LIBC: return "is made for another C library";
	}
	return "?";
}
