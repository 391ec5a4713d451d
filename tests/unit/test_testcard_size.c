/* The size of the picture: told, changed by the viewer, changed by the card. */
#include "unit/unit.h"

#include "unit/rfb_client.h"

#include "../../src/testcard/keys.h"

enum { COPY = 1, HEXTILE = 5, SIZE = -223, EXTENDED = -308 };

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

/* Whoever asks for everything is told the screens (once each time), others not. */
static void test_screens_are_told(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, EXTENDED}, other[] = {HEXTILE, SIZE};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	assert_int_equal(c.note.times, 1);
	assert_int_equal(c.note.why + c.note.status, 0);
	assert_int_equal(c.note.w, 800);
	update(&c);
	assert_int_equal(c.note.times, 1);
	rfb_want_all(&c, false);
	rfb_sleep(&c, 34);
	assert_int_equal(c.note.times, 2);
	rfb_check_picture(&c);
	end(&c, &env);
	begin(&c, &env, other, 2);
	assert_int_equal(c.note.times, 0);
	end(&c, &env);
}

static void test_resize(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY, EXTENDED};
	static const struct {
		int w, h, status;
	} rows[] = {
		{1024, 768, 0}, {320, 240, 0},  {319, 240, 3},  {320, 239, 3},  {2560, 1600, 0},
		{2561, 100, 2}, {100, 1601, 2}, {801, 601, 0},  {333, 777, 0},  {65535, 65535, 2},
		{0, 0, 3},      {1280, 720, 0}, {1280, 720, 0}, {2560, 240, 0}, {800, 600, 0},
	};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 3);
	rfb_point(&c, 790, 590, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		unsigned told = c.note.times;
		int w = rows[i].status ? c.w : rows[i].w, h = rows[i].status ? c.h : rows[i].h;
		rfb_want_all(&c, true);
		rfb_resize(&c, rows[i].w, rows[i].h, 0x1234, 0x99);
		rfb_sleep(&c, 34);
		assert_int_equal(c.note.times, told + 1);
		assert_int_equal(c.note.why, 1);
		assert_int_equal(c.note.status, rows[i].status);
		assert_int_equal(c.note.id, 0x1234);
		assert_int_equal(c.note.flags, 0x99);
		assert_int_equal(c.w, w);
		assert_int_equal(c.h, h);
		unsigned updates = c.updates;
		rfb_sleep(&c, 100); /* that was the answer: the request is used up */
		assert_int_equal(c.updates, updates);
		rfb_want_all(&c, true); /* all of it is new */
		rfb_sleep(&c, 34);
		rfb_check_picture(&c);
		update(&c);
		rfb_check_picture(&c);
	}
	end(&c, &env);
}

/* A layout of screens is not for this card: one, and all of the desktop. */
static void test_resize_screens(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, EXTENDED};
	uint8_t none[8] = {251, 0, 2, 128, 1, 224};
	uint8_t two[40] = {251, 0, 2, 128, 1, 224, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 128, 1, 224};
	uint8_t beside[24] = {251, 0, 2, 128, 1, 224, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 128, 1, 224};
	struct span rows[] = {span_of(none, 8), span_of(two, 40), span_of(beside, 24)};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	for (size_t i = 0; i < 3; i++) {
		unit_note("row %zu", i);
		rfb_want_all(&c, true);
		rfb_say(&c, rows[i]);
		rfb_sleep(&c, 34);
		assert_int_equal(c.note.times, i + 2);
		assert_int_equal(c.note.status, 3);
		assert_int_equal(c.w, 800);
	}
	end(&c, &env);
}

/* F2 changes the size as a desktop would; each viewer is told in the way it understands. */
static void test_next_size(void **state)
{
	(void)state;
	static const int offers[] = {SIZE, EXTENDED};
	static const int sizes[][2] = {{1024, 768}, {1280, 720}, {640, 480}, {800, 600}};

	for (int o = 0; o < 2; o++) {
		struct fake_env env;
		struct rfb_client c;
		int offer[] = {HEXTILE, offers[o], COPY};
		begin(&c, &env, offer, 3);
		for (size_t i = 0; i < 4; i++) {
			unit_note("offer %d, size %zu", offers[o], i);
			rfb_key(&c, KEY_F2, true);
			rfb_key(&c, KEY_F2, false);
			update(&c);
			assert_int_equal(c.w, sizes[i][0]);
			assert_int_equal(c.h, sizes[i][1]);
			if (offers[o] == EXTENDED)
				assert_int_equal(c.note.why + c.note.status, 0);
			update(&c);
			rfb_check_picture(&c);
		}
		end(&c, &env);
	}
}

/* Who cannot be told a new size gets none, also if it could a moment ago. */
static void test_size_cannot_be_told(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE}, both[] = {HEXTILE, EXTENDED};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	rfb_key(&c, KEY_F2, true);
	rfb_resize(&c, 1024, 768, 1, 1);
	update(&c);
	assert_int_equal(c.w, 800);
	rfb_check_picture(&c);
	rfb_offer(&c, both, 2);
	rfb_key(&c, KEY_F2, true);
	rfb_offer(&c, offer, 1);
	update(&c);
	assert_int_equal(c.w, 800);
	rfb_check_picture(&c);
	end(&c, &env);
}

/* F2 after a resize that was refused: the last word is the card's own. */
static void test_next_size_after_refusal(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, EXTENDED};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	rfb_resize(&c, 100, 100, 1, 1);
	rfb_key(&c, KEY_F2, true);
	update(&c);
	assert_int_equal(c.w, 1024);
	assert_int_equal(c.note.why + c.note.status, 0);
	end(&c, &env);
}

/* Two sizes before the viewer reads: it hears of the last. And one in the middle of an update,
 * which is completed in the old size. */
static void test_resize_under_way(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, EXTENDED};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	rfb_read(&c, 50);
	rfb_want_all(&c, false);
	for (int i = 0; i < 40; i++) {
		deferq_run(&env.defer);
		timers_run(&env.timers, env.timers.now + 1);
	}
	rfb_decode(&c);
	assert_true(c.left > 0);
	rfb_resize(&c, 1024, 768, 1, 1);
	rfb_resize(&c, 400, 300, 1, 1);
	rfb_turn(&c);
	assert_int_equal(c.updates, 2);
	assert_int_equal(c.w, 800);
	rfb_check_picture(&c);
	update(&c);
	assert_int_equal(c.w, 400);
	update(&c);
	rfb_check_picture(&c);
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_screens_are_told),    UNIT(test_resize),
		UNIT(test_resize_screens),      UNIT(test_next_size),
		UNIT(test_size_cannot_be_told), UNIT(test_next_size_after_refusal),
		UNIT(test_resize_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
