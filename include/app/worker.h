/* worker: one thread with its own loop, listener, log and sessions. Workers share nothing but the
 * immutable site; the main thread talks to them through a command word and a wake.
 *
 *   main thread                       worker thread
 *   worker_tell(w, WORKER_DRAIN)    ─► on_wake: stop accepting, Close 1001 to everyone
 *                                      last session gone: loop ends, `gone` is set, main is woken
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/options.h"
#include "io/listen.h"
#include "relay/site.h"
#include "wrap/gate.h"

/* Only ever grows. */
enum worker_command {
	WORKER_RUN,
	WORKER_RETIRE, /* no new connections; open sessions go on until they end */
	WORKER_DRAIN,  /* … and are asked to end */
	WORKER_CUT,    /* … and are cut */
};

struct worker;

struct worker_setup {
	const struct options *options;
	struct site *site;  /* a reference is taken */
	int listen_fd;      /* stays the caller's */
	const int *log_fds; /* likewise */
	unsigned log_fds_n;
	unsigned connections; /* the most at a time, all workers together */
	struct worker *const *all;
	unsigned all_n;
	struct loop *main;       /* woken when something happened */
	const struct gate *gate; /* the wrapped command; NULL: there is none */
};

/* Builds a worker. All of them are built before the first is started. 0 or -errno. */
int worker_new(struct worker **ret, const struct worker_setup *setup);
/* Starts its thread. 0 or -errno. */
int worker_start(struct worker *w);
void worker_tell(struct worker *w, enum worker_command c); /* main thread */
/* New connections use site from now on; a reference is taken. Main thread. */
void worker_renew(struct worker *w, struct site *site);
/* Counters; any thread. */
const struct metrics *worker_metrics(const struct worker *w);
bool worker_gone(const struct worker *w);
/* Waits for the thread to end, if there is one; it must have been told to go. */
void worker_join(struct worker *w);
/* Frees it. All workers have been joined, because they read each other's counters. Returns
 * loop_free's result; NULL is legal. */
int worker_free(struct worker *w);

#endif
