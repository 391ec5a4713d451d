/* fuzz: the test card. The input is a script of what its owner does:
 *
 *   00 … bf   say the next 1 … 192 bytes (or what is left of them)
 *   c0 … df   read, 1 << (n & 15) bytes at a time
 *   e0        stop reading
 *   e1        finish
 *   e2        a greeting, up to where messages begin
 *   e3        a request for all there is
 *   e4 … ff   time passes: (n - e3)² ms
 *
 * Held: the contract of base/link.h, as far as an owner sees it; nothing is said and no timer runs
 * while nobody reads; at most 30 updates a second, each at most a picture of raw pixels and some;
 * no chunk is kept.
 */
#include "testcard/testcard.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

struct owner {
	struct link *link;
	struct env env;
	struct pool pool;
	struct deferq defer;
	struct timers timers;
	size_t room, bytes;
	bool inside, finished;
	unsigned eofs, losts, closes;
};

static void on_bytes(void *self, struct span s)
{
	struct owner *o = self;

	check(!o->inside && !o->eofs && !o->losts && !o->closes);
	check(s.len > 0 && s.len <= o->room && s.len <= BUF_SIZE);
	memset(s.at - LINK_HEADROOM, 0xdd, LINK_HEADROOM + s.len);
	o->bytes += s.len;
}

static void on_eof(void *self)
{
	struct owner *o = self;
	check(!o->inside && o->finished && !o->eofs++ && !o->losts && !o->closes);
}

static void on_drained(void *self)
{
	(void)self;
	abort();
}

static void on_lost(void *self, const struct why *why)
{
	struct owner *o = self;
	check(!o->inside && !o->losts++ && !o->eofs && !o->closes);
	check(why->text[0] != 0);
}

static void on_closed(void *self)
{
	struct owner *o = self;
	check(!o->inside && !o->closes++);
}

static const struct link_events events = {on_bytes, on_eof, on_drained, on_lost, on_closed};

static void turn(struct owner *o, uint64_t ms)
{
	uint64_t until = o->timers.now + ms;
	unsigned steps = 500; /* what takes longer goes on in the next turn */
	int64_t next;

	deferq_run(&o->defer);
	while (steps-- && (next = timers_next(&o->timers)) >= 0 &&
	       o->timers.now + (uint64_t)next <= until) {
		timers_run(&o->timers, o->timers.now + (uint64_t)next);
		deferq_run(&o->defer);
		check(o->pool.taken == 0);
	}
	timers_run(&o->timers, until);
	deferq_run(&o->defer);
	if (o->room == 0 || o->eofs || o->losts)
		check(timers_next(&o->timers) < 0);
}

static void say(struct owner *o, struct span s)
{
	o->inside = true;
	int r = link_send(o->link, s, 0);
	check(r == 0 || o->finished || o->eofs || o->losts);
	check(o->link->queued == 0);
	o->inside = false;
}

static void finish(struct owner *o)
{
	o->finished = true;
	link_finish(o->link, NULL);
}

static void act(struct owner *o, uint8_t op, struct span *rest)
{
	static const char greeting[] = "RFB 003.008\n\1\1", want[] = "\3\0\0\0\0\0\377\377\377\377";

	if (op < 0xc0) {
		say(o, span_take(rest, op < rest->len ? op + 1u : rest->len));
	} else if (op < 0xe1) {
		o->room = op == 0xe0 ? 0 : (size_t)1 << (op & 15);
		link_read(o->link, o->room);
	} else if (op == 0xe1) {
		finish(o);
	} else if (op == 0xe2) {
		say(o, span_of(greeting, sizeof greeting - 1));
	} else if (op == 0xe3) {
		say(o, span_of(want, sizeof want - 1));
	} else {
		turn(o, (op - 0xe3u) * (op - 0xe3u));
	}
	turn(o, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct owner o = {.room = 4096};
	struct span rest = span_of(data, len);
	uint64_t begun;

	pool_init(&o.pool, 0);
	deferq_init(&o.defer);
	timers_init(&o.timers, 1000);
	begun = o.timers.now;
	o.env = (struct env){.pool = &o.pool, .defer = &o.defer, .timers = &o.timers};
	check(testcard_open(&o.link, &o.env) == 0);
	link_own(o.link, &events, &o);
	link_read(o.link, o.room);
	/* Ten seconds and a few pictures; more teaches nothing new. */
	while (rest.len && o.timers.now - begun < 10000 && o.bytes < (size_t)1 << 22)
		act(&o, *span_take(&rest, 1).at, &rest);
	uint64_t frames = (o.timers.now - begun) * 30 / 1000 + 1;
	check(o.bytes <= frames * ((size_t)2560 * 1600 * 4 * 11 / 10) + 100 * (len + 100));
	link_close(o.link, len & 1);
	turn(&o, 0);
	check(o.closes == 1);
	check(list_empty(&o.defer.calls) && timers_next(&o.timers) < 0);
	pool_done(&o.pool);
	return 0;
}
