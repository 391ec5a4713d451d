/* The test card as its viewers see it: what they decode is the picture, whatever the format, the
 * encoding, the pieces their words come in and the pieces they read.
 */
#include "unit/unit.h"

#include "unit/rfb_client.h"

enum { RAW = 0, COPY = 1, RRE = 2, HEXTILE = 5, SIZE = -223, EXTENDED = -308 };

static const int hextile[] = {COPY, HEXTILE, RRE, RAW, EXTENDED};

static void begin(struct rfb_client *c, struct fake_env *env, size_t room, const int *offer, int n)
{
	fake_env_init(env);
	rfb_open(c, env, room);
	rfb_hello(c, 8);
	rfb_offer(c, offer, n);
	rfb_turn(c);
	assert_true(c->greeted);
}

/* Fewer pixels to look at, where a test looks often. */
static void make_small(struct rfb_client *c)
{
	rfb_resize(c, 400, 300, 1, 0);
	rfb_want_all(c, true);
	rfb_turn(c);
	assert_int_equal(c->w, 400);
	rfb_want_all(c, false);
	rfb_sleep(c, 34);
	assert_int_equal(c->updates, 2);
	rfb_check_picture(c);
}

static void end(struct rfb_client *c, struct fake_env *env)
{
	rfb_done(c);
	fake_env_done(env);
	unit_note_clear();
}

/* The viewer does something visible; the card then is in a new frame. */
static void move(struct rfb_client *c, unsigned step)
{
	rfb_point(c, (int)(37 * step % 800), (int)(91 * step % 600), step % 3 == 0 ? 1 : 0);
	rfb_key(c, 'a' + step % 26, true);
	rfb_want_all(c, true);
	rfb_sleep(c, 40 + 17 * step);
}

/* ---- greeting ---- */

static void test_versions(void **state)
{
	(void)state;
	static const int minors[] = {3, 7, 8};

	for (size_t i = 0; i < 3; i++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("3.%d", minors[i]);
		fake_env_init(&env);
		rfb_open(&c, &env, 4096);
		rfb_hello(&c, minors[i]);
		rfb_turn(&c);
		assert_true(c.greeted);
		assert_int_equal(c.w, 800);
		assert_int_equal(c.h, 600);
		assert_int_equal(rfb_rest(&c).len, 0);
		end(&c, &env);
	}
}

/* Versions nobody published (RFC 6143 7.1.1), and who answers how. */
static void test_odd_versions(void **state)
{
	(void)state;
	static const struct {
		const char *version;
		int like;
	} rows[] = {{"RFB 003.005\n", 3},
	            {"RFB 003.000\n", 3},
	            {"RFB 003.006\n", 3},
	            {"RFB 003.889\n", 8},
	            {"RFB 003.009\n", 8}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("%.11s", rows[i].version);
		fake_env_init(&env);
		rfb_open(&c, &env, 4096);
		c.minor = rows[i].like;
		rfb_say(&c, span_str(rows[i].version));
		rfb_say(&c, span_of("\1\1", rows[i].like == 3 ? 1 : 2));
		rfb_turn(&c);
		assert_true(c.greeted);
		end(&c, &env);
	}
}

/* Nothing is said before somebody reads, then what is due, and no more. */
static void test_waits_for_reader(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	fake_env_init(&env);
	rfb_open(&c, &env, 0);
	rfb_sleep(&c, 1000);
	assert_int_equal(c.events, 0);
	assert_int_equal(timers_next(&env.timers), -1);
	rfb_read(&c, 100);
	fake_sleep(&env, 0);
	assert_span(rfb_rest(&c), span_str("RFB 003.008\n"));
	rfb_say(&c, span_str("RFB 003.008\n"));
	fake_sleep(&env, 0);
	assert_span(rfb_rest(&c), span_str("RFB 003.008\n\1\1"));
	rfb_say(&c, span_str("\1"));
	fake_sleep(&env, 1000);
	assert_span_is(rfb_rest(&c), "RFB 003.008\n\1\1\0\0\0\0");
	assert_int_equal(timers_next(&env.timers), -1);
	end(&c, &env);
}

/* ---- pictures ---- */

