/* Sockets as links: the contract of every link on TCP and on unix sockets, and what only a socket
 * can do: resets of several kinds, last bytes behind a broken output, deadlines.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "io/tcp_link.h"
#include "fail_malloc.h"
#include "link_contract.h"
#include "real_loop.h"
#include "socket_pair.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_fd(int fd)
{
	assert_int_equal(close(fd), 0);
}

static void set_reset(int fd)
{
	const struct linger now = {.l_onoff = 1};
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
}

/* ---- the contract ---- */

struct far {
	int fd;
	bool end;
};

static int make(struct contract_maker *m, struct link **link, void **ret_far, bool is_unix)
{
	struct real_loop *w = m->self;
	struct far *far = calloc(1, sizeof *far);
	int fds[2];
	assert_non_null(far);
	if (is_unix)
		socket_pair_unix(fds, true);
	else
		socket_pair_tcp(fds, true);
	far->fd = fds[1];
	*ret_far = far;
	return tcp_link_open(link, w->loop, fds[0], is_unix, "client");
}

static int make_tcp(struct contract_maker *m, struct link **link, void **far)
{
	return make(m, link, far, false);
}

static int make_unix(struct contract_maker *m, struct link **link, void **far)
{
	return make(m, link, far, true);
}

static void contract_turn(struct contract_maker *m)
{
	real_turn(m->self);
}

