/* Bulk input: what is fast comes in fewer and larger pieces, and nothing is left lying for it.
 *
 *   far ─► near ─ poll, silent below its low-water mark ─► link ─► bytes
 *
 * Whether input is fast is judged on a clock turned by hand; what poll does with the mark is the
 * kernel's word.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "../../src/io/tcp_priv.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "socket_pair.h"
#include "unit.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANY = 1, LOW = 393216, JUDGED = 524288, WAIT = 2, LEFT_ALONE = 8388608 };
enum { PIECE = 16384, TAIL = 100, SOME_TURNS = 50 };

struct bulk {
	struct real_loop w;
	struct link *link;
	struct tcp_link *tcp;
	int far;
	size_t got, pieces;
	bool eof, lost, stop;
};

static void on_bytes(void *owner, struct span s)
{
	struct bulk *b = owner;

	b->got += s.len;
	b->pieces++;
	if (b->stop)
		loop_stop(b->w.loop);
}

static void on_eof(void *owner)
{
	((struct bulk *)owner)->eof = true;
}

static void on_lost(void *owner, const struct why *why)
{
	(void)why;
	((struct bulk *)owner)->lost = true;
}

static void on_closed(void *owner)
{
	((struct bulk *)owner)->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, link_deaf_event, on_lost, on_closed};

static void open_on(struct bulk *b, bool is_unix)
{
	int fds[2];

	*b = (struct bulk){0};
	real_open(&b->w, NULL);
	if (is_unix)
		socket_pair_unix(fds, false);
	else
		socket_pair_tcp(fds, false);
	b->far = fds[1];
	assert_int_equal(tcp_link_open(&b->link, b->w.loop, fds[0], is_unix, "client"), 0);
	b->tcp = tcp_of(b->link);
	link_own(b->link, &events, b);
	link_read(b->link, READ_ROOM);
}

static void bulk_open(struct bulk *b)
{
	open_on(b, false);
}

/* The link is closing. */
static void bulk_gone(struct bulk *b)
{
	real_until(&b->w, !b->link);
	close(b->far);
	real_close(&b->w);
}

static void bulk_close(struct bulk *b)
{
	link_close(b->link, true);
	bulk_gone(b);
}

static int mark(const struct bulk *b)
{
	int low = -1;
	socklen_t len = sizeof low;

	assert_int_equal(getsockopt(tcp_fd(b->tcp), SOL_SOCKET, SO_RCVLOWAT, &low, &len), 0);
	return low;
}

/* n bytes have come in pieces. */
static void hear(struct bulk *b, size_t n, size_t piece)
{
	for (size_t k; n; n -= k) {
		k = n < piece ? n : piece;
		tcp_bulk_heard(b->tcp, k);
	}
}

static void later(struct bulk *b, uint64_t ms)
{
	b->w.env->timers->now += ms;
}

/* From here on the clock of what is judged runs. */
static void begin(struct bulk *b)
{
	hear(b, JUDGED, PIECE);
	assert_int_equal(mark(b), ANY);
}

static void make_bulk(struct bulk *b)
{
	begin(b);
	hear(b, JUDGED, PIECE);
	assert_int_equal(mark(b), LOW);
}

/* No deadline saves what comes next. */
static void make_bulk_for_ever(struct bulk *b)
{
	make_bulk(b);
	timer_stop(b->tcp->lull);
}

static void say(struct bulk *b, size_t n)
{
	static const uint8_t piece[65536];

	while (n) {
		ssize_t took = send(b->far, piece, n < sizeof piece ? n : sizeof piece, 0);
		if (took > 0)
			n -= (size_t)took;
		else
			real_turn(&b->w);
	}
}

static size_t waiting(const struct bulk *b)
{
	int n = 0;

	assert_int_equal(ioctl(tcp_fd(b->tcp), FIONREAD, &n), 0);
	return (size_t)n;
}

/* ---- what is fast ---- */

static void test_fast(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	begin(&b);
	later(&b, 1);
	hear(&b, JUDGED - 1, PIECE);
	assert_int_equal(mark(&b), ANY);
	hear(&b, 1, 1);
	assert_int_equal(mark(&b), LOW);
	bulk_close(&b);
}

