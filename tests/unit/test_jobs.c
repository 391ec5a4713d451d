/* env->job: work in another thread, done on the loop, exactly once, whatever happens. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS = 300 };

struct errand {
	struct job job;
	struct env *env;
	pthread_t worked_in;
	sigset_t blocked; /* in there */
	_Atomic unsigned worked;
	unsigned done, again; /* again: how often done hands it in anew */
	useconds_t takes;
};

static void work(struct job *j)
{
	struct errand *e = LIST_OF(j, struct errand, job);
	if (e->takes)
		usleep(e->takes);
	e->worked_in = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &e->blocked);
	atomic_fetch_add(&e->worked, 1);
}

static void done(struct job *j)
{
	struct errand *e = LIST_OF(j, struct errand, job);
	e->done++;
	if (e->again) {
		e->again--;
		assert_int_equal(e->env->job(e->env, j), 0);
	}
}

static void start(struct errand *e, struct env *env)
{
	e->job.work = work;
	e->job.done = done;
	e->env = env;
	assert_int_equal(env->job(env, &e->job), 0);
}

static void test_done_on_the_loop(void **state)
{
	struct real_loop w;
	struct errand e = {0};
	(void)state;
	real_open(&w, NULL);
	start(&e, w.env);
	assert_int_equal(e.done, 0);
	real_until(&w, e.done);
	assert_int_equal(e.worked, 1);
	assert_false(pthread_equal(e.worked_in, pthread_self()));
	real_close(&w);
}

/* Signals are for the main thread: one that a thread of the pool takes may lie there. */
static void test_signals_are_not_theirs(void **state)
{
	static const int signums[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	struct real_loop w;
	struct errand e = {0};
	sigset_t ours;
	(void)state;
	real_open(&w, NULL);
	start(&e, w.env);
	real_until(&w, e.done);
	pthread_sigmask(SIG_BLOCK, NULL, &ours);
	for (size_t i = 0; i < sizeof signums / sizeof *signums; i++) {
		assert_int_equal(sigismember(&e.blocked, signums[i]), 1);
		assert_int_equal(sigismember(&ours, signums[i]), 0);
	}
	real_close(&w);
}

static unsigned done_so_far(const struct errand all[JOBS])
{
	unsigned n = 0;
	for (int i = 0; i < JOBS; i++)
		n += all[i].done;
	return n;
}

static void test_many_and_again(void **state)
{
	static struct errand all[JOBS];
	struct real_loop w;
	(void)state;
	real_open(&w, NULL);
	for (int i = 0; i < JOBS; i++) {
		all[i] = (struct errand){.again = 2};
		start(&all[i], w.env);
	}
	real_until(&w, done_so_far(all) == JOBS * 3);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(all[i].worked, 3);
	real_close(&w);
}

/* Freed with jobs under way and queued: all of them work and are done, on this thread. */
static void test_done_at_shutdown(void **state)
{
	static struct errand all[40];
	struct real_loop w;
	(void)state;
	real_open(&w, NULL);
	for (int i = 0; i < 40; i++) {
		all[i] = (struct errand){.takes = 2000, .again = i % 2 ? 1 : 0};
		start(&all[i], w.env);
	}
	real_close(&w);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(all[i].done, 1 + i % 2);
		assert_int_equal(all[i].worked, 1 + i % 2);
	}
}

/* A job that never ends does not keep the process: loop_free gives up, says so, and touches nothing
 * that the thread may still use. In a child, which has to _exit. */
static void work_for_ever(struct job *j)
{
	(void)j;
	for (;;)
		pause();
}

static void test_stuck_job(void **state)
{
	int status = 0;
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		static struct limits limits;
		static struct job stuck = {.work = work_for_ever, .done = done};
		struct loop *l = NULL;
		alarm(60);
		if (loop_new(&l, &limits, NULL) < 0 || loop_env(l)->job(loop_env(l), &stuck) < 0)
			_exit(1);
		_exit(loop_free(l) == -ETIMEDOUT ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_without_memory(void **state)
{
	struct real_loop w;
	struct errand e = {.job = {.work = work, .done = done}};
	(void)state;
	real_open(&w, NULL);
	e.env = w.env;
	fail_malloc_at(1);
	assert_int_equal(w.env->job(w.env, &e.job), -ENOMEM);
	fail_malloc_off();
	for (int i = 0; i < 10; i++)
		real_turn(&w);
	assert_int_equal(e.done, 0);
	assert_int_equal(e.worked, 0);
	real_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: TSan forks only while there is one thread. */
		UNIT(test_stuck_job),      UNIT(test_done_on_the_loop),
		UNIT(test_many_and_again), UNIT(test_done_at_shutdown),
		UNIT(test_without_memory), UNIT(test_signals_are_not_theirs),
	};
	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