static size_t far_say(void *far, struct span s)
{
	ssize_t n = send(((struct far *)far)->fd, s.at, s.len, MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

static size_t far_take(void *far, void *out, size_t max)
{
	struct far *f = far;
	ssize_t n = f->fd < 0 ? 0 : recv(f->fd, out, max, 0);
	f->end = f->end || n == 0;
	return n > 0 ? (size_t)n : 0;
}

static void far_end(void *far)
{
	/* ENOTCONN: the link has been cut, and its reset was faster. */
	assert_true(shutdown(((struct far *)far)->fd, SHUT_WR) == 0 || errno == ENOTCONN);
}

static bool far_saw_end(void *far)
{
	struct far *f = far;
	char c;
	f->end = f->end || recv(f->fd, &c, 1, MSG_PEEK) == 0;
	return f->end;
}

static void far_reset(void *far)
{
	struct far *f = far;
	set_reset(f->fd);
	close_fd(f->fd);
	f->fd = -1;
}

static void far_done(void *far)
{
	struct far *f = far;
	if (f->fd >= 0)
		close_fd(f->fd);
	free(f);
}

/* With it libuv opens a file for the life of the loop, which no case is to have left open. */
static void first_stream(struct contract_maker *m)
{
	struct link *link;
	void *far;
	assert_int_equal(m->make(m, &link, &far), 0);
	link_abandon(link);
	m->done(far);
	contract_turn(m);
}

static int run_contract(const char *name, bool is_unix)
{
	struct real_loop w;
	real_open(&w, NULL);
	struct contract_maker m = {
		.name = name,
		.env = w.env,
		.limits = &w.limits,
		.half_close = true,
		.resets = !is_unix, /* a unix socket that is closed looks like an end in order */
		.stalls = true,
		.close_waits = true,
		.pushes_back = true,
		.self = &w,
		.make = is_unix ? make_unix : make_tcp,
		.turn = contract_turn,
		.say = far_say,
		.take = far_take,
		.end = far_end,
		.saw_end = far_saw_end,
		.reset = far_reset,
		.done = far_done,
	};
	first_stream(&m);
	int failed = contract_run(&m);
	if (!failed)
		real_close(&w);
	return failed;
}

/* ---- one link and what it tells ---- */

struct side {
	struct real_loop w;
	struct link *link;
	int near, far;
	uint8_t *got;
	size_t got_len;
	unsigned eofs, losts, closes, drains;
	bool eof_first; /* before lost */
	struct why why;
};

static void on_bytes(void *owner, struct span s)
{
	struct side *x = owner;
	assert_true(x->got_len + s.len <= 4000000);
	memcpy(x->got + x->got_len, s.at, s.len);
	x->got_len += s.len;
}

static void on_eof(void *owner)
{
	struct side *x = owner;
	x->eofs++;
	x->eof_first = x->losts == 0;
}

static void on_drained(void *owner)
{
	((struct side *)owner)->drains++;
}

static void on_lost(void *owner, const struct why *why)
{
	struct side *x = owner;
	x->losts++;
	x->why = *why;
}

static void on_closed(void *owner)
{
	struct side *x = owner;
	x->closes++;
	x->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, on_drained, on_lost, on_closed};

static void side_open(struct side *x, bool is_unix, bool small)
{
	int fds[2];
	*x = (struct side){0};
	real_open(&x->w, NULL);
	x->got = malloc(4000000);
	assert_non_null(x->got);
	if (is_unix)
		socket_pair_unix(fds, small);
	else
		socket_pair_tcp(fds, small);
	x->near = fds[0]; /* the link's: to set options and to look */
	x->far = fds[1];
	assert_int_equal(tcp_link_open(&x->link, x->w.loop, fds[0], is_unix, "backend"), 0);
	link_own(x->link, &events, x);
}

static void side_close(struct side *x)
{
	if (x->link)
		link_close(x->link, true);
	real_until(&x->w, !x->link);
	assert_int_equal(x->closes, 1);
	assert_true(x->losts <= 1);
	if (x->far >= 0)
		close_fd(x->far);
	free(x->got);
	real_close(&x->w);
}

static void far_says(struct side *x, size_t n)
{
	uint8_t buf[4096];
	assert_true(n <= sizeof buf);
	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)(i * 7);
	assert_int_equal(send(x->far, buf, n, MSG_NOSIGNAL), n);
}

static void check_got(const struct side *x, size_t n)
{
	assert_int_equal(x->got_len, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(x->got[i], (uint8_t)(i * 7));
}

static void far_closes(struct side *x, bool reset)
{
	if (reset)
		set_reset(x->far);
	close_fd(x->far);
	x->far = -1;
}

static int send_zeros(struct side *x, size_t n)
{
	uint8_t *zeros = calloc(1, n);
	assert_non_null(zeros);
	int r = link_send(x->link, span_of(zeros, n), 0);
	free(zeros);
	return r;
}

static int64_t deadline(const struct side *x)
{
	return timers_next(x->w.env->timers) < 0
	               ? -1
	               : (int64_t)(x->w.env->timers->now + (uint64_t)timers_next(x->w.env->timers));
}

/* Fires what is due within ms, and comes back to the loop's own time. */
static void jump(struct side *x, uint64_t ms)
{
	uint64_t now = x->w.env->timers->now;
	timers_run(x->w.env->timers, now + ms);
	x->w.env->timers->now = now;
}

/* The loop has not turned when it returns: the queue is as it was when the deadline was set. */
static void stuff(struct side *x, size_t n)
{
	while (x->link->queued < n)
		assert_int_equal(send_zeros(x, 8192), 0);
}

/* ---- ends of every kind ---- */

static void test_reset_is_named(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, false);
	link_read(x.link, READ_ROOM);
	far_closes(&x, true);
	real_until(&x.w, x.losts);
	assert_string_equal(x.why.text, "backend reset the connection");
	assert_int_equal(x.why.layer, WHY_TCP);
	assert_int_equal(x.why.err, -ECONNRESET);
	assert_int_equal(x.why.close, 1011);
	assert_int_equal(x.eofs, 0);
	side_close(&x);
}

/* Bytes and RST are there before we look: libuv alone would call that an orderly end. */
static void test_bytes_before_reset(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, false);
	far_says(&x, 3000);
	far_closes(&x, true);
	link_read(x.link, READ_ROOM);
	real_until(&x.w, x.losts);
	check_got(&x, 3000);
	assert_int_equal(x.eofs, 0);
	assert_int_equal(x.why.err, -ECONNRESET);
	side_close(&x);
}

/* The peer says its last words, closes, and then gets bytes of ours that it refuses (RST), all
 * while we do not read: the words arrive, and the end is one in order. */
static void last_words(bool is_unix)
{
	struct side x;
	unsigned sends = 0;
	side_open(&x, is_unix, false);
	far_says(&x, 2500);
	far_closes(&x, false);
	while (send_zeros(&x, 100) == 0) {
		assert_true(sends++ < 10000);
		real_turn(&x.w);
	}
	assert_true(x.link->shut);
	assert_int_equal(x.link->queued, 0);
	for (int i = 0; i < 20; i++)
		real_turn(&x.w);
	assert_int_equal(x.losts, 0);
	assert_int_equal(x.got_len, 0);
	link_read(x.link, 1000);
	real_until(&x.w, x.losts);
	check_got(&x, 2500);
	assert_int_equal(x.eofs, 1);
	assert_true(x.eof_first);
	side_close(&x);
}

