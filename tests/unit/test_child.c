/* Real programs as children of a real loop. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "io/child.h"
#include "fail_malloc.h"
#include "io/sigs.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID = 16384 };

struct parent {
	struct real_loop w;
	struct child *child;
	unsigned exits;
	int status;
	bool inside; /* start or signal is running */
	size_t n;
	char said[SAID];
};

static void on_exited(void *owner, int status)
{
	struct parent *p = owner;
	assert_false(p->inside);
	p->exits++;
	p->status = status;
}

static void on_output(void *owner, struct span s)
{
	struct parent *p = owner;
	assert_false(p->inside);
	assert_true(p->n + s.len < SAID);
	memcpy(p->said + p->n, s.at, s.len);
	p->n += s.len;
	p->said[p->n] = 0;
}

static const struct child_events events = {.exited = on_exited, .output = on_output};

/* What our own caller left open for us is none of ours. */
static void close_callers(void)
{
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void parent_open(struct parent *p)
{
	close_callers();
	*p = (struct parent){0};
	real_open(&p->w, NULL);
	assert_int_equal(child_new(&p->child, p->w.loop, &events, p), 0);
	assert_false(child_running(p->child));
}

static void parent_close(struct parent *p)
{
	child_free(p->child);
	real_close(&p->w);
}

static int start(struct parent *p, const char *path, char *const *argv)
{
	static char *const envp[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin",
	                             (char *)"MARK=x y", NULL};
	p->inside = true;
	int r = child_start(
		p->child,
		&(struct child_start){.path = path, .argv = argv, .envp = envp, .capture = true});
	p->inside = false;
	return r;
}

static void shell(struct parent *p, const char *script)
{
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL};
	assert_int_equal(start(p, "/bin/sh", argv), 0);
	assert_true(p->child->pid > 0);
}

/* Runs a script to its end; what it said is p->said. */
static int run(struct parent *p, const char *script)
{
	unsigned before = p->exits;
	p->n = 0;
	shell(p, script);
	assert_true(child_running(p->child));
	real_until(&p->w, p->exits > before);
	assert_int_equal(p->exits, before + 1);
	return p->status;
}

static void test_ends(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	for (int code = 0; code < 256; code += 51) {
		char script[32];
		snprintf(script, sizeof script, "exit %d", code);
		assert_int_equal(run(&p, script), W_EXITCODE(code, 0));
		real_until(&p.w, !child_running(p.child));
	}
	assert_int_equal(run(&p, "kill -TERM $$"), W_EXITCODE(0, SIGTERM));
	assert_int_equal(run(&p, "kill -KILL $$"), W_EXITCODE(0, SIGKILL));
	parent_close(&p);
}

/* A signal that does not get here: the end is noticed all the same. */
static void test_end_unheard(void **state)
{
	struct parent p;
	sigset_t chld, old;
	(void)state;
	parent_open(&p);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &chld, &old);
	assert_int_equal(run(&p, "exit 7"), W_EXITCODE(7, 0));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	parent_close(&p);
}

/* Whoever started us had SIGCHLD blocked: we hear of an end as it happens all the same. */
static void test_hears_of_ends(void **state)
{
	struct parent p;
	sigset_t chld, old;
	(void)state;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &chld, &old), 0);
	parent_open(&p);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, &chld), 0);
	assert_false(sigismember(&chld, SIGCHLD));
	parent_close(&p);
}

static void test_says(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	run(&p, "echo one; echo two >&2; echo \"$0 $MARK $TERM\"; printf last");
	real_until(&p.w, strstr(p.said, "last"));
	assert_string_equal(p.said, "one\ntwo\nsh x y \nlast");
	parent_close(&p);
}

/* All it said, a full pipe, is told before its end: nobody may be there to hear the rest. */
static void test_last_words(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	shell(&p, "printf %016000d 0; echo; echo .");
	for (pid_t pid = p.child->pid;
	     waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);)
		;
	real_until(&p.w, p.exits == 1);
	assert_int_equal(p.n, 16003);
	parent_close(&p);
}

/* Whatever we had open and ignored or blocked; and a group of its own. */
static void test_born_clean(void **state)
{
	struct parent p;
	struct rlimit was, higher;
	sigset_t usr1;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	higher = was;
	was.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	parent_open(&p);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &higher), 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	assert_int_equal(sigaction(SIGHUP, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);

	run(&p, "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; cd /proc/self/fd; ls; ulimit -n; "
	        "cut -d' ' -f5,6 /proc/$$/stat; echo $$; pwd -P >/dev/null; echo end");
	real_until(&p.w, strstr(p.said, "end"));
	char want[256];
	snprintf(want, sizeof want, "0\n1\n2\n");
	assert_non_null(strstr(p.said, "SigBlk:\t0000000000000000\n"));
	const char *ignored = strstr(p.said, "SigIgn:\t");
	assert_non_null(ignored);
	/* 32 and 33 are libc's own, and ignored in what posix_spawn(3) started */
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & ~0x180000000ull, 0);
	assert_non_null(strstr(p.said, want));
	snprintf(want, sizeof want, "\n256\n%d %d\n%d\nend", (int)p.child->pid, (int)p.child->pid,
	         (int)p.child->pid);
	assert_non_null(strstr(p.said, want));
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	sigaction(SIGHUP, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
	parent_close(&p);
}

