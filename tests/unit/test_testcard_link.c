/* The test card as a link (base/link.h): how it ends, and that it does so once, in order and
 * without leaving anything behind.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "unit/unit.h"

#include "unit/rfb_client.h"

#include "fake/fail_malloc.h"
#include "testcard/testcard.h"

#include <errno.h>
#include <stdlib.h>

static const int offer[] = {1, 5, -308};

static void begin(struct rfb_client *c, struct fake_env *env, size_t room)
{
	fake_env_init(env);
	rfb_open(c, env, room);
	rfb_hello(c, 8);
	rfb_offer(c, offer, 3);
	rfb_turn(c);
	assert_int_equal(c->greeted, room > 0);
}

static void end(struct rfb_client *c, struct fake_env *env)
{
	rfb_done(c);
	fake_env_done(env);
	unit_note_clear();
}

/* ---- ends ---- */

static void finish(struct rfb_client *c)
{
	c->inside = true;
	link_finish(c->link, NULL);
	c->inside = false;
}

static void test_finish(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 4096);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	rfb_want_all(&c, true); /* waits for the next frame */
	finish(&c);
	assert_int_equal(c.eofs, 0);
	rfb_sleep(&c, 1000);
	assert_int_equal(c.eofs, 1);
	assert_int_equal(c.updates, 1);
	assert_int_equal(c.losts, 0);
	assert_int_equal(timers_next(&env.timers), -1);
	rfb_read(&c, 4096); /* once is enough */
	rfb_sleep(&c, 1000);
	assert_int_equal(c.eofs, 1);
	end(&c, &env);
}

/* No update is begun after it, even if a frame is due by now. */
static void test_finish_when_due(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 4096);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	rfb_want_all(&c, true);
	env.timers.now += 100;
	finish(&c);
	rfb_turn(&c);
	assert_int_equal(c.eofs, 1);
	assert_int_equal(c.updates, 1);
	end(&c, &env);
}

/* What was begun is completed, as slowly as the reader likes; then comes the end. */
static void test_finish_under_way(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 100);
	rfb_want_all(&c, false);
	deferq_run(&env.defer);
	finish(&c);
	rfb_read(&c, 0);
	rfb_sleep(&c, 100);
	assert_int_equal(c.eofs, 0);
	assert_true(c.left > 0);
	rfb_read(&c, 33);
	rfb_turn(&c);
	assert_int_equal(c.eofs, 1);
	assert_int_equal(c.updates, 1);
	rfb_check_picture(&c);
	end(&c, &env);
}

static void test_finish_before_reading(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	fake_env_init(&env);
	rfb_open(&c, &env, 0);
	finish(&c);
	rfb_sleep(&c, 100);
	assert_int_equal(c.events + c.eofs, 0);
	rfb_read(&c, 5);
	fake_sleep(&env, 0);
	assert_span_is(rfb_rest(&c), "RFB 003.008\n");
	assert_int_equal(c.eofs, 1);
	end(&c, &env);
}

/* close in every situation, once or twice: closed comes once, later, and nothing before it. */
static void test_close(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 64; n++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("situation %u", n);
		begin(&c, &env, n & 1 ? 100 : 0);
		rfb_want(&c, false, 0, 0, 800, 600);
		if (n & 2)
			deferq_run(&env.defer);
		if (n & 4)
			timers_run(&env.timers, env.timers.now + 50);
		if (n & 8)
			finish(&c);
		else if (n & 16)
			rfb_say(&c, span_str("\x99"));
		if (n & 24)
			deferq_run(&env.defer);
		unsigned before = c.events + c.eofs + c.losts;
		c.inside = true;
		link_close(c.link, n & 32);
		link_close(c.link, true);
		c.inside = false;
		assert_int_equal(c.closes, 0);
		rfb_read(&c, 100);
		fake_sleep(&env, 1000);
		assert_int_equal(c.closes, 1);
		assert_int_equal(c.events + c.eofs + c.losts, before);
		end(&c, &env);
	}
}

/* Owners that do something from inside of an event. */
struct owner {
	struct link *link;
	enum { CLOSE, STOP, FINISH, SAY_WRONG } act;
	unsigned acts_at, events, after, eofs, losts, closes;
};