static void test_last_words_tcp(void **state)
{
	(void)state;
	last_words(false);
}

static void test_last_words_unix(void **state)
{
	(void)state;
	last_words(true);
}

/* The same with a reset that no FIN preceded: the words still arrive, the end is no eof. */
static void test_last_words_before_reset(void **state)
{
	struct side x;
	unsigned sends = 0;
	(void)state;
	side_open(&x, false, false);
	far_says(&x, 2500);
	far_closes(&x, true);
	while (send_zeros(&x, 100) == 0)
		assert_true(sends++ < 10000);
	link_read(x.link, READ_ROOM);
	real_until(&x.w, x.losts);
	check_got(&x, 2500);
	assert_int_equal(x.eofs, 0);
	assert_int_equal(x.why.err, -ECONNRESET);
	side_close(&x);
}

/* The peer has ended in order, and what it refuses are our last bytes and our FIN: the reset finds the
 * socket beyond the state in which Linux calls that EPIPE. The end was one in order all the same. */
static void test_last_words_after_our_own(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, false);
	far_says(&x, 2500);
	far_closes(&x, false);
	assert_int_equal(link_send(x.link, span_of("bye", 3), SEND_LAST), 0);
	link_finish(x.link, NULL);
	link_read(x.link, READ_ROOM);
	real_until(&x.w, x.losts);
	check_got(&x, 2500);
	assert_int_equal(x.eofs, 1);
	assert_true(x.eof_first);
	assert_int_equal(x.why.err, -ECONNRESET);
	side_close(&x);
}

/* The reset was there before we end: shutdown is what fails. */
static void test_last_words_before_our_end(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, false);
	far_says(&x, 2500);
	far_closes(&x, false);
	assert_int_equal(send_zeros(&x, 100), 0);
	link_finish(x.link, NULL);
	assert_true(x.link->shut);
	link_read(x.link, READ_ROOM);
	real_until(&x.w, x.losts);
	check_got(&x, 2500);
	assert_int_equal(x.eofs, 1);
	assert_true(x.eof_first);
	side_close(&x);
}

/* What is answered to the last words fails, and the next look at the socket finds the reset itself: it
 * is one and the same. */
static void answer(void *owner, struct span s)
{
	on_bytes(owner, s);
	(void)link_send(((struct side *)owner)->link, s, 0);
}

static void test_last_words_answered(void **state)
{
	static const struct link_events answering = {answer, on_eof, on_drained, on_lost,
	                                             on_closed};
	struct side x;
	(void)state;
	side_open(&x, false, false);
	link_own(x.link, &answering, &x);
	far_says(&x, 1000);
	far_closes(&x, true);
	link_read(x.link, 1000); /* a full read: one more follows in the same turn */
	real_until(&x.w, x.losts);
	for (int i = 0; i < 20; i++)
		real_turn(&x.w);
	assert_int_equal(x.losts, 1);
	check_got(&x, 1000);
	assert_int_equal(x.why.err, -ECONNRESET);
	side_close(&x);
}

/* Nobody ever reads the last words: the stall deadline ends it. */
static void test_last_words_not_for_ever(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, true, false);
	x.w.limits.stall_ms = 30;
	far_says(&x, 100);
	far_closes(&x, false);
	assert_true(send_zeros(&x, 100) < 0);
	real_until(&x.w, x.losts);
	assert_int_equal(x.got_len, 0);
	assert_int_equal(x.why.err, -EPIPE); /* the first cause, not the deadline */
	assert_int_equal(metric_get(x.w.env->metrics, METRIC_DEADLINE), 0);
	side_close(&x);
}

/* Nothing was said: there is nothing to wait for. */
static void test_failed_send_without_words(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, true, false);
	x.w.limits.stall_ms = UINT32_MAX;
	far_closes(&x, false);
	assert_int_equal(send_zeros(&x, 100), -EPIPE);
	assert_int_equal(send_zeros(&x, 100), -EPIPE);
	assert_int_equal(x.losts, 0); /* not from inside the call */
	real_until(&x.w, x.losts);
	side_close(&x);
}

/* Whoever reads the last words slowly hears them all: each read moves the deadline. */
static void sip(void *owner, struct span s)
{
	on_bytes(owner, s);
	link_read(((struct side *)owner)->link, 0);
}

