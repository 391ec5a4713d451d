/* Random weather: thousands of sessions, each a script of random events with a fixed seed. What is
 * asserted is in tests/fake/script. A failure names the seed; SEED=n in the environment replays it
 * alone.
 */
#include "unit.h"

#include "../fake/script.h"

#include "base/link.h"

#include <stdlib.h>

/* sanitizers make each of them ten times as long */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SESSIONS = 150 };
#else
enum { SESSIONS = 2000 };
#endif
enum { SCRIPT = 400 };

static void run_seed(uint64_t seed, struct script_result *sum)
{
	struct rng rng = {seed};
	uint8_t script[SCRIPT];
	size_t len = rng_below(&rng, SCRIPT) + 1;

	unit_note("seed %llu", (unsigned long long)seed);
	rng_fill(&rng, script, len);
	struct script_result r = script_run(span_of(script, len), seed % 4 == 0);
	sum->up += r.up;
	sum->down += r.down;
	sum->closes += r.closes;
	sum->orderly_up |= r.orderly_up;
	sum->orderly_down |= r.orderly_down;
	if (r.pending_max > sum->pending_max)
		sum->pending_max = r.pending_max;
}

static void test_random_sessions(void **state)
{
	struct script_result sum = {0};
	const char *one = getenv("SEED");

	(void)state;
	if (one) {
		run_seed(strtoull(one, NULL, 10), &sum);
		return;
	}
	for (uint64_t seed = 1; seed <= SESSIONS; seed++)
		run_seed(seed, &sum);
	/* the weather was bad enough to mean something */
	assert_true(sum.up > SESSIONS * 4096);
	assert_true(sum.down > SESSIONS * 4096);
	assert_true(sum.orderly_up && sum.orderly_down);
	assert_true(sum.pending_max > LINK_HIGH);
	assert_true(sum.closes > SESSIONS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_random_sessions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
