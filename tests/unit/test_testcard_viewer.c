/* What a viewer gets of the picture: the areas it asks for, and the block's move as a copy. */
#include "unit/unit.h"

#include "unit/rfb_client.h"

enum { RAW = 0, COPY = 1, RRE = 2, HEXTILE = 5 };

static const struct rect lane = {16, 496, 768, 16}; /* at 800 by 600 */

static void begin(struct rfb_client *c, struct fake_env *env, const int *offer, int n)
{
	fake_env_init(env);
	rfb_open(c, env, 65536);
	rfb_hello(c, 8);
	rfb_offer(c, offer, n);
	rfb_turn(c);
	rfb_want_all(c, false);
	rfb_turn(c);
	assert_int_equal(c->updates, 1);
}

static void end(struct rfb_client *c, struct fake_env *env)
{
	rfb_done(c);
	fake_env_done(env);
	unit_note_clear();
}

static void update(struct rfb_client *c)
{
	unsigned before = c->updates;

	rfb_want_all(c, true);
	rfb_sleep(c, 34);
	assert_int_equal(c->updates, before + 1);
}

/* ---- the block ---- */

/* Its move is one rectangle, there and back again; the lane is right all the time. */
static void test_block_is_copied(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY};
	struct fake_env env;
	struct rfb_client c;
	unsigned frames = 2 * 720 / 3 + 20;

	begin(&c, &env, offer, 2);
	for (unsigned i = 0; i < frames; i++) {
		unit_note("frame %u", c.shown.frame);
		update(&c);
		rfb_check_area(&c, lane);
	}
	rfb_check_picture(&c);
	/* not where it turns round: there is no lane behind it to come along */
	assert_true(c.copies > frames - 8 && c.copies <= frames);
	end(&c, &env);
}

/* Long steps, as slow viewers see them. */
static void test_block_jumps(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY};
	struct fake_env env;
	struct rfb_client c;
	struct rng rng = {3};

	begin(&c, &env, offer, 2);
	for (unsigned i = 0; i < 100; i++) {
		unit_note("round %u", i);
		fake_sleep(&env, rng_below(&rng, 9000));
		update(&c);
		rfb_check_area(&c, lane);
	}
	assert_true(c.copies > 20 && c.copies < 80);
	end(&c, &env);
}

static void test_block_without_copy(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (unsigned i = 0; i < 50; i++) {
		update(&c);
		rfb_check_area(&c, lane);
	}
	assert_int_equal(c.copies, 0);
	end(&c, &env);
}

/* What lies over the lane must not come along: the pointer, here run over by the block. */
static void test_block_under_pointer(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	rfb_point(&c, 160, 504, 0);
	unsigned copied = 0;
	for (unsigned i = 0; i < 80; i++) {
		unit_note("frame %u", c.shown.frame);
		unsigned before = c.copies;
		update(&c);
		rfb_check_area(&c, lane);
		int right = picture_block(&c.shown).x + 48, left = right - 48;
		if (right > 160 - 26 && left < 160 + 27)
			assert_int_equal(c.copies, before);
		copied += c.copies - before;
	}
	assert_true(copied > 20 && copied < 60);
	/* the pointer comes and goes with the block under it */
	for (int i = 0; i < 10; i++) {
		rfb_point(&c, picture_block(&c.shown).x + 10, i % 2 ? 100 : 504, 0);
		unsigned before = c.copies;
		update(&c);
		rfb_check_area(&c, lane);
		assert_int_equal(c.copies, before);
	}
	rfb_check_picture(&c);
	end(&c, &env);
}

/* A viewer that keeps only part of the picture may have no pixels to copy. */
static void test_block_not_wanted(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	for (unsigned i = 0; i < 20; i++) {
		rfb_want(&c, true, 0, 0, 800, 500); /* the upper part of the lane only */
		rfb_sleep(&c, 34);
	}
	assert_int_equal(c.copies, 0);
	rfb_check_area(&c, (struct rect){0, 0, 800, 500});
	update(&c);
	assert_int_equal(c.copies, 0); /* the lower part is old: it was sent instead */
	rfb_check_picture(&c);
	end(&c, &env);
}

/* ---- areas ---- */

/* Any areas in any order, incremental or not: nothing outside of them is sent (the viewer checks),
 * and in the end nothing is missing. */
static void test_areas(void **state)
{
	(void)state;
	static const int encodings[] = {HEXTILE, RRE, RAW};
	struct rng rng = {5};

	for (int e = 0; e < 3; e++) {
		struct fake_env env;
		struct rfb_client c;
		int offer[] = {encodings[e], COPY};
		begin(&c, &env, offer, 2);
		for (unsigned i = 0; i < 120; i++) {
			unit_note("encoding %d, round %u", encodings[e], i);
			struct rect r = {(int)rng_below(&rng, 800), (int)rng_below(&rng, 600), 0,
			                 0};
			r.w = 1 + (int)rng_below(&rng, (uint64_t)(800 - r.x));
			r.h = 1 + (int)rng_below(&rng, (uint64_t)(600 - r.y));
			rfb_want(&c, rng_below(&rng, 2), r.x, r.y, r.w, r.h);
			rfb_sleep(&c, 10 + (unsigned)rng_below(&rng, 60));
			rfb_point(&c, (int)rng_below(&rng, 800), (int)rng_below(&rng, 600), 0);
		}
		rfb_sleep(&c, 40);
		update(&c);
		rfb_check_picture(&c);
		end(&c, &env);
	}
}

/* Areas that are partly or wholly outside are cut (RFC 6143 has no word for them). */
static void test_areas_outside(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	static const struct rect none[] = {
		{800, 0, 1, 1},  {0, 600, 800, 600}, {65535, 65535, 65535, 65535},
		{10, 10, 0, 10}, {10, 10, 10, 0},
	};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		unit_note("row %zu", i);
		rfb_want(&c, false, none[i].x, none[i].y, none[i].w, none[i].h);
		rfb_sleep(&c, 100);
		assert_int_equal(c.updates, 1);
		assert_int_equal(timers_next(&env.timers), -1);
	}
	unit_note_clear();
	c.asked = (struct rect){0};
	rfb_want(&c, false, 790, 590, 65535, 65535);
	c.asked = (struct rect){790, 590, 10, 10};
	rfb_turn(&c);
	assert_int_equal(c.updates, 2);
	rfb_check_area(&c, (struct rect){790, 590, 10, 10});
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_block_is_copied),    UNIT(test_block_jumps),
		UNIT(test_block_without_copy), UNIT(test_block_under_pointer),
		UNIT(test_block_not_wanted),   UNIT(test_areas),
		UNIT(test_areas_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
