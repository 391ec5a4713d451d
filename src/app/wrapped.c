/* wrapped: see the header. */
#include "app/wrapped.h"

#include "io/child.h"
#include "io/mailbox.h"
#include "io/reserve.h"
#include "shim.h"
#include "wrap/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_WORDS = 2, STATUS_DENIED = 126, STATUS_MISSING = 127 };

static const char mark[] = "{port}";

struct wrapped {
	const struct options *options;
	struct loop *loop;
	struct wrapped_host host;
	struct gate gate;
	struct wrapper_setup setup;
	struct wrapper wrapper;
	struct child *child;
	struct mailbox *mailbox;
	struct reserve reserve;
	uint16_t port; /* where the command is to listen; 0: on a unix socket */
	char *path;    /* the command's file */
	char **argv;   /* NULL: as given */
	char **envp;   /* NULL: as ours */
	char key[KEY_WORDS * 16 + 1];
	char shim[PATH_MAX];
};

extern char **environ;

int wrapped_status(int err)
{
	if (err == -ENOENT)
		return STATUS_MISSING;
	return err == -EACCES ? STATUS_DENIED : EXIT_FAILURE;
}

/* ---- the command and the library ---- */

static int find_command(struct wrapped *w, char err[WRAPPED_ERROR])
{
	const char *name = w->options->command[0];
	char path[COMMAND_PATH];
	enum command_flaw f = command_find(name, getenv("PATH"), path);
	if (f == COMMAND_MISSING)
		snprintf(err, WRAPPED_ERROR,
		         "there is no command '%.300s': give its path, or install it", name);
	else if (f == COMMAND_DENIED)
		snprintf(err, WRAPPED_ERROR,
		         "the command '%.300s' may not be run: it has to be an executable file",
		         name);
	if (f != COMMAND_OK)
		return f == COMMAND_MISSING ? -ENOENT : -EACCES;
	w->path = strdup(path);
	return w->path ? 0 : -ENOMEM;
}

static int check_command(struct wrapped *w, char err[WRAPPED_ERROR])
{
	char flawed[COMMAND_PATH];
	enum command_flaw f = command_look(w->path, flawed);
	if (f == COMMAND_OK)
		return 0;
	snprintf(err, WRAPPED_ERROR,
	         "%.250s %s, so its port cannot be moved: write {port} where the command takes "
	         "its port (websplice %u -- %.40s ... {port}), or have it listen on a unix socket "
	         "and name that with --unix-target=FILE",
	         flawed, command_flaw_text(f), w->options->wrap_port, w->options->command[0]);
	return -ENOEXEC;
}

/* ---- ports, words, variables ---- */

static int place_command(struct wrapped *w, char err[WRAPPED_ERROR])
{
	const struct options *o = w->options;
	struct env *env = loop_env(w->loop);
	uint32_t seed;
	int r = 0;
	env->random(env, &seed, sizeof seed);
	if (o->wrap_kind == WRAP_MOVED) {
		r = reserve_open(&w->reserve);
		w->port = w->reserve.port;
	} else if (o->wrap_kind == WRAP_PLACED) {
		r = reserve_pick(&w->port, seed);
	}
	if (r < 0)
		snprintf(err, WRAPPED_ERROR, "no port of 127.0.0.1 is left for the command: %s",
		         why_errno(r));
	if (o->wrap_kind == WRAP_UNIX)
		gate_unix(&w->gate, o->target.host, o->wrap_ready_ms);
	else
		gate_port(&w->gate, w->port, o->wrap_ready_ms);
	return r;
}

/* The word with every {port} in it replaced, written to `to` (NULL: only measured); its length
 * with the NUL. */
static size_t put_port(char *to, const char *word, uint16_t port)
{
	char digits[8];
	size_t n = 0;
	int len = snprintf(digits, sizeof digits, "%u", port);
	for (; *word; word++) {
		bool here = strncmp(word, mark, sizeof mark - 1) == 0;
		size_t piece = here ? (size_t)len : 1;
		if (to)
			memcpy(to + n, here ? digits : word, piece);
		n += piece;
		word += here ? sizeof mark - 2 : 0;
	}
	if (to)
		to[n] = 0;
	return n + 1;
}

static int place_words(struct wrapped *w)
{
	char *const *words = w->options->command;
	size_t n = 0, bytes = 0;
	if (w->options->wrap_kind != WRAP_PLACED)
		return 0;
	for (; words[n]; n++)
		bytes += put_port(NULL, words[n], w->port);
	w->argv = calloc(1, (n + 1) * sizeof *w->argv + bytes);
	if (!w->argv)
		return -ENOMEM;
	char *at = (char *)(w->argv + n + 1);
	for (size_t i = 0; i < n; i++) {
		w->argv[i] = at;
		at += put_port(at, words[i], w->port);
	}
	return 0;
}

static void on_letter(void *owner, struct span letter)
{
	struct wrapped *w = owner;
	wrapper_report(&w->wrapper, letter);
}

static int move_command(struct wrapped *w)
{
	struct env *env = loop_env(w->loop);
	uint64_t random[KEY_WORDS];
	if (w->options->wrap_kind != WRAP_MOVED)
		return 0;
	env->random(env, random, sizeof random);
	for (int i = 0; i < KEY_WORDS; i++)
		snprintf(w->key + 16 * i, 17, "%016llx", (unsigned long long)random[i]);
	int r = mailbox_open(&w->mailbox, w->loop, on_letter, w);
	if (r < 0)
		return r;
	w->envp = shim_environment(&(struct shim_env){.library = w->shim,
	                                              .old_port = w->options->wrap_port,
	                                              .new_port = w->port,
	                                              .report = mailbox_name(w->mailbox),
	                                              .key = w->key});
	return w->envp ? 0 : -ENOMEM;
}