/* The same on real input, as often as it takes on a busy machine. */
static void test_fast_in_fact(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	b.stop = true;
	real_until(&b.w, (say(&b, READ_SLOW), mark(&b) == LOW));
	bulk_close(&b);
}

static void test_not_fast(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	begin(&b);
	for (int i = 0; i < 20; i++) {
		later(&b, 2);
		hear(&b, JUDGED, PIECE);
		assert_int_equal(mark(&b), ANY);
	}
	bulk_close(&b);
}

/* Whole reads cannot become larger; what a slow sink allows is one, too. */
static void test_whole_reads(void **state)
{
	static const size_t rooms[] = {READ_ROOM, READ_SLOW};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bulk b;
		bulk_open(&b);
		begin(&b);
		link_read(b.link, rooms[i]);
		for (int j = 0; j < 20; j++)
			hear(&b, JUDGED, rooms[i]);
		assert_int_equal(mark(&b), ANY);
		bulk_close(&b);
	}
}

static void test_no_longer_fast(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk(&b);
	hear(&b, JUDGED, PIECE);
	hear(&b, JUDGED, READ_ROOM);
	assert_int_equal(mark(&b), LOW);
	later(&b, 2);
	hear(&b, JUDGED, READ_ROOM);
	assert_int_equal(mark(&b), ANY);
	hear(&b, JUDGED, PIECE); /* and again */
	assert_int_equal(mark(&b), LOW);
	bulk_close(&b);
}

/* On a unix socket poll does not look at the mark. */
static void test_unix(void **state)
{
	struct bulk b;

	(void)state;
	open_on(&b, true);
	for (int i = 0; i < 20; i++)
		hear(&b, JUDGED, PIECE);
	assert_null(b.tcp->lull);
	assert_int_equal(mark(&b), ANY);
	bulk_close(&b);
}

static void test_no_memory(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	begin(&b);
	fail_malloc_from(1);
	hear(&b, JUDGED, PIECE);
	fail_malloc_off();
	assert_int_equal(mark(&b), ANY);
	say(&b, TAIL);
	real_until(&b.w, b.got == TAIL);
	bulk_close(&b);
}

/* ---- a pause ---- */

/* Each read puts the deadline off. */
static void test_pause(void **state)
{
	struct bulk b;
	struct timers *ts;

	(void)state;
	bulk_open(&b);
	ts = b.w.env->timers;
	make_bulk(&b);
	timers_run(ts, ts->now + WAIT - 1);
	hear(&b, PIECE, PIECE);
	timers_run(ts, ts->now + WAIT - 1);
	assert_int_equal(mark(&b), LOW);
	timers_run(ts, ts->now + 1);
	assert_int_equal(mark(&b), ANY);
	bulk_close(&b);
}

static void test_left_alone(void **state)
{
	struct bulk b;
	struct timers *ts;

	(void)state;
	bulk_open(&b);
	ts = b.w.env->timers;
	make_bulk(&b);
	timers_run(ts, ts->now + WAIT);
	hear(&b, LEFT_ALONE + JUDGED, PIECE); /* in which the pause is counted */
	hear(&b, JUDGED - 1, PIECE);
	assert_int_equal(mark(&b), ANY);
	hear(&b, 1, 1);
	assert_int_equal(mark(&b), LOW);
	bulk_close(&b);
}

/* ---- nothing is left lying ---- */

static void test_silent_below(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	say(&b, LOW - 1);
	for (int i = 0; i < SOME_TURNS; i++)
		real_turn(&b.w);
	assert_int_equal(b.got, 0);
	say(&b, 1);
	real_until(&b.w, b.got == LOW);
	bulk_close(&b);
}

static void test_tail(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk(&b);
	say(&b, TAIL);
	real_until(&b.w, b.got == TAIL);
	assert_int_equal(mark(&b), ANY);
	bulk_close(&b);
}

