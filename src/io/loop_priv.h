/* What the files of src/io share: the loop from inside. Nobody else sees libuv.
 *
 * Every libuv callback that may arm a timer starts with loop_tick: libuv's clock has moved while
 * it slept in poll, the clock of base/timers only moves when told.
 */
#ifndef IO_LOOP_PRIV_H
#define IO_LOOP_PRIV_H

#include "io/loop.h"
#include "io/log_file.h"

#include <uv.h>

enum {
	WRITE_IOV = 4,    /* what a uv_write_t holds without allocating (uv/unix.h, bufsml) */
	REQ_SPARE = 1024, /* write requests kept for the next slow reader: one each */
	RANDOM_STOCK = 512,
};

/* Where in a page the scratches lie. A copy whose destination is a little further into its page than
 * the source is into its own is slow: 0.37 s/GB instead of 0.05 with the `rep movsb` of the kernel on
 * Zen 4. The kernel's side of a copy mostly begins with a page, so what is received begins half a
 * page in, and the scratches TLS copies between are a third of a page out of step. */
enum {
	PAGE_OF_COPY = 4096,
	HALF_IN = PAGE_OF_COPY / 2 - LINK_HEADROOM,
	OUT_OF_STEP = 1280,
};

/* A uv_write in flight. Pooled, because only a slow reader needs one. */
struct write_req {
	uv_write_t uv; /* uv.data: the link */
	struct write_req *next;
	size_t bytes;
	uint64_t since; /* when it was started, on the loop's clock */
};

struct loop {
	struct env env;
	struct pool pool;
	struct deferq defer;
	struct timers timers;
	struct metrics metrics;
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	uv_async_t async;
	uint64_t armed; /* when the uv_timer fires, UINT64_MAX: it is off */
	struct log_file *log_file;
	uint64_t log_flushed; /* when lines were last written */
	void (*woken)(void *owner);
	void *woken_owner;
	struct write_req *reqs;
	unsigned reqs_spare;
	unsigned busy; /* requests in the thread pool */
	size_t random_left;
	uint8_t random[RANDOM_STOCK];
	/* What the socket being read has just said, and env's two. */
	_Alignas(PAGE_OF_COPY) uint8_t gap[HALF_IN];
	uint8_t scratch[LINK_HEADROOM + READ_ROOM];
	uint8_t gap_plain[OUT_OF_STEP], plain[ENV_PLAIN];
	uint8_t gap_sealed[OUT_OF_STEP], sealed[ENV_SEALED];
};

_Static_assert((offsetof(struct loop, scratch) + LINK_HEADROOM) % PAGE_OF_COPY == PAGE_OF_COPY / 2,
               "received data begins half a page in");

static inline struct loop *loop_of(struct env *e)
{
	return LIST_OF(e, struct loop, env);
}

static inline void loop_tick(struct loop *l)
{
	l->timers.now = uv_now(&l->uv);
}

/* NULL when memory is out. */
struct write_req *loop_req_take(struct loop *l);
void loop_req_give(struct loop *l, struct write_req *r);

/* env->job */
int job_start(struct env *e, struct job *j);
/* env->random */
void random_fill(struct env *e, void *out, size_t n);

/* The log_file behind l, or NULL if its lines go elsewhere. */
struct log_file *log_file_of(const struct log *l);
/* Where it counts lost lines, if log_file_new was given nothing. */
void log_file_metrics(struct log_file *f, struct metrics *m);
/* Lines are waiting, or a loss to be confessed. */
bool log_file_waiting(const struct log_file *f);
/* Too many to wait for more. */
bool log_file_filling(const struct log_file *f);

/* Options of a stream socket, all best effort. What a listener has, its connections inherit. */
/* NEAR: a backend on this machine, which cannot vanish without a word. */
enum sock_side { SOCK_CLIENT, SOCK_BACKEND, SOCK_NEAR };
void sock_tune(int fd, enum sock_side side);
/* How far the kernel may run ahead of a client: further if it takes what it gets at once. Leaves
 * sockets alone that have no such limit. */
void sock_pace(int fd, bool swift);
/* How many received bytes poll waits for: 1 is every byte. A unix socket ignores it. */
void sock_low(int fd, int bytes);

#endif
