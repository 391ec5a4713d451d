/* Deadlines on a clock turned by hand, then thousands of random steps against a plain array. */
#include "base/timers.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

struct world;

struct alarm {
	struct timer timer;
	struct world *world;
	char name;
	struct alarm *arms;     /* armed by this one when it fires (may be itself) */
	enum timer_class class; /* in this class */
	uint64_t ms;            /* for so long */
	struct alarm *stops;    /* stopped by this one */
};

struct world {
	struct timers ts;
	char fired[64];
	size_t n;
};

static void ring(void *owner)
{
	struct alarm *a = owner;
	struct world *w = a->world;
	assert_false(timer_armed(&a->timer));
	assert_true(w->n < sizeof w->fired - 1);
	w->fired[w->n++] = a->name;
	w->fired[w->n] = 0;
	if (a->arms)
		timer_arm(&w->ts, &a->arms->timer, a->class, a->ms);
	if (a->stops)
		timer_stop(&a->stops->timer);
}

static void world_init(struct world *w, uint64_t now, struct alarm *alarms, size_t n)
{
	*w = (struct world){0};
	timers_init(&w->ts, now);
	for (size_t i = 0; i < n; i++) {
		alarms[i] = (struct alarm){.world = w, .name = (char)('a' + i)};
		timer_init(&alarms[i].timer, ring, &alarms[i]);
	}
}

static void run_and_expect(struct world *w, uint64_t now, const char *names)
{
	w->n = 0;
	w->fired[0] = 0;
	timers_run(&w->ts, now);
	assert_string_equal(w->fired, names);
}

static void test_nothing_armed(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 7, &a, 1);
	assert_int_equal(timers_next(&w.ts), -1);
	assert_false(timer_armed(&a.timer));
	timer_stop(&a.timer);
	run_and_expect(&w, 1000, "");
	assert_int_equal(w.ts.now, 1000);
}

static void test_one(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 1000, &a, 1);
	timer_arm(&w.ts, &a.timer, TIMER_DIAL, 50);
	assert_true(timer_armed(&a.timer));
	assert_int_equal(timers_next(&w.ts), 50);
	run_and_expect(&w, 1049, "");
	assert_int_equal(timers_next(&w.ts), 1);
	run_and_expect(&w, 1050, "a");
	assert_int_equal(timers_next(&w.ts), -1);
	run_and_expect(&w, 2000, "");
}

static void test_overdue(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 1000, &a, 1);
	timer_arm(&w.ts, &a.timer, TIMER_DIAL, 50);
	w.ts.now = 5000; /* a loop that was held up */
	assert_int_equal(timers_next(&w.ts), 0);
	run_and_expect(&w, 5000, "a");
}

static void test_touch_and_stop(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[2];
	world_init(&w, 0, a, 2);
	timer_arm(&w.ts, &a[0].timer, TIMER_PING, 100);
	timer_arm(&w.ts, &a[1].timer, TIMER_PING, 100);
	run_and_expect(&w, 60, "");
	timer_arm(&w.ts, &a[0].timer, TIMER_PING, 100); /* now behind b */
	assert_int_equal(timers_next(&w.ts), 40);
	run_and_expect(&w, 100, "b");
	timer_stop(&a[0].timer);
	assert_int_equal(timers_next(&w.ts), -1);
	run_and_expect(&w, 1000, "");
}

static void test_shorter_ones_are_sorted_in(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[5];
	static const uint64_t ms[5] = {300, 100, 200, 100, 0};
	world_init(&w, 0, a, 5);
	for (int i = 0; i < 5; i++)
		timer_arm(&w.ts, &a[i].timer, TIMER_STALL, ms[i]);
	assert_int_equal(timers_next(&w.ts), 0);
	run_and_expect(&w, 0, "e");
	assert_int_equal(timers_next(&w.ts), 100);
	run_and_expect(&w, 300, "bdca");
}