static void owner_bytes(void *self, struct span s)
{
	struct owner *o = self;

	(void)s;
	o->after += o->events >= o->acts_at;
	if (++o->events != o->acts_at)
		return;
	switch (o->act) {
	case CLOSE: link_close(o->link, false); break;
	case STOP: link_read(o->link, 0); break;
	case FINISH: link_finish(o->link, NULL); break;
	case SAY_WRONG: link_send(o->link, span_str("\x99"), 0); break;
	}
}

static void owner_eof(void *self)
{
	struct owner *o = self;
	o->eofs++;
	link_close(o->link, false);
}

static void owner_lost(void *self, const struct why *why)
{
	struct owner *o = self;
	(void)why;
	o->losts++;
	link_close(o->link, true);
}

static void owner_closed(void *self)
{
	struct owner *o = self;
	o->closes++;
}

static void test_acts_inside_events(void **state)
{
	(void)state;
	static const struct link_events events = {owner_bytes, owner_eof, NULL, owner_lost,
	                                          owner_closed};
	static const char hello[] = "RFB 003.008\n\1\1\3\0\0\0\0\0\3\40\2\130";

	for (int act = CLOSE; act <= SAY_WRONG; act++)
		for (unsigned at = 1; at < 30; at++) {
			struct fake_env env;
			struct owner o = {.act = act, .acts_at = at};
			unit_note("act %d at event %u", act, at);
			fake_env_init(&env);
			assert_int_equal(testcard_open(&o.link, &env.env), 0);
			link_own(o.link, &events, &o);
			link_read(o.link, 5000);
			link_send(o.link, span_of(hello, sizeof hello - 1), 0);
			fake_sleep(&env, 100);
			assert_true(o.events >= at);
			assert_int_equal(o.losts, act == SAY_WRONG);
			assert_int_equal(o.eofs, act == FINISH);
			assert_int_equal(o.closes, act != STOP);
			if (act == CLOSE || act == STOP)
				assert_int_equal(o.after, 0);
			if (act == STOP)
				link_close(o.link, true);
			fake_env_done(&env);
			assert_int_equal(o.closes, 1);
		}
	unit_note_clear();
}

/* ---- memory ---- */

static void test_no_memory_to_open(void **state)
{
	(void)state;
	struct fake_env env;
	struct link *link = NULL;

	fake_env_init(&env);
	fail_malloc_at(1);
	int r = testcard_open(&link, &env.env);
	fail_malloc_off();
	assert_int_equal(r, -ENOMEM);
	assert_null(link);
	fake_env_done(&env);
}

/* No chunk to be had, for good: the card is lost, once, and closes like any other. */
static void test_no_memory_to_speak(void **state)
{
	(void)state;
	for (unsigned nth = 0; nth < 5; nth++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("chunk %u", nth);
		begin(&c, &env, 100);
		pool_done(&env.pool);
		pool_init(&env.pool, 0);
		rfb_want_all(&c, false);
		for (unsigned i = 0; i < nth; i++) {
			deferq_run(&env.defer);
			timers_run(&env.timers, env.timers.now);
		}
		unsigned before = c.events;
		fail_malloc_from(1);
		fake_sleep(&env, 100);
		fail_malloc_off();
		assert_int_equal(c.losts, 1);
		assert_int_equal(c.why.err, -ENOMEM);
		assert_int_equal(c.events, before);
		end(&c, &env);
	}
}

/* A card costs what the header promises, before and after it was busy; a chunk is borrowed only
 * for the length of an event. */
static void test_memory(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	c.cap = 4 << 20;
	c.in = realloc(c.in, c.cap);
	env.pool.taken_max = 0;
	pool_done(&env.pool);
	pool_init(&env.pool, 1);
	fail_malloc_at(0);
	rfb_want_all(&c, false);
	fake_sleep(&env, 34);
	for (int i = 0; i < 20; i++) {
		rfb_want_all(&c, true);
		fake_sleep(&env, 34);
		assert_int_equal(env.pool.taken, 0);
	}
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
	assert_int_equal(env.pool.taken_max, 1);
	assert_true(calls <= c.events); /* the pool's; none of the card's */
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_finish),
		UNIT(test_finish_when_due),
		UNIT(test_finish_under_way),
		UNIT(test_finish_before_reading),
		UNIT(test_close),
		UNIT(test_acts_inside_events),
		UNIT(test_no_memory_to_open),
		UNIT(test_no_memory_to_speak),
		UNIT(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