static void test_last_words_slowly(void **state)
{
	static const struct link_events sipping = {sip, on_eof, on_drained, on_lost, on_closed};
	struct side x;
	(void)state;
	side_open(&x, true, false);
	link_own(x.link, &sipping, &x);
	far_says(&x, 4096);
	far_closes(&x, false);
	assert_true(send_zeros(&x, 100) < 0);
	real_until(&x.w, deadline(&x) > 0);
	int64_t first = deadline(&x);
	x.w.limits.stall_ms = 3600000;
	link_read(x.link, 1000);
	real_until(&x.w, x.got_len > 0);
	assert_int_equal(x.losts, 0);
	assert_true(deadline(&x) > first + 3000000);
	side_close(&x);
}

/* The peer resets while bytes wait for it: that it does not take them is no second reason. */
static void test_reset_with_bytes_queued(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, true);
	link_read(x.link, READ_ROOM);
	stuff(&x, 1);
	assert_true(deadline(&x) > 0);
	far_closes(&x, true);
	real_until(&x.w, x.losts);
	assert_int_equal(x.why.err, -ECONNRESET);
	assert_int_equal(deadline(&x), -1);
	assert_int_equal(x.link->queued, 0);
	side_close(&x);
}

/* close(true) reaches a TCP peer as a reset. */
static void test_close_resets(void **state)
{
	struct side x;
	char c;
	(void)state;
	side_open(&x, false, false);
	link_close(x.link, true);
	real_until(&x.w, !x.link);
	assert_int_equal(recv(x.far, &c, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	side_close(&x);
}

/* Also when an orderly close is under way and its FIN has been sent. */
static void test_close_resets_after_fin(void **state)
{
	struct side x;
	char c;
	(void)state;
	side_open(&x, false, false);
	link_close(x.link, false);
	real_turn(&x.w);
	assert_int_equal(recv(x.far, &c, 1, 0), 0);
	link_close(x.link, true);
	real_until(&x.w, !x.link);
	assert_true(send(x.far, "x", 1, MSG_NOSIGNAL) < 0);
	side_close(&x);
}

static void test_finish_to_a_reset_peer(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, false);
	far_closes(&x, true);
	link_finish(x.link, NULL); /* ENOTCONN */
	real_until(&x.w, x.losts);
	assert_int_equal(x.why.err, -ECONNRESET);
	side_close(&x);
}

/* ---- deadlines ---- */

static size_t waiting(int fd)
{
	int n = 0;
	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return (size_t)n;
}

static size_t drink(struct side *x, size_t n)
{
	uint8_t buf[4096];
	size_t all = 0;
	while (all < n) {
		ssize_t r = recv(x->far, buf, n - all < sizeof buf ? n - all : sizeof buf, 0);
		if (r <= 0)
			break;
		all += (size_t)r;
	}
	return all;
}

static void test_stall_is_named(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, true);
	x.w.limits.stall_ms = 2000; /* for the words; nobody waits that long */
	stuff(&x, 1);
	assert_true(deadline(&x) > 0);
	jump(&x, 3000);
	assert_int_equal(x.losts, 1);
	assert_string_equal(x.why.text, "backend took no data for 2 s");
	assert_int_equal(x.why.err, -ETIMEDOUT);
	assert_int_equal(metric_get(x.w.env->metrics, METRIC_DEADLINE), 1);
	assert_int_equal(x.link->queued, 0);
	side_close(&x);
}

/* The deadline exists while bytes are queued, and moves when some are taken. */
static void test_stall_deadline_moves(void **state)
{
	struct side x;
	(void)state;
	side_open(&x, false, true);
	x.w.limits.stall_ms = 3600000;
	assert_int_equal(deadline(&x), -1);
	stuff(&x, 500000);
	int64_t first = deadline(&x);
	size_t queued = x.link->queued;
	for (int i = 0; i < 5; i++)
		real_turn(&x.w);
	if (x.link->queued == queued) /* what the sockets hold may grow although nobody reads */
		assert_int_equal(deadline(&x), first);
	first = deadline(&x);
	queued = x.link->queued;
	real_until(&x.w, (drink(&x, 10000), x.link->queued < queued));
	assert_true(deadline(&x) > first);
	real_until(&x.w, (drink(&x, SIZE_MAX), x.link->queued == 0));
	assert_int_equal(deadline(&x), -1);
	side_close(&x);
}

