/* A program beside us. Not uv_spawn: that keeps our own limits, and knows either our group or a
 * new session but not the signals of one.
 */
#include "io/child.h"

#include "group.h"
#include "io/sigs.h"
#include "loop_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A log line is longer than what it is told of: what the owner logs of SLICE bytes, half as many lines
 * at most, has room in a log that is not filling. PIECES are what a pipe holds. */
enum { PIECE = 4096, PIECES = 16, SLICE = 64 };
_Static_assert(SLICE / 2 * LOG_LINE <= LOG_KEEP / 2, "what is logged of a slice has room");

enum { LOOK_MS = 1000 };

struct real {
	struct child child; /* first */
	struct loop *loop;
	struct sigs *sigs;
	struct timer look; /* SIGCHLD says when, this says so at the latest */
	bool ended;        /* the last start has exited and was told */
	bool gone;         /* … and its number may be anybody's by now */
	pid_t witness;     /* of group_lives */
	bool has_nofile;   /* our caller's limit is known */
	bool piped;        /* `from` is open */
	struct rlimit nofile;
	uv_poll_t *from; /* its output; an object of its own, because it outlives us a turn */
	int out[2];      /* the pipe: ours, theirs; -1: none */
	int err_pipe[2]; /* while starting */
};

static struct real *real_of(const struct child *c)
{
	return (struct real *)(uintptr_t)c;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- in the child, between fork and exec: nothing but system calls ---- */

static void born_signals(void)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t none;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &normal, NULL); /* EINVAL for SIGKILL, SIGSTOP and libc's own two */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A script without a first line is for the shell, as execvp(3) has it. */
static void exec_or_shell(const struct child_start *how, char **shell)
{
	execve(how->path, how->argv, how->envp);
	if (errno == ENOEXEC)
		execve("/bin/sh", shell, how->envp);
}

/* What our own caller left open for us is not for the command either: a lock on a file would be held
 * for as long as it runs. Before Linux 5.11 there is nothing to do this with after a fork. */
static void born_descriptors(void)
{
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void child_born(struct real *r, const struct child_start *how, char **shell)
{
	setsid();
	born_signals();
	born_descriptors();
	if (r->has_nofile)
		setrlimit(RLIMIT_NOFILE, &r->nofile);
	if (!how->capture ||
	    (dup2(r->out[1], STDOUT_FILENO) >= 0 && dup2(r->out[1], STDERR_FILENO) >= 0))
		exec_or_shell(how, shell);
	int err = errno;
	(void)!write(r->err_pipe[1], &err, sizeof err);
	_exit(127);
}

/* ---- the group ----
 *
 * Its number is that of its leader, and is given to others once the leader has been waited for and
 * the last of the group has ended. Nobody tells us when that is; so while somebody of the group lives,
 * the leader is not waited for: a zombie keeps the number, and no stranger gets our signals.
 */

static void let_go(struct real *r)
{
	if (r->child.pid > 0 && r->ended && !r->gone)
		waitpid(r->child.pid, NULL, WNOHANG);
	r->gone = r->ended;
}

/* The leader has ended: is anybody left? Where /proc does not tell, the number cannot be kept. */
static void settle(struct real *r)
{
	int lives = group_lives(r->child.pid, &r->witness);
	if (lives <= 0)
		let_go(r);
	if (lives < 0)
		r->gone = kill(-r->child.pid, 0) < 0 && errno == ESRCH;
}

static void real_signal(struct child *c, int signum)
{
	if (c->pid > 0 && !real_of(c)->gone)
		kill(-c->pid, signum);
}

static bool real_running(const struct child *c)
{
	struct real *r = real_of(c);
	if (r->ended && !r->gone)
		settle(r);
	return c->pid > 0 && !r->gone;
}

/* ---- starting ---- */

/* argv for /bin/sh, made before the fork: nothing may be allocated after it. */
static char **shell_argv(const struct child_start *how)
{
	size_t n = 0;
	while (how->argv[n])
		n++;
	char **argv = calloc(n + 2, sizeof *argv);
	if (!argv)
		return NULL;
	const char *shell = "/bin/sh";
	argv[0] = (char *)(uintptr_t)shell;
	argv[1] = (char *)(uintptr_t)how->path;
	for (size_t i = 1; i < n; i++)
		argv[i + 1] = how->argv[i];
	return argv;
}

/* What exec said, 0 when it went well. Reading blocks until then: the child does nothing in
 * between but a few system calls. */
static int exec_result(int fd)
{
	int err = 0;
	ssize_t n;
	do
		n = read(fd, &err, sizeof err);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof err ? -err : 0;
}

/* With every signal held back, so that no handler of ours runs in the child. */
static pid_t fork_quietly(struct real *r, const struct child_start *how, char **shell)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid_t pid = fork();
	if (pid == 0)
		child_born(r, how, shell);
	int err = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -err : pid;
}

