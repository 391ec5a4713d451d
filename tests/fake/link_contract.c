/* The cases. Each gets one link and one far end, plays, and must leave both closed and the pool
 * whole. Streams are patterns, so a byte that is wrong, missing or twice there shows at once.
 */
#include "link_contract.h"

#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 20000, MANY = 100, PIECE = 8192 };

/* What the owner saw, and what it does in its callbacks. */
struct seen {
	size_t bytes; /* in order and right */
	unsigned events, eofs, drains, losts, closes;
	size_t largest;         /* bytes event */
	size_t queued_at_drain; /* at the last drained */
	struct why why;
	/* What to do. */
	size_t stop_after; /* read(0) once so many events came; 0: never */
	bool scribble;     /* over the span and its headroom */
	enum { DO_NOTHING, DO_CLOSE, DO_CUT } on_bytes, on_eof, on_drained, on_lost;
};

struct contract {
	struct contract_maker *m;
	struct link *link; /* NULL after closed */
	void *far;
	struct seen seen;
	bool inside;  /* a call on the link is running */
	bool closing; /* close has been called */
	bool ended, finished, failed;
	size_t sent, taken; /* the stream up to the far end */
	size_t said;        /* the stream down from it */
	size_t queued_max;
};

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 31 + i / 253 + i / 65521);
}

/* ---- the owner: calls on the link, and its events ---- */

static int do_send(struct contract *c, size_t n, unsigned flags)
{
	uint8_t *room = malloc(LINK_HEADROOM + n + 1);
	assert_non_null(room);
	struct span s = span_of(room + LINK_HEADROOM, n);
	for (size_t i = 0; i < n; i++)
		s.at[i] = pattern(c->sent + i);
	c->inside = true;
	int r = link_send(c->link, s, flags);
	c->inside = false;
	/* Bytes are copied or gone by now: what the caller does with them is its business. */
	memset(room, 0xdd, LINK_HEADROOM + n);
	free(room);
	if (r == 0)
		c->sent += n;
	if (link_queued(c->link) > c->queued_max)
		c->queued_max = link_queued(c->link);
	return r;
}

static void do_read(struct contract *c, size_t room)
{
	c->inside = true;
	link_read(c->link, room);
	c->inside = false;
}

static void do_finish(struct contract *c)
{
	c->inside = c->finished = true;
	link_finish(c->link, NULL);
	c->inside = false;
}

static void do_close(struct contract *c, bool reset)
{
	c->inside = c->closing = true;
	link_close(c->link, reset);
	c->inside = false;
}

static void react(struct contract *c, int what)
{
	if (what == DO_CLOSE || what == DO_CUT)
		do_close(c, what == DO_CUT);
}

/* What holds at every event but closed. */
static struct contract *event(void *owner)
{
	struct contract *c = owner;
	assert_false(c->inside);            /* no call calls back */
	assert_false(c->closing);           /* after close only closed */
	assert_int_equal(c->seen.losts, 0); /* after lost nothing but what close brings */
	assert_non_null(c->link);
	return c;
}

static void on_bytes(void *owner, struct span s)
{
	struct contract *c = event(owner);
	assert_int_equal(c->seen.eofs, 0);
	assert_true(s.len > 0);
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != pattern(c->seen.bytes + i))
			fail_msg("byte %zu of the stream is wrong", c->seen.bytes + i);
	c->seen.bytes += s.len;
	c->seen.events++;
	if (s.len > c->seen.largest)
		c->seen.largest = s.len;
	if (c->seen.scribble)
		memset(s.at - LINK_HEADROOM, 0xee, LINK_HEADROOM + s.len);
	if (c->seen.stop_after && c->seen.events == c->seen.stop_after)
		do_read(c, 0);
	react(c, c->seen.on_bytes);
}

static void on_eof(void *owner)
{
	struct contract *c = event(owner);
	c->seen.eofs++;
	assert_int_equal(c->seen.eofs, 1);
	react(c, c->seen.on_eof);
}

static void on_drained(void *owner)
{
	struct contract *c = event(owner);
	c->seen.drains++;
	c->seen.queued_at_drain = link_queued(c->link);
	react(c, c->seen.on_drained);
}