static void check_format(const struct rfb_pixels *f, int encoding)
{
	struct fake_env env;
	struct rfb_client c;
	int offer[] = {encoding, COPY, EXTENDED};

	unit_note("%s, encoding %d", f->name, encoding);
	begin(&c, &env, 65536, offer, 3);
	rfb_pixels(&c, f);
	rfb_turn(&c);
	assert_int_equal(c.maps, f->colour ? 0 : 4);
	make_small(&c);
	for (unsigned step = 1; step < 4; step++) {
		move(&c, step);
		assert_int_equal(c.updates, step + 2);
		rfb_check_picture(&c);
	}
	end(&c, &env);
}

static void test_formats(void **state)
{
	(void)state;
	for (int i = 0; i < RFB_FORMATS; i++) {
		check_format(&rfb_formats[i], RAW);
		check_format(&rfb_formats[i], RRE);
		check_format(&rfb_formats[i], HEXTILE);
	}
}

/* A change of format holds from the next update on, also for what is not sent again. */
static void test_format_changes(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536, hextile, 5);
	make_small(&c);
	for (unsigned i = 0; i < 2 * RFB_FORMATS; i++) {
		rfb_pixels(&c, &rfb_formats[i % RFB_FORMATS]);
		rfb_want_all(&c, false);
		rfb_sleep(&c, 34);
		assert_int_equal(c.updates, i + 3);
		rfb_check_picture(&c);
	}
	end(&c, &env);
}

/* Without SetEncodings, Raw is what everybody understands (RFC 6143 7.5.2). */
static void test_no_offer(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	fake_env_init(&env);
	rfb_open(&c, &env, 65536);
	rfb_hello(&c, 8);
	rfb_turn(&c);
	rfb_want(&c, false, 100, 100, 300, 200);
	rfb_turn(&c);
	assert_int_equal(c.updates, 1);
	assert_true(c.raws > 0 && c.raws == c.rects);
	end(&c, &env);
}

/* Its first choice counts; what it does not know it skips. */
static void test_order_of_offer(void **state)
{
	(void)state;
	static const struct {
		int offer[4], n, used;
	} rows[] = {
		{{HEXTILE, RRE, RAW}, 3, HEXTILE}, {{RRE, HEXTILE, RAW}, 3, RRE},
		{{RAW, HEXTILE, RRE}, 3, RAW},     {{16, 7, HEXTILE, RRE}, 4, HEXTILE},
		{{16, COPY, SIZE}, 3, RAW},        {{0}, 0, RAW},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("row %zu", i);
		begin(&c, &env, 65536, rows[i].offer, rows[i].n);
		rfb_want_all(&c, false);
		rfb_turn(&c);
		assert_int_equal(c.updates, 1);
		rfb_check_picture(&c);
		assert_int_equal(c.hextiles > 0, rows[i].used == HEXTILE);
		assert_int_equal(c.rres > 0, rows[i].used == RRE);
		end(&c, &env);
	}
}

/* What makes a picture cheap: the first one, and what changes. */
static void test_sizes_of_updates(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536, hextile, 5);
	size_t before = c.len;
	rfb_want_all(&c, false);
	rfb_turn(&c);
	assert_true(c.len - before > 10000 && c.len - before < 800 * 600 * 4 / 20);
	before = c.len;
	rfb_want_all(&c, true);
	rfb_sleep(&c, 34);
	assert_int_equal(c.updates, 2);
	assert_true(c.len - before < 16384);
	end(&c, &env);
}

/* ---- pieces ---- */

static const size_t rooms[] = {1, 2, 3, 5, 12, 13, 16, 100, 1036, 1037, 1038, 4096, 16384, 1 << 20};

static void test_rooms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		struct fake_env env;
		struct rfb_client c;
		unit_note("room %zu", rooms[i]);
		begin(&c, &env, rooms[i], hextile, 5);
		rfb_want_all(&c, false);
		rfb_turn(&c);
		assert_int_equal(c.updates, 1);
		rfb_check_picture(&c);
		move(&c, 1);
		assert_int_equal(c.updates, 2);
		rfb_check_picture(&c);
		assert_true(c.largest <= rooms[i] && c.largest <= BUF_SIZE);
		assert_true(c.events >= c.len / rooms[i]);
		end(&c, &env);
	}
}