/* ls has its own folder open as 3, and nothing above, also nothing of our caller's. */
static void test_no_descriptors(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	bool can = close_range(~0U, ~0U, CLOSE_RANGE_CLOEXEC) == 0; /* since Linux 5.11 */
	int callers = can ? fcntl(STDIN_FILENO, F_DUPFD, 99) : -1;
	char *const argv[] = {(char *)"ls", (char *)"/proc/self/fd", NULL};
	assert_int_equal(start(&p, "/bin/ls", argv), 0);
	real_until(&p.w, p.exits == 1 && strstr(p.said, "3\n"));
	assert_string_equal(p.said, "0\n1\n2\n3\n");
	close(callers);
	parent_close(&p);
}

static void test_working_directory(void **state)
{
	struct parent p;
	char here[512], want[600];
	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	parent_open(&p);
	run(&p, "pwd -P");
	real_until(&p.w, strchr(p.said, '\n'));
	snprintf(want, sizeof want, "%s\n", here);
	assert_string_equal(p.said, want);
	parent_close(&p);
}

static unsigned open_fds(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Nothing is left of a start, whatever became of it: no descriptor, no zombie. */
static void test_leaves_nothing(void **state)
{
	struct parent p;
	unsigned fds = 0;
	char *const argv[] = {(char *)"x", NULL};
	(void)state;
	parent_open(&p);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 50; k++) {
			assert_int_equal(start(&p, "/nonexistent/x", argv), -ENOENT);
			assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
			assert_int_equal(errno, ECHILD);
		}
		assert_int_equal(run(&p, "exit 3"), W_EXITCODE(3, 0));
		real_until(&p.w, !child_running(p.child));
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_true(i == 0 || open_fds() == fds);
		fds = open_fds();
	}
	parent_close(&p);
}

static void test_cannot_start(void **state)
{
	struct parent p;
	char *const argv[] = {(char *)"x", NULL};
	(void)state;
	parent_open(&p);
	assert_int_equal(start(&p, "/nonexistent/x", argv), -ENOENT);
	assert_int_equal(start(&p, "/", argv), -EACCES);
	assert_int_equal(start(&p, "/etc/passwd", argv), -EACCES);
	assert_int_equal(p.child->pid, 0);
	assert_false(child_running(p.child));
	child_signal(p.child, SIGTERM); /* to nobody */
	fail_malloc_at(1);
	assert_int_equal(start(&p, "/bin/sh", argv), -ENOMEM);
	fail_malloc_off();
	for (int i = 0; i < 20; i++)
		real_turn(&p.w);
	assert_int_equal(p.exits, 0);
	assert_int_equal(run(&p, "exit 3"), W_EXITCODE(3, 0)); /* and it goes on */
	parent_close(&p);
}

/* A script without #! is for the shell. */
static void test_script_without_a_first_line(void **state)
{
	struct parent p;
	char path[] = "/tmp/websplice-child-XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo \"<$1>\"\nexit 5\n", 19), 19);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	parent_open(&p);
	char *const argv[] = {(char *)"name", (char *)"a b", NULL};
	assert_int_equal(start(&p, path, argv), 0);
	real_until(&p.w, p.exits == 1 && strchr(p.said, '\n'));
	assert_int_equal(p.status, W_EXITCODE(5, 0));
	assert_string_equal(p.said, "<a b>\n");
	unlink(path);
	parent_close(&p);
}

/* The group outlives its leader, is signalled as one, and then is gone. */
static void test_group(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	assert_int_equal(run(&p, "sleep 60 & sleep 60 & exit 0"), 0);
	assert_true(child_running(p.child));
	p.inside = true;
	child_signal(p.child, SIGTERM);
	p.inside = false;
	real_until(&p.w, !child_running(p.child));
	assert_int_equal(p.exits, 1);
	/* one that does not listen to SIGTERM */
	shell(&p, "trap '' TERM; echo up; while :; do sleep 60; done");
	real_until(&p.w, strstr(p.said, "up"));
	child_signal(p.child, SIGTERM);
	for (int i = 0; i < 50; i++)
		real_turn(&p.w);
	assert_true(child_running(p.child));
	child_signal(p.child, SIGKILL);
	real_until(&p.w, !child_running(p.child));
	assert_int_equal(p.exits, 2);
	assert_int_equal(p.status, W_EXITCODE(0, SIGKILL));
	parent_close(&p);
}