static void on_lost(void *owner, const struct why *why)
{
	struct contract *c = event(owner);
	c->seen.losts++;
	c->seen.why = *why;
	assert_true(why->layer != WHY_NONE);
	assert_true(why->text[0] != 0);
	react(c, c->seen.on_lost);
}

static void on_closed(void *owner)
{
	struct contract *c = owner;
	assert_false(c->inside);
	assert_true(c->closing); /* a link does not close itself */
	assert_int_equal(c->seen.closes, 0);
	c->seen.closes++;
	c->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, on_drained, on_lost, on_closed};

/* ---- turning ---- */

static void turn(struct contract *c)
{
	c->m->turn(c->m);
	if (c->link && link_queued(c->link) > c->queued_max)
		c->queued_max = link_queued(c->link);
}

/* Turns until cond holds, or fails the case. */
#define UNTIL(c, cond)                                                                             \
	do {                                                                                       \
		unsigned turns_ = 0;                                                               \
		while (!(cond)) {                                                                  \
			if (turns_++ == TURNS)                                                     \
				fail_msg("%s:%d: never: %s", __FILE__, __LINE__, #cond);           \
			turn(c);                                                                   \
		}                                                                                  \
	} while (0)

/* Gives what should not happen a chance to. */
static void some_turns(struct contract *c)
{
	for (int i = 0; i < 30; i++)
		turn(c);
}

/* The far end says n more bytes of its stream, as far as it can without the link reading. */
static size_t say_some(struct contract *c, size_t n)
{
	uint8_t buf[PIECE];
	size_t all = 0;
	while (all < n) {
		size_t want = n - all < sizeof buf ? n - all : sizeof buf;
		for (size_t i = 0; i < want; i++)
			buf[i] = pattern(c->said + i);
		size_t done = c->m->say(c->far, span_of(buf, want));
		assert_true(done <= want);
		c->said += done;
		all += done;
		if (done < want)
			break;
	}
	return all;
}

static void say(struct contract *c, size_t n)
{
	unsigned turns = 0;
	for (n -= say_some(c, n); n; n -= say_some(c, n)) {
		if (turns++ == TURNS)
			fail_msg("the far end cannot say %zu more bytes", n);
		turn(c);
	}
}

/* The far end takes up to n bytes of what is there. */
static size_t take_some(struct contract *c, size_t n)
{
	uint8_t buf[PIECE];
	size_t all = 0;
	while (all < n) {
		size_t want = n - all < sizeof buf ? n - all : sizeof buf;
		size_t got = c->m->take(c->far, buf, want);
		assert_true(got <= want);
		for (size_t i = 0; i < got; i++)
			if (buf[i] != pattern(c->taken + i))
				fail_msg("byte %zu sent is wrong", c->taken + i);
		c->taken += got;
		all += got;
		if (got == 0)
			break;
	}
	return all;
}

/* The far end takes everything that was ever sent, and not a byte more. */
static void take_all(struct contract *c)
{
	UNTIL(c, (take_some(c, SIZE_MAX), c->taken >= c->sent));
	assert_int_equal(c->taken, c->sent);
}

static void far_end(struct contract *c)
{
	c->ended = true;
	c->m->end(c->far);
}

static void far_reset(struct contract *c)
{
	c->ended = true;
	c->m->reset(c->far);
}

/* Sends until at least n bytes are queued, `step` at a time. The far end takes nothing, but what
 * lies between the two may take more after a while. */
static void fill(struct contract *c, size_t n, size_t step)
{
	unsigned sends = 0;
	while (link_queued(c->link) < n) {
		assert_int_equal(do_send(c, step, 0), 0);
		if (sends++ == 1000000)
			fail_msg("%zu bytes sent and %zu queued", c->sent, link_queued(c->link));
	}
}

/* The end of every case that has none of its own. */
static void hang_up(struct contract *c)
{
	if (c->link && !c->closing)
		do_close(c, true);
	UNTIL(c, c->link == NULL);
	assert_int_equal(c->seen.closes, 1);
}

/* ---- sending ---- */

static void case_sends_in_order(struct contract *c)
{
	struct rng r = {11};
	size_t largest = 0;
	while (c->sent < 3000000) {
		size_t n = 1 + rng_below(&r, rng_below(&r, 8) ? 3000 : 200000);
		if (link_queued(c->link) <= LINK_HIGH) {
			assert_int_equal(do_send(c, n, rng_below(&r, 2) ? SEND_ROOM : 0), 0);
			if (n > largest)
				largest = n;
		} else {
			turn(c);
		}
		take_some(c, rng_below(&r, 60000));
	}
	take_all(c);
	UNTIL(c, link_queued(c->link) == 0);
	/* A source that stops above HIGH costs HIGH and one send (headers of a layer included). */
	assert_true(c->queued_max <= LINK_HIGH + largest + largest / 2 + 64);
}

static void case_sends_all_or_nothing(struct contract *c)
{
	const size_t n = 16000000;
	assert_int_equal(do_send(c, n, 0), 0);
	if (c->m->pushes_back)
		assert_true(link_queued(c->link) > 0);
	assert_true(link_queued(c->link) <= n + n / 2);
	take_all(c);
	UNTIL(c, link_queued(c->link) == 0);
	assert_int_equal(do_send(c, 1, 0), 0);
	take_all(c);
}

static void case_sends_nothing(struct contract *c)
{
	assert_int_equal(do_send(c, 0, 0), 0);
	assert_int_equal(do_send(c, 5, 0), 0);
	assert_int_equal(do_send(c, 0, SEND_ROOM), 0);
	take_all(c);
}

static void case_drained_below_low(struct contract *c)
{
	if (!c->m->pushes_back)
		return;
	fill(c, LINK_LOW * 3, 4096);
	some_turns(c);
	assert_int_equal(c->seen.drains, link_queued(c->link) < LINK_LOW);
	while (c->seen.drains == 0) {
		size_t before = link_queued(c->link);
		assert_true(before > 0);
		take_some(c, 1000);
		turn(c);
	}
	assert_true(c->seen.queued_at_drain < LINK_LOW);
	take_all(c);
	UNTIL(c, link_queued(c->link) == 0);
	some_turns(c);
	assert_int_equal(c->seen.drains, 1); /* not once more at 0 */
	fill(c, LINK_LOW, 4096);
	take_all(c);
	UNTIL(c, c->seen.drains == 2);
}

static void case_not_drained_below_low(struct contract *c)
{
	if (!c->m->pushes_back)
		return;
	fill(c, 1, 512);
	if (c->queued_max < LINK_LOW) {
		take_all(c);
		UNTIL(c, link_queued(c->link) == 0);
		some_turns(c);
		assert_int_equal(c->seen.drains, 0);
	}
}

static void case_drained_after_finish(struct contract *c)
{
	if (!c->m->pushes_back)
		return;
	fill(c, 1, 512);
	do_finish(c);
	some_turns(c);
	assert_int_equal(c->seen.drains, link_queued(c->link) == 0);
	take_all(c);
	UNTIL(c, c->seen.drains == 1);
	assert_int_equal(c->seen.queued_at_drain, 0);
	some_turns(c);
	assert_int_equal(c->seen.drains, 1);
}

static void case_finish_with_nothing_queued(struct contract *c)
{
	do_finish(c);
	if (link_queued(c->link)) /* a layer may have to say its end in bytes */
		UNTIL(c, c->seen.drains == 1);
	UNTIL(c, (take_some(c, SIZE_MAX), c->m->saw_end(c->far)));
	assert_int_equal(c->taken, 0);
	assert_true(c->seen.drains <= 1);
}

/* ---- reading ---- */

static void case_silent_until_asked(struct contract *c)
{
	say_some(c, 1000);
	some_turns(c);
	assert_int_equal(c->seen.events, 0);
	do_read(c, READ_ROOM);
	UNTIL(c, c->seen.bytes == c->said);
}

static void case_room(struct contract *c)
{
	static const size_t rooms[] = {1, 7, 4096, READ_SLOW, READ_ROOM, (size_t)READ_ROOM * 4};
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		unit_note("room %zu", rooms[i]);
		c->seen.largest = 0;
		do_read(c, rooms[i]);
		say(c, rooms[i] < 100 ? 300 : 400000);
		UNTIL(c, c->seen.bytes == c->said);
		assert_true(c->seen.largest <= rooms[i]);
		do_read(c, 0);
		some_turns(c);
	}
}

