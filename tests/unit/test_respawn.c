/* The policy against its sentence, for every way five starts can be spread over 22 s: never more
 * than three within any 10 s, and never a wait that the sentence does not ask for.
 */
#include "wrap/respawn.h"
#include "unit.h"

enum { STEP_MS = 2000, STEPS = 12, DEEP = 5 };

struct history {
	uint64_t at[DEEP];
	unsigned n;
};

/* How many of them lie within the 10 s that end with `at`, `at` included. */
static unsigned within(const struct history *h, uint64_t at)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->n; i++)
		n += h->at[i] <= at && at - h->at[i] < RESPAWN_WINDOW_MS;
	return n;
}

/* The first moment from `now` on when one more start keeps the sentence. */
static uint64_t first_legal(const struct history *h, uint64_t now)
{
	while (within(h, now) >= RESPAWN_STARTS)
		now++;
	return now;
}

/* Every life a command may have from here: it ends after 0, 2, … 22 s. */
static unsigned walk(struct respawn r, struct history h, uint64_t now)
{
	unsigned runs = 1;
	uint64_t wait = respawn_wait(&r, now);
	assert_int_equal(now + wait, first_legal(&h, now));
	assert_int_equal(respawn_wait(&r, now), wait); /* asking changes nothing */
	if (wait > 0) {
		assert_int_equal(respawn_wait(&r, now + wait - 1), 1);
		assert_int_equal(respawn_wait(&r, now + wait), 0);
	}
	if (h.n == DEEP)
		return runs;
	now += wait;
	respawn_note(&r, now);
	h.at[h.n++] = now;
	for (unsigned i = 0; i < STEPS; i++)
		runs += walk(r, h, now + (uint64_t)i * STEP_MS);
	return runs;
}

static void test_every_life(void **state)
{
	static const uint64_t begins[] = {0, 1, 9999, 10000, 1ull << 40};
	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		struct respawn r = {0};
		struct history h = {0};
		unit_note("from %llu ms on", (unsigned long long)begins[i]);
		assert_true(walk(r, h, begins[i]) > 200000);
	}
	unit_note_clear();
}

/* One that dies at once: three starts, then a pause that ends with the window of the first. */
static void test_dies_at_once(void **state)
{
	static const uint64_t waits[] = {0, 0, 0, 10000, 0, 0, 10000, 0, 0, 10000};
	struct respawn r = {0};
	uint64_t now = 500;
	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		assert_int_equal(respawn_wait(&r, now), waits[i]);
		now += waits[i];
		respawn_note(&r, now);
	}
}

/* A start a window ago is none, one a millisecond younger is. */
static void test_edge_of_the_window(void **state)
{
	struct respawn r = {0};
	(void)state;
	for (unsigned i = 0; i < RESPAWN_STARTS; i++)
		respawn_note(&r, i);
	assert_int_equal(respawn_wait(&r, 9999), 1);
	assert_int_equal(respawn_wait(&r, 10000), 0);
	respawn_note(&r, 10000);
	assert_int_equal(respawn_wait(&r, 10000), 1);
	assert_int_equal(respawn_wait(&r, 10001), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_life),
		UNIT(test_dies_at_once),
		UNIT(test_edge_of_the_window),
	};
	return cmocka_run_group_tests_name("respawn", tests, NULL, NULL);
}
