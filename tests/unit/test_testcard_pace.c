/* How often the test card speaks: never unasked, at most 30 times a second, always the frame that
 * belongs to the moment.
 */
#include "unit/unit.h"

#include "unit/rfb_client.h"

static const int offer[] = {1, 5, -308};

static void begin(struct rfb_client *c, struct fake_env *env, size_t room)
{
	fake_env_init(env);
	rfb_open(c, env, room);
	rfb_hello(c, 8);
	rfb_offer(c, offer, 3);
	rfb_turn(c);
	assert_true(c->greeted);
}

static void end(struct rfb_client *c, struct fake_env *env)
{
	rfb_done(c);
	fake_env_done(env);
	unit_note_clear();
}

/* A viewer that always wants more gets 30 frames in each second, and never 31. */
static void test_rate(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	c.again = true;
	rfb_want_all(&c, false);
	for (unsigned second = 0; second < 4; second++) {
		unsigned before = c.updates;
		for (unsigned ms = 0; ms < 1000; ms++)
			fake_sleep(&env, 1);
		assert_int_equal(c.updates - before, second == 0 ? 31 : 30);
	}
	end(&c, &env);
}

/* Asking more often, or for everything, or typing all the time, does not help. */
static void test_rate_of_the_greedy(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	for (unsigned ms = 0; ms < 1000; ms++) {
		for (int i = 0; i < 5; i++)
			rfb_want(&c, i % 2, 0, 0, 64, 64);
		rfb_point(&c, (int)ms % 64, 5, 0);
		rfb_key(&c, 'x', true);
		rfb_turn(&c);
		fake_sleep(&env, 1);
	}
	rfb_decode(&c);
	assert_int_equal(c.updates, 31); /* at 0, 34, … and 1000 ms */
	end(&c, &env);
}

/* Frames begin where 30 a second begin, to the millisecond, however the clock is turned. */
static void test_frame_times(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	for (unsigned frame = 1; frame < 70; frame++) {
		uint64_t due = c.opened + (frame * 1000 + 29) / 30;
		unsigned before = c.events;
		rfb_want_all(&c, true);
		fake_sleep(&env, due - env.timers.now - 1);
		assert_int_equal(c.events, before);
		rfb_sleep(&c, 1);
		assert_int_equal(c.updates, frame + 1);
		assert_int_equal(c.shown.frame, frame);
	}
	rfb_check_picture(&c);
	end(&c, &env);
}

/* Nobody asks: no event, and nothing armed that could become one. */
static void test_silence(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	unsigned before = c.events;
	assert_int_equal(c.updates, 1);
	for (int i = 0; i < 100; i++) {
		rfb_point(&c, i, i, 0);
		rfb_sleep(&c, 10);
		assert_int_equal(timers_next(&env.timers), -1);
	}
	assert_int_equal(c.events, before);
	end(&c, &env);
}

/* Somebody asks but does not read, before or in the middle of an update: the same. */
static void test_silence_while_not_reading(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 100);
	rfb_want_all(&c, false);
	for (int i = 0; i < 10; i++) {
		deferq_run(&env.defer);
		timers_run(&env.timers, env.timers.now);
	}
	rfb_decode(&c);
	assert_true(c.events > 5 && c.left > 0);
	rfb_read(&c, 0);
	unsigned before = c.events;
	rfb_want_all(&c, true);
	for (int i = 0; i < 10; i++) {
		fake_sleep(&env, 100);
		assert_int_equal(timers_next(&env.timers), -1);
	}
	assert_int_equal(c.events, before);
	rfb_read(&c, 65536);
	rfb_sleep(&c, 0);
	assert_int_equal(c.updates, 2);
	rfb_check_picture(&c);
	end(&c, &env);
}

/* Where nothing moves there is nothing to say, until something does. */
static void test_quiet_corner(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	rfb_want(&c, true, 0, 0, 32, 32);
	unsigned before = c.events;
	rfb_sleep(&c, 2000);
	assert_int_equal(c.events, before);
	rfb_point(&c, 10, 10, 0);
	rfb_sleep(&c, 34);
	assert_int_equal(c.updates, 2);
	rfb_check_area(&c, (struct rect){0, 0, 32, 32});
	end(&c, &env);
}

/* The same words at the same times make the same bytes, however often the clock ticks between. */
static void test_same_time_same_bytes(void **state)
{
	(void)state;
	struct fake_env env[2];
	struct rfb_client c[2];

	for (unsigned i = 0; i < 2; i++) {
		begin(&c[i], &env[i], i ? 65536 : 1000);
		rfb_want_all(&c[i], false);
		rfb_turn(&c[i]);
		for (unsigned step = 0; step < 30; step++) {
			for (unsigned ms = 0; ms < 70; ms += i ? 70 : 1)
				fake_sleep(&env[i], i ? 70 : 1);
			rfb_point(&c[i], 400 + (int)step, 300, 0);
			rfb_want_all(&c[i], true);
			rfb_turn(&c[i]);
		}
		assert_int_equal(c[i].updates, 31);
	}
	assert_span(span_of(c[0].in, c[0].len), span_of(c[1].in, c[1].len));
	end(&c[0], &env[0]);
	end(&c[1], &env[1]);
}

/* A day later it still counts. */
static void test_long_time(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	fake_sleep(&env, 86400000 + 500);
	rfb_want_all(&c, true);
	rfb_turn(&c);
	assert_int_equal(c.shown.frame, 2592015);
	rfb_check_picture(&c);
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rate),
		UNIT(test_rate_of_the_greedy),
		UNIT(test_frame_times),
		UNIT(test_silence),
		UNIT(test_silence_while_not_reading),
		UNIT(test_quiet_corner),
		UNIT(test_same_time_same_bytes),
		UNIT(test_long_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