/* read(l, 0) from within an event: at most one more. */
static void case_stops(struct contract *c)
{
	for (unsigned round = 1; round <= 5; round++) {
		c->seen.stop_after = c->seen.events + 1;
		do_read(c, 1000);
		say_some(c, 50000);
		UNTIL(c, c->seen.events >= c->seen.stop_after);
		some_turns(c);
		assert_true(c->seen.events <= c->seen.stop_after + 1);
	}
	assert_true(c->seen.largest <= 1000);
	c->seen.stop_after = 0;
	do_read(c, READ_ROOM);
	UNTIL(c, c->seen.bytes == c->said);
}

/* read(l, 0) from outside. */
static void case_stops_from_outside(struct contract *c)
{
	do_read(c, 1000);
	say_some(c, 50000);
	UNTIL(c, c->seen.events > 0);
	do_read(c, 0);
	unsigned at = c->seen.events;
	some_turns(c);
	assert_true(c->seen.events <= at + 1);
	do_read(c, 0);
	do_read(c, READ_ROOM);
	UNTIL(c, c->seen.bytes == c->said);
}

static void case_headroom_is_ours(struct contract *c)
{
	c->seen.scribble = true;
	do_read(c, 3000);
	say(c, 200000);
	UNTIL(c, c->seen.bytes == c->said);
	do_read(c, READ_ROOM);
	say(c, 600000);
	UNTIL(c, c->seen.bytes == c->said);
}

