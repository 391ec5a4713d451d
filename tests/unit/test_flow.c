/* The closing table: every cell, and what must hold for all of them. */
#include "unit.h"

#include "relay/flow.h"

static const struct flow_step expected[FLOW_STATES][FLOW_EVENTS] = {
	{{FLOW_DRAIN, ACT_FINISH},
         {FLOW_OPEN, 0},
         {FLOW_DONE, ACT_DISCARD},
         {FLOW_DONE, ACT_DISCARD}},
	{{FLOW_DRAIN, 0}, {FLOW_DONE, 0}, {FLOW_DONE, ACT_DISCARD}, {FLOW_DONE, ACT_DISCARD}},
	{{FLOW_DONE, 0}, {FLOW_DONE, 0}, {FLOW_DONE, 0}, {FLOW_DONE, 0}},
};

static void test_every_cell(void **state)
{
	(void)state;
	for (int s = 0; s < FLOW_STATES; s++) {
		for (int e = 0; e < FLOW_EVENTS; e++) {
			struct flow_step got = flow_next((enum flow_state)s, (enum flow_event)e);
			unit_note("state %d, event %d", s, e);
			assert_int_equal(got.next, expected[s][e].next);
			assert_int_equal(got.acts, expected[s][e].acts);
		}
	}
}

static void test_never_goes_back(void **state)
{
	(void)state;
	for (int s = 0; s < FLOW_STATES; s++)
		for (int e = 0; e < FLOW_EVENTS; e++)
			assert_true((int)flow_next((enum flow_state)s, (enum flow_event)e).next >=
			            s);
}

/* Whatever happened before, giving up ends it, and a sink is finished at most once. */
static void test_every_path_of_four(void **state)
{
	(void)state;
	for (int path = 0; path < 256; path++) {
		enum flow_state at = FLOW_OPEN;
		int finishes = 0;
		for (int i = 0, p = path; i < 4; i++, p /= FLOW_EVENTS) {
			struct flow_step step = flow_next(at, (enum flow_event)(p % FLOW_EVENTS));
			finishes += (step.acts & ACT_FINISH) != 0;
			at = step.next;
		}
		assert_true(finishes <= 1);
		assert_int_equal(flow_next(at, FE_GIVE_UP).next, FLOW_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_cell),
		UNIT(test_never_goes_back),
		UNIT(test_every_path_of_four),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
