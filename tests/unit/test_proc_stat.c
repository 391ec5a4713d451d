/* Processes of the test's own, alive, ended, and half ended. */
#include "base/proc_stat.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread_pauses(void *arg)
{
	pause();
	return arg;
}

static void subject(bool ends, int fd)
{
	pthread_t other;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "a) R 1 2 (3");
	setsid();
	if (ends)
		_exit(0);
	pthread_create(&other, NULL, thread_pauses, NULL);
	(void)!write(fd, "x", 1);
	pthread_exit(NULL);
}

static pid_t begin(bool ends)
{
	char byte;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		subject(ends, fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), !ends);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_own(void **state)
{
	struct proc_stat st;
	(void)state;
	assert_true(proc_stat_read(&st, getpid()));
	assert_int_equal(st.parent, getppid());
	assert_int_equal(st.group, getpgrp());
	assert_int_equal(st.session, getsid(0));
	assert_false(st.zombie);
	assert_false(proc_stat_read(&st, -1));
}

static void test_zombie(void **state)
{
	struct proc_stat st;
	siginfo_t i;
	(void)state;
	pid_t pid = begin(true);
	assert_int_equal(waitid(P_PID, (id_t)pid, &i, WEXITED | WNOWAIT), 0);
	assert_true(proc_stat_read(&st, pid));
	assert_true(st.zombie);
	assert_int_equal(st.parent, getpid());
	assert_int_equal(st.group, pid);
	assert_int_equal(st.session, pid);
	end(pid);
	assert_false(proc_stat_read(&st, pid));
}

/* Its first thread has ended, which the kernel shows as it shows a zombie. */
static void test_first_thread_ended(void **state)
{
	struct proc_stat st;
	(void)state;
	pid_t pid = begin(false);
	for (int i = 0; i < 100; i++) {
		assert_true(proc_stat_read(&st, pid));
		assert_false(st.zombie);
		usleep(1000);
	}
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_own), UNIT(test_zombie),
	                                   UNIT(test_first_thread_ended)};
	return cmocka_run_group_tests_name("proc_stat", tests, NULL, NULL);
}
