/* What a viewer does to the picture: it points, types and pastes. */
#include "unit/unit.h"

#include "unit/rfb_client.h"

#include "../../src/testcard/keys.h"

#include <stdlib.h>

enum { COPY = 1, HEXTILE = 5 };

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

static void test_pointer(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE, COPY};
	static const struct {
		int x, y, seen_x, seen_y;
		uint8_t buttons;
	} rows[] = {
		{400, 200, 400, 200, 0},  {0, 0, 0, 0, 1},           {799, 599, 799, 599, 4},
		{5000, 100, 799, 100, 0}, {100, 65535, 100, 599, 2}, {400, 300, 400, 300, 0xff},
	};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 2);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		rfb_point(&c, rows[i].x, rows[i].y, rows[i].buttons);
		update(&c);
		rfb_check_picture(&c);
		/* one of its arms, and its middle */
		int x = rows[i].seen_x, y = rows[i].seen_y, arm = x < 400 ? x + 20 : x - 20;
		assert_int_equal(c.px[y * c.w + arm], 0xffe14d);
		assert_int_equal(c.px[y * c.w + x] == 0x57e389, rows[i].buttons != 0);
	}
	end(&c, &env);
}

static void test_wheel(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (int i = 0; i < 3; i++) {
		rfb_point(&c, 5, 5, 8);
		rfb_point(&c, 5, 5, 8); /* still down: no new turn */
		rfb_point(&c, 5, 5, 0);
	}
	rfb_point(&c, 5, 5, 16);
	assert_int_equal(c.model.wheel, 2);
	update(&c);
	rfb_check_picture(&c);
	end(&c, &env);
}

static void test_keys(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	static const struct {
		uint32_t key;
		const char *keys; /* what is typed after it */
	} rows[] = {
		{'H', "H"},
		{'i', "Hi"},
		{'~', "Hi~"},
		{0xff08, "Hi"},
		{0xff0d, "Hi[Return]"},
		{0xff08, "Hi"},
		{0xe9, "Hi[U+00E9]"},
		{0xff08, "Hi"},
		{0x10020ac, "Hi[U+20AC]"},
		{0xff08, "Hi"},
		{0xffc9, "Hi[F12]"},
		{0xff08, "Hi"},
		{0xffb7, "Hi7"},
		{0xffaa, "Hi7*"},
		{0xffe1, "Hi7*"}, /* Shift is a lamp */
		{0xff08, "Hi7"},
		{0xff08, "Hi"},
		{0xff08, "H"},
		{0xff08, ""},
		{0xff08, ""},
		{0xffffffff, "[0xffffffff]"},
		{0, "[0xffffffff][0]"},
	};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		rfb_key(&c, rows[i].key, true);
		assert_string_equal(c.model.keys, rows[i].keys);
		rfb_key(&c, rows[i].key, false);
		assert_string_equal(c.model.keys, rows[i].keys);
		update(&c);
		rfb_check_picture(&c);
	}
	end(&c, &env);
}

static void test_modifiers(void **state)
{
	(void)state;
	static const uint32_t keys[] = {0xffe1, 0xffe3, 0xffe9, 0xffeb};
	static const int offer[] = {HEXTILE};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 4; i++) {
			rfb_key(&c, keys[i], round == 0);
			assert_int_equal(c.model.mods, round ? 0xf & (0xe << i) : (2 << i) - 1);
			update(&c);
			rfb_check_picture(&c);
		}
	end(&c, &env);
}

/* A clipboard of any size runs through; its beginning is shown. */
static void test_clipboard(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	static const size_t sizes[] = {1, 38, 48, 49, 1000, 3000000};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unit_note("%zu bytes", sizes[i]);
		char *text = malloc(sizes[i]);
		assert_non_null(text);
		for (size_t n = 0; n < sizes[i]; n++)
			text[n] = "abc\ndef ghi\xe9\t~"[n % 15];
		rfb_cut(&c, span_of(text, sizes[i]));
		rfb_key(&c, 'k', true); /* the next message is understood */
		free(text);
		update(&c);
		rfb_check_picture(&c);
	}
	assert_int_equal(strlen(c.model.keys), sizeof sizes / sizeof *sizes);
	end(&c, &env);
}

/* F3 gives what was typed, F4 rings. Not while an update is on its way. */
static void test_copy_and_bell(void **state)
{
	(void)state;
	static const int offer[] = {HEXTILE};
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, offer, 1);
	for (const char *at = "some text"; *at; at++)
		rfb_key(&c, (uint8_t)*at, true);
	rfb_key(&c, KEY_F3, true);
	rfb_key(&c, KEY_F3, false);
	rfb_turn(&c);
	assert_int_equal(c.cuts, 1);
	assert_string_equal(c.cut, "some text");
	rfb_key(&c, KEY_F4, true);
	rfb_turn(&c);
	assert_int_equal(c.bells, 1);
	rfb_read(&c, 100);
	rfb_want_all(&c, false);
	fake_sleep(&env, 34);
	rfb_key(&c, KEY_F4, true);
	rfb_key(&c, KEY_F3, true);
	rfb_sleep(&c, 34);
	assert_int_equal(c.bells, 2);
	assert_int_equal(c.cuts, 2);
	assert_int_equal(c.updates, 2);
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_pointer),   UNIT(test_wheel),     UNIT(test_keys),
		UNIT(test_modifiers), UNIT(test_clipboard), UNIT(test_copy_and_bell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
