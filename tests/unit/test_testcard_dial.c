/* A dial to the test card: answered once, later, or not at all. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "unit/unit.h"

#include "fake/fail_malloc.h"
#include "fake/fake_env.h"
#include "testcard/testcard_dial.h"

#include <errno.h>

struct answer {
	struct dialed dialed;
	struct link *link;
	unsigned times, closes;
};

static void on_closed(void *owner)
{
	struct answer *a = owner;
	a->closes++;
}

static void on_answer(void *owner, struct link *link, const struct why *why)
{
	static const struct link_events events = {.closed = on_closed};
	struct answer *a = owner;

	assert_non_null(link);
	assert_null(why);
	a->times++;
	a->link = link;
	link_own(link, &events, a);
}

static void test_answer(void **state)
{
	(void)state;
	struct fake_env env;
	struct answer a = {.dialed = {.fn = on_answer, .owner = &a}};

	fake_env_init(&env);
	assert_int_equal(testcard_dial(&env.env, &a.dialed), 0);
	assert_int_equal(a.times, 0); /* never from inside */
	fake_turn(&env);
	assert_int_equal(a.times, 1);
	testcard_undial(&env.env, &a.dialed); /* too late to matter */
	link_close(a.link, false);
	fake_turn(&env);
	assert_int_equal(a.closes, 1);
	fake_env_done(&env);
}

static void test_undial(void **state)
{
	(void)state;
	struct fake_env env;
	struct answer a = {.dialed = {.fn = on_answer, .owner = &a}};

	fake_env_init(&env);
	assert_int_equal(testcard_dial(&env.env, &a.dialed), 0);
	testcard_undial(&env.env, &a.dialed);
	fake_turn(&env);
	assert_int_equal(a.times, 0);
	fake_env_done(&env);
}

static void scenario(void *ctx, unsigned long failing)
{
	struct fake_env env;
	struct answer a = {.dialed = {.fn = on_answer, .owner = &a}};

	(void)ctx;
	fake_env_init(&env);
	int r = testcard_dial(&env.env, &a.dialed);
	assert_int_equal(r, failing ? -ENOMEM : 0);
	fake_turn(&env);
	assert_int_equal(a.times, failing ? 0 : 1);
	if (a.link)
		link_close(a.link, true);
	fake_env_done(&env);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(fail_malloc_each(scenario, NULL) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_answer), UNIT(test_undial),
	                                   UNIT(test_no_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