/* ---- ends ---- */

static void case_eof_after_last_bytes(struct contract *c)
{
	do_read(c, 5000);
	say(c, 300001);
	far_end(c);
	UNTIL(c, c->seen.eofs == 1);
	assert_int_equal(c->seen.bytes, 300001);
	assert_int_equal(c->seen.losts, 0);
	do_read(c, READ_ROOM); /* harmless */
	some_turns(c);
	assert_int_equal(c->seen.eofs, 1);
	assert_true(c->m->half_close != c->link->shut);
}

static void case_eof_while_not_reading(struct contract *c)
{
	size_t n = say_some(c, 20000);
	far_end(c);
	some_turns(c);
	do_read(c, READ_ROOM);
	UNTIL(c, c->seen.eofs == 1);
	assert_int_equal(c->seen.bytes, n);
}

static void case_output_outlives_eof(struct contract *c)
{
	if (!c->m->half_close)
		return;
	do_read(c, READ_ROOM);
	far_end(c);
	UNTIL(c, c->seen.eofs == 1);
	for (int i = 0; i < 50; i++)
		assert_int_equal(do_send(c, 20000, 0), 0);
	take_all(c);
	do_finish(c);
	UNTIL(c, c->m->saw_end(c->far));
}

static void case_input_outlives_finish(struct contract *c)
{
	if (!c->m->half_close)
		return;
	do_finish(c);
	UNTIL(c, c->m->saw_end(c->far));
	do_read(c, READ_ROOM);
	say(c, 700000);
	far_end(c);
	UNTIL(c, c->seen.eofs == 1);
	assert_int_equal(c->seen.bytes, 700000);
	assert_int_equal(c->seen.losts, 0);
}

static void case_finish_flushes(struct contract *c)
{
	assert_int_equal(do_send(c, 9000000, 0), 0);
	do_finish(c);
	some_turns(c);
	assert_false(c->m->saw_end(c->far));
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	UNTIL(c, link_queued(c->link) == 0);
}

/* SEND_LAST is a hint; the bytes and the end arrive all the same. */
static void last_send(struct contract *c, size_t n)
{
	assert_int_equal(do_send(c, 1000, 0), 0);
	assert_int_equal(do_send(c, n, SEND_LAST), 0);
	do_finish(c);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	UNTIL(c, c->link->queued == 0);
}

static void case_last_send(struct contract *c)
{
	last_send(c, 100);
}