/* A peer that takes less than one write of ours within the deadline is slow, not stalled. */
static void test_slow_is_not_stalled(void **state)
{
	struct side x;
	size_t sent = 0, arrived = 0, queued = 0;
	const int tiny = 1;
	(void)state;
	side_open(&x, false, true);
	x.w.limits.stall_ms = 3600000;
	assert_int_equal(setsockopt(x.near, SOL_SOCKET, SO_SNDBUF, &tiny, sizeof tiny), 0);
	for (; x.link->queued < 500000; sent += 8192)
		assert_int_equal(send_zeros(&x, 8192), 0);
	/* Until more has arrived than the link believes to have left it: the socket has taken a
	 * part of a write, and nobody has told the link. */
	real_until(&x.w, (queued = x.link->queued, arrived = drink(&x, 1000) + arrived,
	                  arrived + waiting(x.far) > sent - queued));
	jump(&x, 3600000);
	assert_int_equal(x.losts, 0);
	assert_int_equal(x.link->queued, queued);
	jump(&x, 7200000); /* it was armed anew during the jump */
	assert_int_equal(x.losts, 1);
	side_close(&x);
}

/* Lost while libuv is still writing: what it writes from must not be given to others before it has
 * done, and what it writes in the end is nobody's progress any more. */
static void test_lost_with_a_write_in_flight(void **state)
{
	struct side x;
	struct buf *others[64];
	uint8_t bytes[4096];
	ssize_t n;
	(void)state;
	side_open(&x, false, true);
	x.w.limits.stall_ms = 1000;
	stuff(&x, 200000);
	jump(&x, 1000);
	assert_int_equal(x.losts, 1);
	for (int i = 0; i < 64; i++) {
		others[i] = pool_take(x.w.env->pool);
		assert_non_null(others[i]);
		memset(others[i]->bytes, 0xff, BUF_SIZE);
	}
	for (int i = 0; i < 100; i++) {
		while ((n = recv(x.far, bytes, sizeof bytes, 0)) > 0)
			for (ssize_t k = 0; k < n; k++)
				assert_int_equal(bytes[k], 0);
		real_turn(&x.w);
		assert_int_equal(x.link->queued, 0);
	}
	assert_int_equal(x.drains, 0);
	for (int i = 0; i < 64; i++)
		pool_give(x.w.env->pool, others[i]);
	side_close(&x);
}

/* What lies before the delivered bytes belongs to the receiver: not to, say, the loop's stock of
 * random bytes. */
static void scribble(void *owner, struct span s)
{
	(void)owner;
	memset(s.at - LINK_HEADROOM, 0xee, LINK_HEADROOM + s.len);
}

