/* BUG_ON: silent when all is well, and otherwise the end of the process, with a line that says
 * where. Watched from a parent process.
 */
#include "base/bug.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs die(arg) in a child with its stderr in `out`; returns the wait status. */
static int child_dies(void (*die)(const char *arg), const char *arg, char *out, size_t cap)
{
	int fds[2], status;
	size_t n = 0;
	ssize_t r;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit no_core = {0, 0};
		setrlimit(RLIMIT_CORE, &no_core);
		struct sigaction plain = {.sa_handler = SIG_DFL};
		sigaction(SIGABRT, &plain, NULL);
		dup2(fds[1], STDERR_FILENO);
		die(arg);
		_exit(0);
	}
	close(fds[1]);
	while (n < cap - 1 && (r = read(fds[0], out + n, cap - 1 - n)) > 0)
		n += (size_t)r;
	out[n] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check_arg(const char *arg)
{
	BUG_ON(arg[0] == 'b');
}

static void die_of(const char *what)
{
	bug_die("file.c", 42, what);
}

static void test_nothing_wrong(void **state)
{
	(void)state;
	char out[1024];
	int status = child_dies(check_arg, "fine", out, sizeof out);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(out, "");
}

static void test_bug(void **state)
{
	(void)state;
	char out[1024];
	int status = child_dies(check_arg, "bad", out, sizeof out);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(out, "websplice: bug at "));
	assert_non_null(strstr(out, "test_base_bug.c:"));
	assert_non_null(strstr(out, "arg[0] == 'b'\n"));
}

static void test_long_text(void **state)
{
	(void)state;
	char what[4000], out[8192];
	memset(what, 'x', sizeof what);
	what[sizeof what - 1] = 0;
	int status = child_dies(die_of, what, out, sizeof out);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(out, "websplice: bug at file.c:42: xxxx"));
	assert_true(strlen(out) < 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_nothing_wrong),
		UNIT(test_bug),
		UNIT(test_long_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