static void case_long_last_send(struct contract *c)
{
	last_send(c, 5000000);
}

static void case_lost_once(struct contract *c)
{
	if (!c->m->resets)
		return;
	do_read(c, READ_ROOM);
	far_reset(c);
	UNTIL(c, c->seen.losts == 1);
	assert_int_equal(c->seen.eofs, 0);
	assert_true(c->link->shut);
	some_turns(c);
	do_close(c, false);
	UNTIL(c, c->link == NULL);
}

static void case_lost_with_bytes_queued(struct contract *c)
{
	if (!c->m->resets)
		return;
	do_read(c, READ_ROOM);
	assert_int_equal(do_send(c, 9000000, 0), 0);
	far_reset(c);
	UNTIL(c, c->seen.losts == 1);
	assert_int_equal(link_queued(c->link), 0);
	assert_true(do_send(c, 10, 0) < 0);
	assert_int_equal(link_queued(c->link), 0);
	some_turns(c);
}

/* Nobody reads: sending finds out, and the owner need not do anything about it. */
static void case_failed_send_becomes_lost(struct contract *c)
{
	unsigned sends = 0;
	if (!c->m->resets)
		return;
	far_reset(c);
	while (do_send(c, 1000, 0) == 0) {
		assert_true(sends++ < TURNS);
		turn(c);
	}
	assert_true(do_send(c, 1000, 0) < 0);
	UNTIL(c, c->seen.losts == 1);
	assert_true(do_send(c, 1000, 0) < 0);
	some_turns(c);
}

static void case_stall(struct contract *c)
{
	if (!c->m->stalls)
		return;
	c->m->limits->stall_ms = 40;
	fill(c, 1, 4096);
	UNTIL(c, c->seen.losts == 1 || (fill(c, 1, 4096), false));
	assert_int_equal(c->seen.why.err, -ETIMEDOUT);
	assert_true(do_send(c, 1, 0) < 0);
	assert_int_equal(link_queued(c->link), 0);
}

/* ---- closing ---- */

static void case_close_is_idempotent(struct contract *c)
{
	do_close(c, false);
	do_close(c, false);
	far_end(c);
	do_close(c, true);
	do_close(c, true);
	do_close(c, false);
	UNTIL(c, c->link == NULL);
	some_turns(c);
	assert_int_equal(c->seen.closes, 1);
}

static void case_close_delivers(struct contract *c)
{
	assert_int_equal(do_send(c, 9000000, 0), 0);
	do_close(c, false);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	far_end(c);
	UNTIL(c, c->link == NULL);
}

static void case_close_after_finish(struct contract *c)
{
	assert_int_equal(do_send(c, 9000000, 0), 0);
	do_finish(c);
	do_close(c, false);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	far_end(c);
	UNTIL(c, c->link == NULL);
}

/* Input that still comes is dropped, or a far end that is busy talking would never listen. */
static void case_close_drops_input(struct contract *c)
{
	if (!c->m->close_waits)
		return;
	do_read(c, READ_ROOM);
	say(c, 100);
	UNTIL(c, c->seen.bytes == 100);
	assert_int_equal(do_send(c, 5000, 0), 0);
	do_close(c, false);
	say(c, 5000000);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	assert_non_null(c->link);
	far_end(c);
	UNTIL(c, c->link == NULL);
}

static void case_close_deadline(struct contract *c)
{
	if (!c->m->close_waits)
		return;
	c->m->limits->close_ms = 40;
	do_close(c, false);
	UNTIL(c, c->link == NULL); /* the far end never says its end */
}

static void case_close_with_stalled_bytes(struct contract *c)
{
	if (!c->m->stalls)
		return;
	c->m->limits->close_ms = 40;
	c->m->limits->stall_ms = 40;
	fill(c, LINK_HIGH, 4096);
	do_close(c, false);
	UNTIL(c, c->link == NULL);
}

/* Both ends have ended: there is nothing to wait for. */
static void case_close_at_once_after_eof(struct contract *c)
{
	do_read(c, READ_ROOM);
	far_end(c);
	UNTIL(c, c->seen.eofs == 1);
	c->m->limits->close_ms = c->m->limits->stall_ms = UINT32_MAX;
	do_close(c, false);
	UNTIL(c, c->link == NULL);
}