static int start_forked(struct real *r, const struct child_start *how, char **shell)
{
	if (pipe2(r->err_pipe, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork_quietly(r, how, shell);
	close_fd(&r->err_pipe[1]);
	int err = pid < 0 ? pid : exec_result(r->err_pipe[0]);
	close_fd(&r->err_pipe[0]);
	if (pid > 0 && err < 0)
		waitpid(pid, NULL, 0); /* it is on its way out */
	if (err < 0)
		return err;
	r->child.pid = pid;
	r->ended = r->gone = false;
	r->witness = 0;
	timer_arm(&r->loop->timers, &r->look, TIMER_IDLE, LOOK_MS);
	return 0;
}

static int real_start(struct child *c, const struct child_start *how)
{
	struct real *r = real_of(c);
	char **shell = shell_argv(how);
	if (!shell)
		return -ENOMEM;
	let_go(r);
	int err = start_forked(r, how, shell);
	free(shell);
	return err;
}

/* ---- what comes from it ---- */

/* What the owner logs of it is written as it grows: a file takes all of it, and only where nobody reads
 * are lines lost. */
static void say(struct real *r, struct span s)
{
	while (s.len > 0) {
		size_t n = s.len < SLICE ? s.len : SLICE;
		r->child.ev->output(r->child.owner, span_of(s.at, n));
		s = span_of(s.at + n, s.len - n);
		if (r->loop->log_file && log_file_filling(r->loop->log_file))
			log_file_flush(r->loop->log_file);
	}
}

static bool read_piece(struct real *r)
{
	uint8_t piece[PIECE];
	ssize_t n = read(r->out[0], piece, sizeof piece);
	if (n > 0)
		say(r, span_of(piece, (size_t)n));
	return n > 0;
}

/* One piece per turn: a child that never stops talking leaves room for everything else. */
static void on_output(uv_poll_t *h, int status, int events)
{
	struct real *r = h->data;
	(void)status;
	(void)events;
	loop_tick(r->loop);
	read_piece(r);
}

/* As waitpid(2), but the zombie stays. */
static bool has_ended(pid_t pid, int *ret_status)
{
	siginfo_t i = {.si_pid = 0};
	if (waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) < 0 || i.si_pid != pid)
		return false;
	if (i.si_code == CLD_EXITED)
		*ret_status = W_EXITCODE(i.si_status, 0);
	else
		*ret_status =
			W_EXITCODE(0, i.si_status) | (i.si_code == CLD_DUMPED ? WCOREFLAG : 0);
	return true;
}

static void notice_end(struct real *r)
{
	int status;
	if (r->child.pid <= 0 || r->ended || !has_ended(r->child.pid, &status))
		return;
	r->ended = true;
	settle(r);
	/* its last words: we may be about to end */
	for (int i = 0; i < PIECES && read_piece(r); i++)
		;
	r->child.ev->exited(r->child.owner, status);
}

static void on_chld(void *owner, int signum)
{
	struct real *r = owner;
	(void)signum;
	group_bury(r->child.pid);
	notice_end(r);
}

static void on_look(void *owner)
{
	struct real *r = owner;
	if (r->ended)
		return;
	timer_arm(&r->loop->timers, &r->look, TIMER_IDLE, LOOK_MS);
	notice_end(r);
}

static void on_closed(uv_handle_t *h)
{
	free(h);
}

/* The writing end stays ours as well, so that the pipe has no end while there may be another start. */
static int open_output(struct real *r)
{
	if (pipe2(r->out, O_CLOEXEC) < 0)
		return -errno;
	fcntl(r->out[0], F_SETFL, O_NONBLOCK);
	r->from = calloc(1, sizeof *r->from);
	if (!r->from)
		return -ENOMEM;
	int err = uv_poll_init(&r->loop->uv, r->from, r->out[0]);
	if (err < 0)
		return err;
	r->piped = true;
	r->from->data = r;
	return uv_poll_start(r->from, UV_READABLE, on_output);
}

/* ---- life ---- */

static const struct child_ops real_ops = {
	.start = real_start,
	.signal = real_signal,
	.running = real_running,
};

/* Whoever started us may have had it blocked. */
static void hear_of_children(void)
{
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	pthread_sigmask(SIG_UNBLOCK, &chld, NULL);
}

int child_new(struct child **ret, struct loop *l, const struct child_events *ev, void *owner)
{
	static const int signums[] = {SIGCHLD};
	struct real *r = calloc(1, sizeof *r);
	if (!r)
		return -ENOMEM;
	r->child = (struct child){.ops = &real_ops, .ev = ev, .owner = owner};
	r->loop = l;
	r->out[0] = r->out[1] = r->err_pipe[0] = r->err_pipe[1] = -1;
	timer_init(&r->look, on_look, r);
	r->has_nofile = getrlimit(RLIMIT_NOFILE, &r->nofile) == 0;
	int err = open_output(r);
	if (err == 0)
		err = sigs_start(&r->sigs, l, signums, 1, on_chld, r);
	hear_of_children();
	if (err < 0)
		child_free(&r->child);
	else
		*ret = &r->child;
	return err;
}

void child_free(struct child *c)
{
	struct real *r = c ? real_of(c) : NULL;
	if (!r)
		return;
	let_go(r);
	timer_stop(&r->look);
	sigs_stop(r->sigs);
	if (r->piped)
		uv_close((uv_handle_t *)r->from, on_closed);
	else
		free(r->from);
	close_fd(&r->out[0]);
	close_fd(&r->out[1]);
	free(r);
}