/* ---- all together ---- */

static void on_ended(void *owner, int code)
{
	struct wrapped *w = owner;
	w->host.ended(w->host.owner, code);
}

static void on_stopped(void *owner)
{
	struct wrapped *w = owner;
	w->host.stopped(w->host.owner);
}

static bool captures(const struct options *o)
{
	return o->wrap_output == OUTPUT_LOG ||
	       (o->wrap_output == OUTPUT_AUTO && !isatty(STDERR_FILENO));
}

static void set_up(struct wrapped *w)
{
	const struct options *o = w->options;
	const char *slash = strrchr(o->command[0], '/');
	w->setup = (struct wrapper_setup){
		.mode = o->wrap_mode,
		.adapts = !o->wrap_mode_given,
		.kind = o->wrap_kind,
		.start = {.path = w->path,
	                  .argv = w->argv ? w->argv : o->command,
	                  .envp = w->envp ? w->envp : environ,
	                  .capture = captures(o)},
		.ready_ms = o->wrap_ready_ms,
		.stop_ms = o->wrap_stop_ms,
		.name = slash && slash[1] ? slash + 1 : o->command[0],
		.key = w->key,
		.port = w->port,
		.old_port = o->wrap_port,
		.shim = w->shim,
		.gate = &w->gate,
		.look = look_around,
		.owner = w,
		.ended = on_ended,
		.stopped = on_stopped,
	};
	wrapper_init(&w->wrapper, loop_env(w->loop), &w->setup);
}

static int look_first(struct wrapped *w, char err[WRAPPED_ERROR])
{
	int r = find_command(w, err);
	if (r < 0 || w->options->wrap_kind != WRAP_MOVED)
		return r;
	r = shim_find(w->shim, w->options->wrap_library, err);
	return r < 0 ? r : check_command(w, err);
}

static int open_all(struct wrapped *w, char err[WRAPPED_ERROR])
{
	int r = look_first(w, err);
	if (r == 0)
		r = place_command(w, err);
	if (r == 0)
		r = place_words(w);
	if (r == 0)
		r = move_command(w);
	set_up(w);
	if (r == 0)
		r = child_new(&w->child, w->loop, &wrapper_child_events, &w->wrapper);
	return r;
}

int wrapped_new(struct wrapped **ret, const struct options *o, struct loop *l,
                const struct wrapped_host *host, char err[WRAPPED_ERROR])
{
	struct wrapped *w = calloc(1, sizeof *w);
	snprintf(err, WRAPPED_ERROR, "the command cannot be started: out of memory");
	if (!w)
		return -ENOMEM;
	w->options = o;
	w->loop = l;
	w->host = *host;
	w->reserve.fds[0] = w->reserve.fds[1] = -1;
	int r = open_all(w, err);
	*ret = w;
	return r;
}

const struct gate *wrapped_gate(const struct wrapped *w)
{
	return &w->gate;
}

/* Its file was there and may be run, so it is not the file itself that exec means. */
static void say_not_run(struct wrapped *w, int r, char err[WRAPPED_ERROR])
{
	const char *name = w->options->command[0];
	char reader[COMMAND_PATH];
	bool script = command_interpreter(w->path, reader);
	if (r != -ENOENT && r != -EACCES)
		snprintf(err, WRAPPED_ERROR, "the command '%.300s' cannot be run: %s", name,
		         why_errno(r));
	else if (script && strchr(reader, '\r'))
		snprintf(err, WRAPPED_ERROR,
		         "the command '%.300s' cannot be run: its first line ends in a carriage "
		         "return; save it with the line ends of Unix",
		         name);
	else if (script)
		snprintf(err, WRAPPED_ERROR,
		         "the command '%.250s' cannot be run: its first line names the interpreter "
		         "'%.250s', %s",
		         name, reader,
		         r == -ENOENT ? "and there is no such file" : "which may not be run");
	else
		snprintf(err, WRAPPED_ERROR,
		         "the command '%.300s' cannot be run: the loader it was linked for %s",
		         name, r == -ENOENT ? "is not there" : "may not be run");
}

int wrapped_start(struct wrapped *w, char err[WRAPPED_ERROR])
{
	int r = wrapper_start(&w->wrapper, w->child);
	if (r < 0)
		say_not_run(w, r, err);
	return r;
}

void wrapped_retire(struct wrapped *w)
{
	wrapper_retire(&w->wrapper);
}

void wrapped_stop(struct wrapped *w)
{
	wrapper_stop(&w->wrapper);
}

void wrapped_kill(struct wrapped *w)
{
	wrapper_kill(&w->wrapper);
}

void wrapped_done(struct wrapped *w)
{
	if (!w)
		return;
	wrapper_done(&w->wrapper);
	child_free(w->child);
	mailbox_close(w->mailbox);
	reserve_close(&w->reserve);
}

void wrapped_free(struct wrapped *w)
{
	if (!w)
		return;
	free(w->path);
	free(w->argv);
	free(w->envp);
	free(w);
}