/* The peer has said goodbye in the language above: its bytes leave, its end is not awaited. */
static void case_parted_delivers(struct contract *c)
{
	c->m->limits->close_ms = UINT32_MAX;
	do_read(c, READ_ROOM);
	assert_int_equal(do_send(c, 9000000, 0), 0);
	c->link->parted = true;
	do_close(c, false);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	UNTIL(c, c->link == NULL);
}

static void case_parted_after_last_send(struct contract *c)
{
	c->m->limits->close_ms = UINT32_MAX;
	assert_int_equal(do_send(c, 100, SEND_LAST), 0);
	c->link->parted = true;
	do_close(c, false);
	UNTIL(c, c->link == NULL);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
}

static void case_cut_does_not_wait(struct contract *c)
{
	c->m->limits->close_ms = c->m->limits->stall_ms = UINT32_MAX;
	assert_int_equal(do_send(c, 9000000, 0), 0);
	do_read(c, READ_ROOM);
	do_close(c, true);
	UNTIL(c, c->link == NULL);
	some_turns(c);
}

static void case_cut_during_close(struct contract *c)
{
	c->m->limits->close_ms = c->m->limits->stall_ms = UINT32_MAX;
	assert_int_equal(do_send(c, 9000000, 0), 0);
	do_close(c, false);
	some_turns(c);
	if (c->m->pushes_back)
		assert_non_null(c->link);
	if (c->link)
		do_close(c, true);
	UNTIL(c, c->link == NULL);
}

static void close_inside(struct contract *c, int how)
{
	static const char *const names[] = {"", "close", "cut"};
	unit_note("%s inside an event", names[how]);
	c->seen.on_bytes = how;
	do_read(c, 10);
	say_some(c, 1000);
	UNTIL(c, c->closing);
	far_end(c);
	hang_up(c);
	assert_int_equal(c->seen.events, 1);
}

static void case_close_inside_bytes(struct contract *c)
{
	close_inside(c, DO_CLOSE);
}

static void case_cut_inside_bytes(struct contract *c)
{
	close_inside(c, DO_CUT);
}

static void case_close_inside_eof(struct contract *c)
{
	c->seen.on_eof = DO_CLOSE;
	do_read(c, READ_ROOM);
	far_end(c);
	UNTIL(c, c->link == NULL);
	assert_int_equal(c->seen.eofs, 1);
}

static void case_close_inside_drained(struct contract *c)
{
	if (!c->m->pushes_back)
		return;
	c->seen.on_drained = DO_CLOSE;
	fill(c, LINK_LOW, 4096);
	do_finish(c);
	take_all(c);
	UNTIL(c, c->m->saw_end(c->far));
	far_end(c);
	UNTIL(c, c->link == NULL);
	assert_int_equal(c->seen.drains, 1);
}

static void case_cut_inside_drained(struct contract *c)
{
	if (!c->m->pushes_back)
		return;
	c->seen.on_drained = DO_CUT;
	fill(c, LINK_LOW, 4096);
	UNTIL(c, (take_some(c, 4096), c->link == NULL));
	assert_int_equal(c->seen.drains, 1);
}

static void case_close_inside_lost(struct contract *c)
{
	if (!c->m->resets)
		return;
	c->seen.on_lost = DO_CLOSE;
	do_read(c, READ_ROOM);
	far_reset(c);
	UNTIL(c, c->link == NULL);
	assert_int_equal(c->seen.losts, 1);
}

/* ---- both at once, and many ---- */

static void case_both_ways(struct contract *c)
{
	struct rng r = {5};
	size_t n = 4000000;
	do_read(c, READ_ROOM);
	while (c->sent < n || c->said < n) {
		if (c->sent < n && link_queued(c->link) < LINK_HIGH)
			assert_int_equal(do_send(c, 1 + rng_below(&r, 50000), 0), 0);
		if (c->said < n)
			say_some(c, 1 + rng_below(&r, 50000));
		take_some(c, rng_below(&r, 90000));
		turn(c);
	}
	take_all(c);
	UNTIL(c, c->seen.bytes == c->said);
	assert_int_equal(c->seen.losts, 0);
}