static void test_headroom_is_nobody_elses(void **state)
{
	static const struct link_events scribbling = {scribble, on_eof, on_drained, on_lost,
	                                              on_closed};
	struct side x;
	uint8_t random[LINK_HEADROOM] = {0};
	unsigned same = 0;
	(void)state;
	side_open(&x, false, false);
	x.w.env->random(x.w.env, random, 1); /* the stock is full but for one byte */
	link_own(x.link, &scribbling, &x);
	far_says(&x, 100);
	link_read(x.link, 1000);
	real_until(&x.w, waiting(x.near) == 0);
	real_turn(&x.w);
	x.w.env->random(x.w.env, random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		same += random[i] == 0xee;
	assert_true(same < 6); /* by chance: one in 10^10 */
	side_close(&x);
}

/* ---- two of them ---- */

struct talker {
	char name, *order;
	struct link *link;
	int far;
};

static void talk_bytes(void *owner, struct span s)
{
	struct talker *k = owner;
	assert_int_equal(s.len, 10);
	k->order[strlen(k->order)] = k->name;
}

static void talk_closed(void *owner)
{
	((struct talker *)owner)->link = NULL;
}

/* `far` has said 400 bytes, to be read ten at a time. */
static void talker_open(struct talker *k, struct real_loop *w, char name, char *order)
{
	static const struct link_events talk = {talk_bytes, link_deaf_event, link_deaf_event,
	                                        link_deaf_lost, talk_closed};
	const char said[400] = {0};
	int fds[2];
	socket_pair_unix(fds, false);
	*k = (struct talker){.name = name, .order = order, .far = fds[1]};
	assert_int_equal(tcp_link_open(&k->link, w->loop, fds[0], true, "backend"), 0);
	link_own(k->link, &talk, k);
	assert_int_equal(send(k->far, said, sizeof said, 0), sizeof said);
	link_read(k->link, 10);
}

/* Both have much to say: each is read once a turn (which of them first is the kernel's choice). */
static void test_takes_turns(void **state)
{
	struct real_loop w;
	struct talker a, b;
	char order[81] = "";
	(void)state;
	real_open(&w, NULL);
	talker_open(&a, &w, 'a', order);
	talker_open(&b, &w, 'b', order);
	real_until(&w, strlen(order) == 80);
	assert_null(strstr(order, "aaa"));
	assert_null(strstr(order, "bbb"));
	link_close(a.link, true);
	link_close(b.link, true);
	real_until(&w, !a.link && !b.link);
	close_fd(a.far);
	close_fd(b.far);
	real_close(&w);
}

/* ---- memory ---- */

/* Chunks and the write request: whichever cannot be had, nothing is half done. */
static void send_big(void *ctx, unsigned long failing)
{
	struct side x;
	unsigned long *seen = ctx;
	static uint8_t big[3000000];
	side_open(&x, false, true);
	link_read(x.link, READ_ROOM);
	fail_malloc_at(failing);
	int r = link_send(x.link, span_of(big, sizeof big), 0);
	if (!failing)
		*seen = fail_malloc_calls();
	fail_malloc_off();
	assert_int_equal(r, failing ? -ENOMEM : 0);
	assert_int_equal(x.losts, 0); /* not from inside the call */
	if (failing) {
		assert_int_equal(x.link->queued, 0);
		real_until(&x.w, x.losts);
		assert_int_equal(x.why.err, -ENOMEM);
	}
	side_close(&x);
}

static void test_send_without_memory(void **state)
{
	unsigned long n = 0;
	(void)state;
	send_big(&n, 0);
	assert_true(n > 100); /* a chunk for every 16 KiB, and the request */
	for (unsigned long i = 1; i <= n; i += i < 4 || i + 3 > n ? 1 : 20)
		send_big(&n, i);
	send_big(&n, n);
}

static void test_open_without_memory(void **state)
{
	struct real_loop w;
	struct link *link = NULL;
	int fds[2];
	(void)state;
	real_open(&w, NULL);
	socket_pair_unix(fds, false);
	fail_malloc_at(1);
	assert_int_equal(tcp_link_open(&link, w.loop, fds[0], true, "client"), -ENOMEM);
	fail_malloc_off();
	assert_null(link);
	close_fd(fds[0]); /* still ours */
	close_fd(fds[1]);
	real_close(&w);
}

/* After a first slow spell nothing is allocated any more, however often it blocks. */
static void test_no_allocation_in_steady_state(void **state)
{
	struct side x;
	static uint8_t data[200000];
	(void)state;
	side_open(&x, false, true);
	link_read(x.link, READ_ROOM);
	for (int round = 0; round < 20; round++) {
		if (round == 3)
			fail_malloc_at(0);
		assert_int_equal(link_send(x.link, span_of(data, sizeof data), 0), 0);
		far_says(&x, 100);
		real_until(&x.w, (drink(&x, SIZE_MAX), x.link->queued == 0));
	}
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
#if defined(__SANITIZE_ADDRESS__)
	(void)calls; /* base/buf keeps no spares here */
#else
	assert_int_equal(calls, 0);
#endif
	side_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_reset_is_named),
		UNIT(test_bytes_before_reset),
		UNIT(test_last_words_tcp),
		UNIT(test_last_words_unix),
		UNIT(test_last_words_before_reset),
		UNIT(test_last_words_after_our_own),
		UNIT(test_last_words_before_our_end),
		UNIT(test_last_words_answered),
		UNIT(test_last_words_not_for_ever),
		UNIT(test_failed_send_without_words),
		UNIT(test_takes_turns),
		UNIT(test_last_words_slowly),
		UNIT(test_reset_with_bytes_queued),
		UNIT(test_close_resets),
		UNIT(test_close_resets_after_fin),
		UNIT(test_finish_to_a_reset_peer),
		UNIT(test_stall_is_named),
		UNIT(test_stall_deadline_moves),
		UNIT(test_slow_is_not_stalled),
		UNIT(test_lost_with_a_write_in_flight),
		UNIT(test_headroom_is_nobody_elses),
		UNIT(test_send_without_memory),
		UNIT(test_open_without_memory),
		UNIT(test_no_allocation_in_steady_state),
	};
	int failed = run_contract("tcp", false) + run_contract("unix", true);
	return failed + cmocka_run_group_tests_name("tcp_link", tests, NULL, NULL);
}
