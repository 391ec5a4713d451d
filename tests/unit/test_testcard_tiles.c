/* The map of tiles that are out of date, against one that is drawn pixel by pixel. */
#include "unit/unit.h"

#include "../../src/testcard/tiles.h"

enum { W = 200, H = 120, COLS = 13, ROWS = 8 };

static const struct rect whole = {0, 0, W, H};

static struct rect tile_of(int col, int row)
{
	return rect_and((struct rect){col * 16, row * 16, 16, 16}, whole);
}

static struct rect random_rect(struct rng *rng)
{
	struct rect r = {(int)rng_below(rng, W + 60) - 30, (int)rng_below(rng, H + 60) - 30, 0, 0};
	r.w = (int)rng_below(rng, 90) - 5;
	r.h = (int)rng_below(rng, 90) - 5;
	return r;
}

static void check_clean(const struct tiles *t, bool model[ROWS][COLS], struct rect r)
{
	bool clean = true;

	for (int row = 0; row < ROWS; row++)
		for (int col = 0; col < COLS; col++)
			clean &= !model[row][col] || !rect_meets(tile_of(col, row), r);
	assert_int_equal(tiles_clean(t, rect_and(r, whole)), clean);
}

/* The runs within clip: marked tiles in reading order, each exactly once, as long as allowed. */
static void check_runs(const struct tiles *t, bool model[ROWS][COLS], struct rect clip, int most)
{
	struct tiles_place place = {0};
	bool seen[ROWS][COLS] = {0};
	struct rect last = {-1, -1, 0, 0}, r;

	while (!rect_empty(r = tiles_next(t, clip, most, &place))) {
		assert_true(rect_holds(clip, r));
		assert_true(r.y > last.y || (r.y == last.y && r.x >= last.x + last.w));
		assert_true(r.y / 16 == (r.y + r.h - 1) / 16);
		int n = 0;
		for (int col = r.x / 16; col <= (r.x + r.w - 1) / 16; col++, n++) {
			assert_false(seen[r.y / 16][col]);
			seen[r.y / 16][col] = true;
		}
		assert_true(n <= most);
		last = r;
	}
	for (int row = 0; row < ROWS; row++)
		for (int col = 0; col < COLS; col++)
			assert_int_equal(seen[row][col],
			                 model[row][col] && rect_meets(tile_of(col, row), clip));
}

static void test_against_model(void **state)
{
	(void)state;
	struct rng rng = {1};

	for (int round = 0; round < 300; round++) {
		struct tiles t = {0};
		bool model[ROWS][COLS] = {0};
		unit_note("round %d", round);
		for (int n = 0; n < 8; n++) {
			struct rect r = random_rect(&rng);
			bool set = rng_below(&rng, 3) > 0;
			if (set)
				tiles_mark(&t, rect_and(r, whole));
			else
				tiles_clear(&t, r, whole);
			for (int row = 0; row < ROWS; row++)
				for (int col = 0; col < COLS; col++)
					if (set && rect_meets(tile_of(col, row), r))
						model[row][col] = true;
					else if (!set && rect_holds(r, tile_of(col, row)))
						model[row][col] = false;
			check_clean(&t, model, random_rect(&rng));
			check_runs(&t, model, rect_and(random_rect(&rng), whole),
			           1 + (int)rng_below(&rng, 5));
			check_runs(&t, model, whole, TILE_COLS);
		}
	}
	unit_note_clear();
}

/* The largest picture, and more than that. */
static void test_largest(void **state)
{
	(void)state;
	struct tiles t = {0};
	struct tiles_place place = {0};
	struct rect all = {0, 0, CARD_MAX_W, CARD_MAX_H};
	int n = 0;

	tiles_mark(&t, (struct rect){-100, -100, 100000, 100000});
	while (!rect_empty(tiles_next(&t, all, 1, &place)))
		n++;
	assert_int_equal(n, TILE_COLS * TILE_ROWS);
	tiles_clear(&t, all, all);
	assert_true(tiles_clean(&t, all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_against_model), UNIT(test_largest)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