static struct contract *contract_open(struct contract_maker *m)
{
	struct contract *c = calloc(1, sizeof *c);
	assert_non_null(c);
	c->m = m;
	assert_true(m->make(m, &c->link, &c->far) >= 0);
	assert_int_equal(link_queued(c->link), 0);
	assert_false(c->link->shut);
	link_own(c->link, &events, c);
	return c;
}

static void contract_close(struct contract *c)
{
	hang_up(c);
	c->m->done(c->far);
	free(c);
}

static void case_many(struct contract *c)
{
	struct contract *all[MANY];
	for (int i = 0; i < MANY; i++) {
		all[i] = contract_open(c->m);
		do_read(all[i], READ_ROOM);
		assert_int_equal(do_send(all[i], 30000, 0), 0);
		say_some(all[i], 3000);
	}
	for (int i = 0; i < MANY; i++) {
		take_all(all[i]);
		UNTIL(all[i], all[i]->seen.bytes == all[i]->said);
	}
	for (int i = 0; i < MANY; i++)
		contract_close(all[i]);
}

/* ---- running them ---- */

struct row {
	const char *name;
	void (*run)(struct contract *c);
};

/* clang-format off */
#define ROW(name) {#name, case_##name}
/* clang-format on */
static const struct row rows[] = {
	ROW(sends_in_order),
	ROW(sends_all_or_nothing),
	ROW(sends_nothing),
	ROW(drained_below_low),
	ROW(not_drained_below_low),
	ROW(drained_after_finish),
	ROW(finish_with_nothing_queued),
	ROW(silent_until_asked),
	ROW(room),
	ROW(stops),
	ROW(stops_from_outside),
	ROW(headroom_is_ours),
	ROW(eof_after_last_bytes),
	ROW(eof_while_not_reading),
	ROW(output_outlives_eof),
	ROW(input_outlives_finish),
	ROW(finish_flushes),
	ROW(last_send),
	ROW(long_last_send),
	ROW(lost_once),
	ROW(lost_with_bytes_queued),
	ROW(failed_send_becomes_lost),
	ROW(stall),
	ROW(close_is_idempotent),
	ROW(close_delivers),
	ROW(close_after_finish),
	ROW(close_drops_input),
	ROW(close_deadline),
	ROW(close_with_stalled_bytes),
	ROW(close_at_once_after_eof),
	ROW(parted_delivers),
	ROW(parted_after_last_send),
	ROW(cut_does_not_wait),
	ROW(cut_during_close),
	ROW(close_inside_bytes),
	ROW(cut_inside_bytes),
	ROW(close_inside_eof),
	ROW(close_inside_drained),
	ROW(cut_inside_drained),
	ROW(close_inside_lost),
	ROW(both_ways),
	ROW(many),
};
enum { ROWS = sizeof rows / sizeof *rows };

struct binding {
	const struct row *row;
	struct contract_maker *m;
	struct limits limits; /* at the start; a case that failed does not put them back */
	char name[96];
};

static void run_case(void **state)
{
	struct binding *b = *state;
	*b->m->limits = b->limits;
	struct contract *c = contract_open(b->m);
	b->row->run(c);
	contract_close(c);
	assert_int_equal(b->m->env->pool->taken, 0);
	unit_note_clear();
}

int contract_run(struct contract_maker *m)
{
	static struct binding bindings[ROWS];
	struct CMUnitTest tests[ROWS];
	for (size_t i = 0; i < ROWS; i++) {
		struct binding *b = &bindings[i];
		*b = (struct binding){.row = &rows[i], .m = m, .limits = *m->limits};
		snprintf(b->name, sizeof b->name, "%s link: %s", m->name, rows[i].name);
		tests[i] = (struct CMUnitTest){.name = b->name,
		                               .test_func = run_case,
		                               .setup_func = unit_begin,
		                               .teardown_func = unit_end,
		                               .initial_state = b};
	}
	return _cmocka_run_group_tests(m->name, tests, ROWS, NULL, NULL);
}
