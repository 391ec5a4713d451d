/* look: see the header.
 *
 *   /proc/net/tcp, tcp6 ─► who listens (inodes) ─┐
 *   /proc/PID/fd/N ─► socket:[inode] ────────────┴─► holders of the port; ports of the session
 *   /proc/PID/stat, maps, exe ─► processes of the session without the library, and why
 */
#include "wrap/look.h"

#include "base/proc_stat.h"
#include "base/str.h"
#include "listener.h"
#include "wrap/command.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OTHERS = 512, PATH = 64 };

struct scan {
	struct look *look;
	struct listener *listeners; /* all on the ports asked for, and so many OTHERS */
	unsigned n, room, others;
	/* of the session */
	unsigned processes;
	char missed[LOOK_NAME]; /* one that does not have the library */
	int missed_pid;
	enum command_flaw flaw;
	struct listener elsewhere; /* where it listens, if not on the port; port 0: nowhere */
	char elsewhere_name[LOOK_NAME];
};

/* ---- small files ---- */

/* The text of a small file, NUL-terminated; false: it is not there (any more), or not ours. */
static bool read_text(const char *path, char *text, size_t cap)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t n = fread(text, 1, cap - 1, f);
	fclose(f);
	text[n] = 0;
	return true;
}

static bool name_of(int pid, char name[LOOK_NAME])
{
	char path[PATH];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	if (!read_text(path, name, LOOK_NAME))
		return false;
	name[strcspn(name, "\n")] = 0;
	return true;
}

/* -1: of none, or none any more. */
static int session_of(int pid)
{
	struct proc_stat st;
	return proc_stat_read(&st, pid) && !st.zombie ? st.session : -1;
}

/* Whether a library is mapped; also true when we are not shown. */
static bool has_library(int pid, const char *library)
{
	char path[PATH], *line = NULL;
	size_t cap = 0;
	bool has = false, any = false;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return true;
	while (!has && getline(&line, &cap, f) > 0) {
		any = true;
		has = strstr(line, library) != NULL;
	}
	free(line);
	fclose(f);
	return has || !any; /* a zombie maps nothing */
}

/* ---- who listens ---- */

static bool asked_for(const struct look *k, uint16_t port)
{
	return port == k->port || (k->old_port && port == k->old_port);
}

/* false: memory is out, and what is seen is not all there is. */
static bool keep(struct scan *s, const struct listener *l)
{
	if (!asked_for(s->look, l->port) && s->others++ >= OTHERS)
		return true;
	if (s->n == s->room) {
		unsigned room = 2 * s->room + 64;
		struct listener *more = realloc(s->listeners, room * sizeof *more);
		if (!more)
			return false;
		s->listeners = more;
		s->room = room;
	}
	s->listeners[s->n++] = *l;
	return true;
}

static void read_table(struct scan *s, const char *path)
{
	char line[512];
	struct listener l;
	bool kept = true;
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	s->look->blind = false;
	while (kept && fgets(line, sizeof line, f))
		kept = !listener_parse(&l, line) || keep(s, &l);
	fclose(f);
}

static void fill_holder(struct holder *h, int pid, const struct listener *l)
{
	*h = (struct holder){.pid = pid, .outside = l->outside};
	memcpy(h->at, l->at, sizeof h->at);
	if (!pid || !name_of(pid, h->name))
		memcpy(h->name, "?", 2);
}

static void add_holder(struct look *k, int pid, const struct listener *l)
{
	if (k->n < LOOK_HOLDERS)
		fill_holder(&k->holders[k->n++], pid, l);
}

static void take_socket(struct scan *s, int pid, bool ours, uint64_t inode)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct listener *l = &s->listeners[i];
		if (l->inode != inode)
			continue;
		if (l->port == s->look->port) {
			add_holder(s->look, pid, l);
		} else if (ours) {
			if (l->port == s->look->old_port && l->outside)
				fill_holder(&s->look->exposed, pid, l);
			s->elsewhere = *l;
			name_of(pid, s->elsewhere_name);
		}
	}
}