static void test_a_timer_may_change_class(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 0, &a, 1);
	timer_arm(&w.ts, &a.timer, TIMER_FIRST_BYTE, 10);
	timer_arm(&w.ts, &a.timer, TIMER_HEAD, 20);
	run_and_expect(&w, 10, "");
	run_and_expect(&w, 20, "a");
}

static void test_order_across_classes(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[TIMER_CLASSES];
	world_init(&w, 0, a, TIMER_CLASSES);
	char backwards[TIMER_CLASSES + 1] = "";
	for (int c = 0; c < TIMER_CLASSES; c++) {
		timer_arm(&w.ts, &a[c].timer, (enum timer_class)c, (uint64_t)(TIMER_CLASSES - c));
		backwards[TIMER_CLASSES - 1 - c] = a[c].name;
	}
	assert_int_equal(timers_next(&w.ts), 1);
	run_and_expect(&w, 100, backwards);
}

/* Of one class alone, and the one that is due first. */
static void test_hastened(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[3];
	world_init(&w, 0, a, 3);
	assert_false(timers_hasten(&w.ts, TIMER_IDLE));
	timer_arm(&w.ts, &a[0].timer, TIMER_IDLE, 20);
	timer_arm(&w.ts, &a[1].timer, TIMER_IDLE, 10);
	timer_arm(&w.ts, &a[2].timer, TIMER_HEAD, 5);
	assert_true(timers_hasten(&w.ts, TIMER_IDLE));
	assert_string_equal(w.fired, "b");
	assert_true(timers_hasten(&w.ts, TIMER_IDLE));
	assert_string_equal(w.fired, "ba");
	assert_false(timers_hasten(&w.ts, TIMER_IDLE));
	run_and_expect(&w, 20, "c");
}

/* A call that re-arms itself with 0 ms fires once a run, not for ever. */
static void test_rearm_with_nothing(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 0, &a, 1);
	a.arms = &a;
	timer_arm(&w.ts, &a.timer, TIMER_FRAME, 0);
	run_and_expect(&w, 0, "a");
	assert_true(timer_armed(&a.timer));
	assert_int_equal(timers_next(&w.ts), 0);
	run_and_expect(&w, 0, "a");
}

/* a fires first and stops or re-arms b, which is due in the same run. */
static void test_a_call_changes_another_that_is_due(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[3];
	world_init(&w, 0, a, 3);
	a[0].stops = &a[1];
	for (int i = 0; i < 3; i++)
		timer_arm(&w.ts, &a[i].timer, TIMER_CLOSE, 10);
	run_and_expect(&w, 10, "ac");
	assert_int_equal(timers_next(&w.ts), -1);
	a[0].stops = NULL;
	a[0].arms = &a[1];
	a[0].class = TIMER_PONG;
	a[0].ms = 5;
	for (int i = 0; i < 3; i++)
		timer_arm(&w.ts, &a[i].timer, TIMER_CLOSE, 10);
	run_and_expect(&w, 20, "ac");
	assert_int_equal(timers_next(&w.ts), 5);
	run_and_expect(&w, 25, "b");
}

static void test_the_clock_never_turns_back(void **state)
{
	(void)state;
	struct world w;
	struct alarm a;
	world_init(&w, 1000, &a, 1);
	timer_arm(&w.ts, &a.timer, TIMER_DIAL, 10);
	run_and_expect(&w, 5, "");
	assert_int_equal(w.ts.now, 1000);
	run_and_expect(&w, 1010, "a");
}

static void test_the_end_of_time(void **state)
{
	(void)state;
	struct world w;
	struct alarm a[2];
	world_init(&w, 1000, a, 2);
	timer_arm(&w.ts, &a[0].timer, TIMER_DIAL, UINT64_MAX);
	assert_true(timers_next(&w.ts) == INT64_MAX);
	timer_arm(&w.ts, &a[1].timer, TIMER_DIAL, 1);
	run_and_expect(&w, 1001, "b");
	run_and_expect(&w, UINT64_MAX - 1, "");
	run_and_expect(&w, UINT64_MAX, "a");
}

