/* Deferred calls: once each, in order, and free to change the queue while it runs. */
#include "base/defer.h"
#include "unit.h"

#include <stdlib.h>

struct call {
	struct defer defer;
	struct world *world;
	char name;
	int reposts;        /* times it posts itself again */
	struct call *posts; /* another one it posts */
	struct call *drops; /* another one it takes back */
	bool frees_itself;
};

struct world {
	struct deferq q;
	char ran[32];
	size_t n;
};

static void run(void *owner)
{
	struct call *c = owner;
	struct world *w = c->world;
	assert_true(w->n < sizeof w->ran - 1);
	w->ran[w->n++] = c->name;
	w->ran[w->n] = 0;
	if (c->reposts-- > 0)
		defer_post(&w->q, &c->defer);
	if (c->posts)
		defer_post(&w->q, &c->posts->defer);
	if (c->drops)
		defer_drop(&c->drops->defer);
	if (c->frees_itself)
		free(c);
}

static void world_init(struct world *w, struct call *calls, size_t n)
{
	*w = (struct world){0};
	deferq_init(&w->q);
	for (size_t i = 0; i < n; i++) {
		calls[i] = (struct call){.world = w, .name = (char)('a' + i)};
		defer_init(&calls[i].defer, run, &calls[i]);
	}
}

static void test_empty(void **state)
{
	(void)state;
	struct deferq q;
	deferq_init(&q);
	deferq_run(&q);
	assert_true(list_empty(&q.calls));
}

static void test_order_and_once(void **state)
{
	(void)state;
	struct world w;
	struct call c[3];
	world_init(&w, c, 3);
	defer_post(&w.q, &c[1].defer);
	defer_post(&w.q, &c[0].defer);
	defer_post(&w.q, &c[1].defer);
	defer_post(&w.q, &c[2].defer);
	assert_int_equal(w.n, 0);
	deferq_run(&w.q);
	assert_string_equal(w.ran, "bac");
	deferq_run(&w.q);
	assert_string_equal(w.ran, "bac");
}

static void test_drop(void **state)
{
	(void)state;
	struct world w;
	struct call c[2];
	world_init(&w, c, 2);
	defer_drop(&c[0].defer); /* legal when it is not on the queue */
	defer_post(&w.q, &c[0].defer);
	defer_post(&w.q, &c[1].defer);
	defer_drop(&c[0].defer);
	deferq_run(&w.q);
	assert_string_equal(w.ran, "b");
	defer_post(&w.q, &c[0].defer);
	deferq_run(&w.q);
	assert_string_equal(w.ran, "ba");
}

static void test_what_a_call_may_do(void **state)
{
	(void)state;
	struct world w;
	struct call c[4];
	world_init(&w, c, 4);
	c[0].reposts = 2;
	c[0].posts = &c[3]; /* not queued before: runs in the same round */
	c[0].drops = &c[2];
	defer_post(&w.q, &c[0].defer);
	defer_post(&w.q, &c[1].defer);
	defer_post(&w.q, &c[2].defer);
	deferq_run(&w.q);
	assert_string_equal(w.ran, "abadad");
	assert_true(list_empty(&w.q.calls));
}

static void test_a_call_may_free_its_owner(void **state)
{
	(void)state;
	struct world w;
	struct call last, *c = malloc(sizeof *c);
	assert_non_null(c);
	world_init(&w, c, 1);
	last = (struct call){.world = &w, .name = 'z'};
	defer_init(&last.defer, run, &last);
	c->frees_itself = true;
	defer_post(&w.q, &c->defer);
	defer_post(&w.q, &last.defer);
	deferq_run(&w.q);
	assert_string_equal(w.ran, "az");
}

/* One a run, in order; one that is posted again goes behind the others. */
static void test_costly(void **state)
{
	(void)state;
	struct world w;
	struct call c[3];
	world_init(&w, c, 3);
	for (int i = 0; i < 3; i++)
		defer_post_costly(&w.q, &c[i].defer);
	defer_post_costly(&w.q, &c[0].defer); /* a no-op */
	deferq_run(&w.q);
	assert_string_equal(w.ran, "");
	assert_true(deferq_run_costly(&w.q));
	assert_string_equal(w.ran, "a");
	defer_drop(&c[1].defer);
	defer_post_costly(&w.q, &c[0].defer);
	assert_true(deferq_run_costly(&w.q));
	assert_string_equal(w.ran, "ac");
	assert_false(deferq_run_costly(&w.q));
	assert_string_equal(w.ran, "aca");
	assert_false(deferq_run_costly(&w.q));
	assert_string_equal(w.ran, "aca");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_empty),  UNIT(test_order_and_once),
		UNIT(test_drop),   UNIT(test_what_a_call_may_do),
		UNIT(test_costly), UNIT(test_a_call_may_free_its_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
