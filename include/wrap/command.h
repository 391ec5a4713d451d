/* command: the program to wrap, looked at before it runs: where it is, and whether rebind.so gets
 * into it. Reads files; for start-up and for jobs.
 */
#ifndef WRAP_COMMAND_H
#define WRAP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_PATH = 4096 };

enum command_flaw {
	COMMAND_OK,
	COMMAND_MISSING, /* no such file */
	COMMAND_DENIED,  /* not a file we may run */
	/* From here on: it runs, but LD_PRELOAD does not reach it (ld.so(8)). */
	COMMAND_STATIC, /* no dynamic loader */
	COMMAND_SETID,  /* set-user-ID or set-group-ID, to somebody we are not */
	COMMAND_CAPS,   /* file capabilities */
	COMMAND_CLASS,  /* 32 bits instead of 64, another machine */
	COMMAND_LIBC,   /* another C library's loader */
};

/* Which file a name means, as execvp(3): with a slash a path, else looked for along search ($PATH;
 * NULL: the system's). Writes it to path. COMMAND_OK, COMMAND_MISSING or COMMAND_DENIED. */
enum command_flaw command_find(const char *name, const char *search, char path[COMMAND_PATH]);
/* Whether the library gets into the program. A script is as good as its interpreter; what is
 * neither a script nor ELF goes to the shell. *ret_flawed: the file that is the matter, which
 * is path or an interpreter. */
enum command_flaw command_look(const char *path, char ret_flawed[COMMAND_PATH]);
/* What the first line of a script names to read it. false: it is no script, or cannot be read. */
bool command_interpreter(const char *path, char ret[COMMAND_PATH]);
/* "is statically linked", to follow the name of the file. */
const char *command_flaw_text(enum command_flaw f);

#endif