/* While its sink takes nothing the link is not read, and the pause passes. */
static void test_tail_behind_a_slow_sink(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk(&b);
	link_read(b.link, 0);
	say(&b, TAIL);
	real_until(&b.w, mark(&b) == ANY);
	assert_int_equal(b.got, 0);
	link_read(b.link, READ_SLOW);
	real_until(&b.w, b.got == TAIL);
	bulk_close(&b);
}

static void test_end(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	say(&b, TAIL);
	assert_int_equal(shutdown(b.far, SHUT_WR), 0);
	real_until(&b.w, b.eof);
	assert_int_equal(b.got, TAIL);
	bulk_close(&b);
}

static void test_reset(void **state)
{
	const struct linger now = {.l_onoff = 1};
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	assert_int_equal(setsockopt(b.far, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(b.far);
	real_until(&b.w, b.lost);
	b.far = dup(STDERR_FILENO);
	bulk_close(&b);
}

/* A peer's end is waited for, though its last bytes are few and nobody wants them. */
static void test_closing(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	link_close(b.link, false);
	say(&b, TAIL);
	assert_int_equal(shutdown(b.far, SHUT_WR), 0);
	bulk_gone(&b);
}

/* ---- turns ---- */

/* How many reads there are in the turn that finds 512 KiB and more. */
static size_t reads_of_a_turn(struct bulk *b)
{
	link_read(b->link, 0);
	while (waiting(b) < (size_t)2 * READ_ROOM)
		say(b, PIECE);
	b->stop = true;
	link_read(b->link, READ_ROOM);
	real_until(&b->w, b->got);
	return b->pieces;
}

static void test_two_reads_of_bulk(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	assert_int_equal(reads_of_a_turn(&b), 2);
	assert_int_equal(b.got, 2 * READ_ROOM);
	bulk_close(&b);
}

static void test_one_read_otherwise(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	sock_low(tcp_fd(b.tcp), LOW); /* makes the kernel keep as much, as above */
	sock_low(tcp_fd(b.tcp), ANY);
	assert_int_equal(reads_of_a_turn(&b), 1);
	assert_int_equal(b.got, READ_ROOM);
	bulk_close(&b);
}

/* The first of the two ends the link, or has it wait. */
static void on_bytes_enough(void *owner, struct span s)
{
	struct bulk *b = owner;

	on_bytes(owner, s);
	link_read(b->link, 0);
}

static void on_bytes_cut(void *owner, struct span s)
{
	struct bulk *b = owner;

	on_bytes(owner, s);
	link_close(b->link, true);
}

static void test_one_read_is_enough(void **state)
{
	struct link_events ev = events;
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	ev.bytes = on_bytes_enough;
	link_own(b.link, &ev, &b);
	assert_int_equal(reads_of_a_turn(&b), 1);
	assert_false(b.eof);
	bulk_close(&b);
}

static void test_cut_between_two_reads(void **state)
{
	struct link_events ev = events;
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk_for_ever(&b);
	ev.bytes = on_bytes_cut;
	link_own(b.link, &ev, &b);
	assert_int_equal(reads_of_a_turn(&b), 1);
	bulk_gone(&b);
}

/* With the deadline running; real_close looks for it. */
static void test_cut(void **state)
{
	struct bulk b;

	(void)state;
	bulk_open(&b);
	make_bulk(&b);
	bulk_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_fast),
		UNIT(test_fast_in_fact),
		UNIT(test_not_fast),
		UNIT(test_whole_reads),
		UNIT(test_no_longer_fast),
		UNIT(test_unix),
		UNIT(test_no_memory),
		UNIT(test_pause),
		UNIT(test_left_alone),
		UNIT(test_silent_below),
		UNIT(test_tail),
		UNIT(test_tail_behind_a_slow_sink),
		UNIT(test_end),
		UNIT(test_reset),
		UNIT(test_closing),
		UNIT(test_two_reads_of_bulk),
		UNIT(test_one_read_otherwise),
		UNIT(test_one_read_is_enough),
		UNIT(test_cut_between_two_reads),
		UNIT(test_cut),
	};
	return cmocka_run_group_tests_name("tcp_bulk", tests, NULL, NULL);
}
