/* Where things are on the test card: at any size everything is in its place, and nothing lies on
 * anything else.
 */
#include "unit/unit.h"

#include "../../src/testcard/label.h"

/* The disc and the dots around it. */
static bool disc_meets(const struct layout *l, struct rect r)
{
	int64_t x = l->cx < r.x ? r.x : l->cx > r.x + r.w ? r.x + r.w : l->cx;
	int64_t y = l->cy < r.y ? r.y : l->cy > r.y + r.h ? r.y + r.h : l->cy;
	int64_t reach = l->r + 7 * l->scale;

	return (x - l->cx) * (x - l->cx) + (y - l->cy) * (y - l->cy) < reach * reach;
}

static bool disc_holds(const struct layout *l, struct rect r)
{
	int64_t dx = rect_max(l->cx - r.x, r.x + r.w - l->cx);
	int64_t dy = rect_max(l->cy - r.y, r.y + r.h - l->cy);

	return dx * dx + dy * dy < (int64_t)l->r * l->r;
}

/* Which plate or other place a label belongs to. */
static struct rect place_of(const struct layout *l, int id)
{
	switch (id) {
	case LABEL_SIZE: return layout_plate(l, 0);
	case LABEL_PIXELS: return layout_plate(l, 1);
	case LABEL_ENCODING: return layout_plate(l, 2);
	case LABEL_POINTER: return layout_plate(l, 3);
	case LABEL_WHEEL: return layout_plate(l, 4);
	case LABEL_KEYS:
	case LABEL_PASTE:
	case LABEL_KEYS_HEAD:
	case LABEL_PASTE_HEAD:
	case LABEL_HINT: return l->desk;
	default: return layout_plate(l, id - LABEL_PLATES);
	}
}

static bool label_is_in_disc(int id)
{
	return id == LABEL_FRAME || id == LABEL_TIME || id == LABEL_NAME || id == LABEL_KIND ||
	       id == LABEL_PROTOCOL;
}

/* Where a label has ink: those in the disc have no tails below the line. */
static struct rect label_ink(const struct layout *l, int id)
{
	struct label at = label_place(l, (enum label_id)id);
	struct rect r = label_bounds(&at);

	if (label_is_in_disc(id))
		r.h = 7 * at.scale;
	return r;
}

static void check_labels(const struct layout *l)
{
	for (int id = 0; id < LABELS; id++) {
		struct label at = label_place(l, (enum label_id)id);
		struct rect r = label_ink(l, id);
		assert_true(at.cells > 0 && at.cells < LABEL_TEXT);
		if (label_is_in_disc(id))
			assert_true(disc_holds(l, r));
		else
			assert_true(rect_holds(place_of(l, id), r));
		for (int other = 0; other < id; other++)
			assert_false(rect_meets(r, label_ink(l, other)));
		for (int n = 0; n < 3 && id == LABEL_WHEEL; n++)
			assert_false(rect_meets(r, lamp_place(l, n)));
	}
	for (int n = 0; n < LAMPS; n++) {
		assert_true(rect_holds(layout_plate(l, n < 3 ? 4 : 5), lamp_place(l, n)));
		assert_true(n == 0 || !rect_meets(lamp_place(l, n), lamp_place(l, n - 1)));
	}
}

static void check_layout(int w, int h)
{
	struct layout l = layout_of(w, h);
	struct rect inner = {l.unit, l.unit, w - 2 * l.unit, l.lane.y - l.unit};

	unit_note("%d by %d", w, h);
	assert_true(l.r >= 70 && l.r % 7 == 0);
	assert_int_equal(l.lane.y + l.lane.h, l.desk.y);
	assert_int_equal(l.desk.y + l.desk.h, h - l.unit);
	for (int n = 0; n < PLATES; n++) {
		assert_true(rect_holds(inner, layout_plate(&l, n)));
		assert_false(disc_meets(&l, layout_plate(&l, n)));
		for (int other = 0; other < n; other++)
			assert_false(rect_meets(layout_plate(&l, n), layout_plate(&l, other)));
	}
	for (int n = 0; n < DOTS; n++) {
		struct disc dot = layout_dot(&l, n);
		assert_true(dot.x - dot.r >= inner.x * 16 && dot.y - dot.r >= inner.y * 16);
		assert_true(dot.x + dot.r <= (inner.x + inner.w) * 16);
		assert_true(dot.y + dot.r <= (inner.y + inner.h) * 16);
	}
	check_labels(&l);
}

static void test_sizes(void **state)
{
	(void)state;
	for (int w = CARD_MIN_W; w <= CARD_MAX_W; w += 37)
		for (int h = CARD_MIN_H; h <= CARD_MAX_H; h += 29)
			check_layout(w, h);
	check_layout(CARD_MAX_W, CARD_MAX_H);
	check_layout(CARD_MIN_W, CARD_MAX_H);
	check_layout(CARD_MAX_W, CARD_MIN_H);
	unit_note_clear();
}

/* On a phone the disc takes the width there is. */
static void test_tall(void **state)
{
	(void)state;
	struct layout phone = layout_of(390, 700), desk = layout_of(800, 600);

	assert_true(phone.tall && 2 * phone.r > 390 * 8 / 10);
	assert_false(desk.tall);
	assert_int_equal(desk.r, 224);
}

/* The dots go once around, beginning above, to the right. */
static void test_dots(void **state)
{
	(void)state;
	struct layout l = layout_of(800, 600);
	int reach = 224 * 16 + 11 * 16;
	static const struct {
		int n, x, y;
	} rows[] = {{0, 0, -1}, {15, 1, 0}, {30, 0, 1}, {45, -1, 0}};

	for (size_t i = 0; i < 4; i++) {
		struct disc dot = layout_dot(&l, rows[i].n);
		assert_int_equal(dot.x, l.disc.x + rows[i].x * reach);
		assert_int_equal(dot.y, l.disc.y + rows[i].y * reach);
	}
	for (int n = 1; n < DOTS; n++) {
		struct disc a = layout_dot(&l, n - 1), b = layout_dot(&l, n);
		assert_true((n <= 15 || n > 45) == (b.x > a.x));
		assert_true((n <= 30) == (b.y > a.y));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_sizes), UNIT(test_tall), UNIT(test_dots)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
