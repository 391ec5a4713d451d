/* loop: one libuv loop with everything a worker's env needs: pool, deferred calls, timers, the
 * read scratch, jobs, randomness and a log sink that never blocks. Only src/io knows libuv.
 *
 *   timers ─► prepare: deferred calls, log flush, arm the one uv_timer ─► poll ─► check: deferred
 *
 * A loop belongs to one thread; loop_wake alone may be called from any other.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/env.h"

struct loop;

/* dial and undial of the env are io/dial's; app may replace them (test card), and env->self is its
 * own to use. limits and log must outlive the loop. 0 or -errno. */
int loop_new(struct loop **ret, const struct limits *limits, struct log *log);
struct env *loop_env(struct loop *l);
/* Runs until loop_stop. 0 or -errno. */
int loop_run(struct loop *l);
/* From the loop's own thread: run returns after this turn. */
void loop_stop(struct loop *l);
/* From any thread: has fn(owner) of loop_on_wake called on the loop. Several wakes may be one. */
void loop_wake(struct loop *l);
void loop_on_wake(struct loop *l, void (*fn)(void *owner), void *owner);
/* Waits for jobs and look-ups in the thread pool and for what is being closed, then frees. 0; or
 * -EBUSY if a handle or a chunk was left behind: a bug of ours, which tests demand not to be; or
 * -ETIMEDOUT if the thread pool does not give something back within 2 s (a name server that is
 * silent): the loop is then left as it is, and the process should _exit, since libuv joins its
 * threads at exit(3). NULL is legal. */
int loop_free(struct loop *l);
/* "1.44.2": the libuv we run with. */
const char *loop_uv_version(void);

#endif