/* Everything a viewer says in one go, with a picture at the end. */
static size_t script(uint8_t *out)
{
	static const uint8_t text[] =
		"RFB 003.008\n\1\1"
		"\0\0\0\0\20\20\1\1\0\37\0\77\0\37\13\5\0\0\0\0" /* 565, big endian */
		"\2\0\0\2\0\0\0\5\0\0\0\1"                       /* Hextile, CopyRect */
		"\4\1\0\0\0\0\0H\4\1\0\0\0\0\0i"
		"\5\1\1\0\2\34" /* at 256,540 */
		"\6\0\0\0\0\0\0\7clip it"
		"\6\0\0\0\0\0\0\0"
		"\2\0\0\2\0\0\0\5\0\0\0\1"
		"\3\0\0\200\1\364\1\100\0\124"; /* 128,500 and 320 by 84 */

	memcpy(out, text, sizeof text - 1);
	return sizeof text - 1;
}

static const struct rect scripted = {128, 500, 320, 84};

static void run_script(void *ctx, const struct span *pieces, size_t n)
{
	struct fake_env env;
	struct rfb_client c;

	(void)ctx;
	fake_env_init(&env);
	rfb_open(&c, &env, 65536);
	c.minor = 8;
	c.asked = scripted;
	c.format = rfb_formats[5];
	c.format.max[1] = 63;
	c.format.shift[0] = 11;
	c.offered = HEXTILE;
	c.model.bits = 16;
	c.model.encoding = "Hextile";
	picture_type(&c.model, "Hi");
	picture_point(&c.model, 256, 540, 1);
	picture_paste(&c.model, 0);
	for (size_t i = 0; i < n; i++) {
		rfb_say(&c, pieces[i]);
		fake_turn(&env);
	}
	rfb_turn(&c);
	assert_int_equal(c.updates, 1);
	assert_int_equal(c.losts, 0);
	rfb_check_area(&c, scripted);
	end(&c, &env);
}

static void test_cuts(void **state)
{
	(void)state;
	uint8_t text[256];
	size_t n = script(text);

	unit_cuts(span_of(text, n), run_script, NULL);
	unit_random_cuts(span_of(text, n), 7, 20, run_script, NULL);
}

/* Reading stops and goes on anywhere; pictures stay whole. */
static void test_stop_and_go(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;
	struct rng rng = {11};

	begin(&c, &env, 65536, hextile, 5);
	make_small(&c);
	for (unsigned i = 1; i < 400; i++) {
		unit_note("step %u", i);
		bool on = rng_below(&rng, 2);
		rfb_read(&c, on ? 1 + rng_below(&rng, i % 3 ? 3000 : 20) : 0);
		unsigned before = c.events;
		if (!c.left && c.asked.w == 0) {
			rfb_point(&c, (int)rng_below(&rng, 450), (int)rng_below(&rng, 350),
			          (uint8_t)rng_below(&rng, 32));
			rfb_want_all(&c, true);
		}
		for (unsigned steps = (unsigned)rng_below(&rng, 4); steps > 0; steps--) {
			deferq_run(&env.defer);
			timers_run(&env.timers, env.timers.now);
		}
		rfb_decode(&c);
		fake_sleep(&env, on ? 0 : rng_below(&rng, 50));
		rfb_decode(&c);
		if (!on) {
			assert_int_equal(c.events, before);
			assert_int_equal(timers_next(&env.timers), -1);
		}
		if (on && !c.left && rfb_rest(&c).len == 0)
			rfb_check_picture(&c);
		fake_sleep(&env, on ? rng_below(&rng, 40) : 0);
		rfb_decode(&c);
	}
	assert_true(c.updates > 50);
	end(&c, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_versions),       UNIT(test_odd_versions),     UNIT(test_waits_for_reader),
		UNIT(test_formats),        UNIT(test_format_changes),   UNIT(test_no_offer),
		UNIT(test_order_of_offer), UNIT(test_sizes_of_updates), UNIT(test_rooms),
		UNIT(test_cuts),           UNIT(test_stop_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