static void take_sockets(struct scan *s, int pid, bool ours)
{
	char path[PATH], link[PATH], to[PATH];
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	if (!dir)
		return;
	for (const struct dirent *e; (e = readdir(dir));) {
		snprintf(link, sizeof link, "/proc/%d/fd/%.16s", pid, e->d_name);
		ssize_t n = readlink(link, to, sizeof to - 1);
		to[n > 0 ? n : 0] = 0;
		if (strncmp(to, "socket:[", 8) == 0)
			take_socket(s, pid, ours, strtoull(to + 8, NULL, 10));
	}
	closedir(dir);
}

/* Listeners that no process shows: of somebody else, or in another namespace. */
static void add_strangers(struct scan *s)
{
	struct look *k = s->look;
	for (unsigned i = 0; i < s->n; i++) {
		bool known = s->listeners[i].port != k->port;
		for (unsigned h = 0; h < k->n; h++)
			known |= strcmp(k->holders[h].at, s->listeners[i].at) == 0;
		if (!known)
			add_holder(k, 0, &s->listeners[i]);
	}
}

/* ---- the session ---- */

static void take_process(struct scan *s, int pid)
{
	char exe[PATH], flawed[COMMAND_PATH];
	struct look *k = s->look;
	s->processes++;
	if (!k->shim || s->missed_pid || has_library(pid, k->shim))
		return;
	snprintf(exe, sizeof exe, "/proc/%d/exe", pid);
	if (!name_of(pid, s->missed))
		return; /* it ended meanwhile */
	s->missed_pid = pid;
	s->flaw = command_look(exe, flawed);
}

static void take_all(struct scan *s)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return;
	for (const struct dirent *e; (e = readdir(dir));) {
		int pid = (int)strtol(e->d_name, NULL, 10);
		if (pid <= 0)
			continue;
		bool ours = session_of(pid) == s->look->session;
		take_sockets(s, pid, ours);
		if (ours)
			take_process(s, pid);
	}
	closedir(dir);
}

/* ---- in words ---- */

#define ADVICE "name its port as {port} in the command, or use a unix socket with --unix-target"

static void tell_moved(const struct scan *s, struct str *t)
{
	const struct look *k = s->look;
	if (s->elsewhere.port && s->elsewhere.port != k->old_port)
		str_fmt(t,
		        "%s listens on %s, not on port %u: give websplice the port that the "
		        "command uses",
		        s->elsewhere_name, s->elsewhere.at, k->old_port);
	else if (s->missed_pid && s->flaw > COMMAND_DENIED)
		str_fmt(t, "%s (pid %d) %s, so its port cannot be moved: " ADVICE, s->missed,
		        s->missed_pid, command_flaw_text(s->flaw));
	else if (s->missed_pid)
		str_fmt(t,
		        "%s (pid %d) was started without LD_PRELOAD, so its port cannot be "
		        "moved: " ADVICE,
		        s->missed, s->missed_pid);
	else
		str_fmt(t,
		        "it has not bound port %u: is that the port it listens on? Or raise "
		        "--wrap-ready-timeout",
		        k->old_port);
}

static void tell(const struct scan *s)
{
	const struct look *k = s->look;
	struct str t;
	str_init(&t, s->look->text, LOOK_TEXT);
	if (s->processes == 0)
		str_puts(&t, "it has ended, and left nothing behind that could listen");
	else if (k->old_port)
		tell_moved(s, &t);
	else if (s->elsewhere.port)
		str_fmt(&t, "%s listens on %s, not on port %u that {port} stood for",
		        s->elsewhere_name, s->elsewhere.at, k->port);
	else
		str_fmt(&t, "it does not listen on port %u, which {port} stood for", k->port);
}

void look_around(struct look *l)
{
	struct scan s = {.look = l};
	l->n = 0;
	l->exposed.pid = 0;
	l->blind = true;
	l->text[0] = 0;
	read_table(&s, "/proc/net/tcp");
	read_table(&s, "/proc/net/tcp6");
	take_all(&s);
	add_strangers(&s);
	tell(&s);
	free(s.listeners);
}