/* ---- against a model ---- */

enum { MODEL_TIMERS = 40, MODEL_STEPS = 20000 };

struct model_timer {
	struct timer timer;
	struct model *model;
	bool armed;
	uint64_t due, seq; /* seq: order of arming */
	enum timer_class class;
};

struct model {
	struct timers ts;
	struct model_timer t[MODEL_TIMERS];
	struct model_timer *fired[MODEL_TIMERS];
	size_t fired_n;
	uint64_t seq;
};

static void model_ring(void *owner)
{
	struct model_timer *t = owner;
	assert_true(t->model->fired_n < MODEL_TIMERS);
	t->model->fired[t->model->fired_n++] = t;
}

static int sooner(const void *a, const void *b)
{
	const struct model_timer *x = *(struct model_timer *const *)a;
	const struct model_timer *y = *(struct model_timer *const *)b;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static void model_run(struct model *m, uint64_t now)
{
	struct model_timer *want[MODEL_TIMERS];
	size_t n = 0;
	for (int i = 0; i < MODEL_TIMERS; i++)
		if (m->t[i].armed && m->t[i].due <= now)
			want[n++] = &m->t[i];
	qsort(want, n, sizeof *want, sooner);
	m->fired_n = 0;
	timers_run(&m->ts, now);
	assert_int_equal(m->fired_n, n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(m->fired[i], want[i]);
		want[i]->armed = false;
	}
}

static int64_t model_next(const struct model *m)
{
	int64_t next = -1;
	for (int i = 0; i < MODEL_TIMERS; i++) {
		if (!m->t[i].armed)
			continue;
		int64_t wait = m->t[i].due <= m->ts.now ? 0 : (int64_t)(m->t[i].due - m->ts.now);
		if (next < 0 || wait < next)
			next = wait;
	}
	return next;
}

static void model_step(struct model *m, struct rng *rng)
{
	struct model_timer *t = &m->t[rng_below(rng, MODEL_TIMERS)];
	switch (rng_below(rng, 4)) {
	case 0:
		timer_stop(&t->timer);
		t->armed = false;
		break;
	case 1: model_run(m, m->ts.now + rng_below(rng, 30)); break;
	default:
		t->class = (enum timer_class)rng_below(rng, TIMER_CLASSES);
		t->due = m->ts.now + rng_below(rng, 100);
		t->seq = m->seq++;
		t->armed = true;
		timer_arm(&m->ts, &t->timer, t->class, t->due - m->ts.now);
	}
}

static void test_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct model m = {0};
		struct rng rng = {seed};
		timers_init(&m.ts, 12345);
		for (int i = 0; i < MODEL_TIMERS; i++) {
			m.t[i].model = &m;
			timer_init(&m.t[i].timer, model_ring, &m.t[i]);
		}
		for (unsigned step = 0; step < MODEL_STEPS; step++) {
			unit_note("seed %u, step %u", (unsigned)seed, step);
			model_step(&m, &rng);
			assert_int_equal(timers_next(&m.ts), model_next(&m));
			for (int i = 0; i < MODEL_TIMERS; i++)
				assert_int_equal(timer_armed(&m.t[i].timer), m.t[i].armed);
		}
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_nothing_armed),
		UNIT(test_one),
		UNIT(test_overdue),
		UNIT(test_touch_and_stop),
		UNIT(test_shorter_ones_are_sorted_in),
		UNIT(test_a_timer_may_change_class),
		UNIT(test_order_across_classes),
		UNIT(test_hastened),
		UNIT(test_rearm_with_nothing),
		UNIT(test_a_call_changes_another_that_is_due),
		UNIT(test_the_clock_never_turns_back),
		UNIT(test_the_end_of_time),
		UNIT(test_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