static bool is_taken(pid_t pid)
{
	return kill(pid, 0) == 0;
}

/* The number of a group that may be signalled is nobody else's, and one that is free gets no signal. */
static void test_number_is_kept(void **state)
{
	struct parent p;
	(void)state;
	parent_open(&p);
	run(&p, "exit 0");
	assert_false(is_taken(p.child->pid)); /* nobody is left: nor is a zombie */
	assert_false(child_running(p.child));
	run(&p, "sleep 60 & echo $! up; exit 3");
	real_until(&p.w, strstr(p.said, "up"));
	pid_t other = (pid_t)strtol(p.said, NULL, 10), leader = p.child->pid;
	assert_int_equal(p.status, W_EXITCODE(3, 0));
	assert_true(is_taken(leader));
	assert_int_equal(getpgid(other), leader);
	assert_int_equal(kill(other, SIGKILL), 0);
	for (int i = 0; i < 20; i++)
		real_turn(&p.w);
	assert_true(is_taken(leader)); /* as long as we have not noticed */
	real_until(&p.w, !child_running(p.child));
	assert_false(is_taken(leader));
	/* the next start, and the end of it all, let go of it as well */
	run(&p, "sleep 60 & exit 0");
	leader = p.child->pid;
	assert_true(child_running(p.child));
	child_signal(p.child, SIGKILL);
	shell(&p, "sleep 60 & exit 0");
	assert_false(is_taken(leader));
	leader = p.child->pid;
	real_until(&p.w, p.exits == 4);
	assert_true(child_running(p.child));
	child_signal(p.child, SIGKILL);
	assert_int_equal(waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT), 0);
	parent_close(&p);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* As the init of a container has it: orphans become ours. */
static void test_orphans(void **state)
{
	struct parent p;
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	parent_open(&p);
	/* a group that is killed is no group any more */
	run(&p, "sleep 60 & sleep 60 & exit 0");
	assert_true(child_running(p.child));
	child_signal(p.child, SIGKILL);
	real_until(&p.w, !child_running(p.child));
	/* and nobody piles up while the command runs */
	shell(&p,
	      "for i in 1 2 3 4 5 6 7 8; do sh -c 'sleep 0 & echo $!'; done; echo all; sleep 60");
	real_until(&p.w, strstr(p.said, "all"));
	for (char *at = p.said; *at != 'a'; at = strchr(at, '\n') + 1) {
		pid_t orphan = (pid_t)strtol(at, NULL, 10);
		real_until(&p.w, !is_taken(orphan));
	}
	assert_int_equal(p.exits, 1);
	child_signal(p.child, SIGKILL);
	real_until(&p.w, p.exits == 2);
	assert_int_equal(p.status,
	                 W_EXITCODE(0, SIGKILL)); /* which was not taken for an orphan's */
	real_until(&p.w, !child_running(p.child));
	parent_close(&p);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Without capture it has our standard output. */
static void test_inherits_output(void **state)
{
	struct parent p;
	int ends[2], own = dup(STDOUT_FILENO);
	char text[32] = "";
	(void)state;
	assert_int_equal(pipe(ends), 0);
	parent_open(&p);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	char *const argv[] = {(char *)"echo", (char *)"direct", NULL}, *const envp[] = {NULL};
	int r = child_start(p.child,
	                    &(struct child_start){.path = "/bin/echo", .argv = argv, .envp = envp});
	dup2(own, STDOUT_FILENO);
	close(own);
	assert_int_equal(r, 0);
	real_until(&p.w, p.exits == 1);
	close(ends[1]);
	assert_int_equal(read(ends[0], text, sizeof text - 1), 7);
	assert_string_equal(text, "direct\n");
	assert_int_equal(p.n, 0);
	close(ends[0]);
	parent_close(&p);
}

static void test_new_fails(void **state)
{
	struct parent p = {0};
	struct child *c = NULL;
	(void)state;
	real_open(&p.w, NULL);
	for (unsigned i = 1; i <= 3; i++) {
		fail_malloc_at(i);
		assert_int_equal(child_new(&c, p.w.loop, &events, &p), -ENOMEM);
		fail_malloc_off();
		assert_null(c);
	}
	child_free(NULL);
	real_close(&p.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_ends),
		UNIT(test_end_unheard),
		UNIT(test_hears_of_ends),
		UNIT(test_says),
		UNIT(test_last_words),
		UNIT(test_born_clean),
		UNIT(test_no_descriptors),
		UNIT(test_working_directory),
		UNIT(test_cannot_start),
		UNIT(test_leaves_nothing),
		UNIT(test_script_without_a_first_line),
		UNIT(test_group),
		UNIT(test_number_is_kept),
		UNIT(test_orphans),
		UNIT(test_inherits_output),
		UNIT(test_new_fails),
	};
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
