/* env->job: work in libuv's thread pool. */
#include "loop_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct job_req {
	uv_work_t uv;
	struct job *job;
};

/* In a thread of the pool. */
static void on_work(uv_work_t *w)
{
	struct job_req *r = w->data;
	r->job->work(r->job);
}

static void on_done(uv_work_t *w, int status)
{
	struct job_req *r = w->data;
	struct loop *l = w->loop->data;
	struct job *j = r->job;
	(void)status; /* nothing is ever cancelled: done without work would be a lie */
	l->busy--;
	j->io = NULL;
	free(r);
	loop_tick(l);
	j->done(j);
}

/* The first of them starts libuv's threads. They keep all signals blocked, as our own workers do: what
 * is sent to the process is the main thread's. */
static int queue(struct loop *l, uv_work_t *w)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = uv_queue_work(&l->uv, w, on_work, on_done);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

int job_start(struct env *e, struct job *j)
{
	struct loop *l = loop_of(e);
	struct job_req *r = malloc(sizeof *r);
	if (!r)
		return -ENOMEM;
	r->uv.data = r;
	r->job = j;
	int err = queue(l, &r->uv);
	if (err < 0) {
		free(r);
		return err;
	}
	j->io = r;
	l->busy++;
	return 0;
}
