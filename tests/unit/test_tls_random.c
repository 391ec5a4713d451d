/* Conversations over TLS on a link with bad days, by a seed: pieces of any size, breaks at any place,
 * an owner that stops and goes on. What arrives is always the beginning of what was sent, all of it
 * if both ends ended in order.
 */
#include "unit.h"

#include "../fake/tls_joint.h"
#include "../fake/tls_world.h"

#include <stdlib.h>

enum { SEEDS = 300, STEPS = 60, MOST = 70000 };

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

struct talk {
	struct tls_joint j;
	struct rng rng;
	size_t up, down;             /* said by the far end, sent by the link's owner */
	size_t up_right, down_right; /* of it, what has come and is right */
	bool far_ended, near_ended;
};

static void check_one(const uint8_t *got, size_t n, size_t sent, size_t *right)
{
	assert_true(n <= sent && n >= *right);
	for (; *right < n; ++*right)
		assert_int_equal(got[*right], pattern(*right));
}

static void check(struct talk *t)
{
	check_one(t->j.got, t->j.got_len, t->up, &t->up_right);
	check_one(t->j.far->got, t->j.far->got_len, t->down, &t->down_right);
}

static size_t some(struct talk *t, uint8_t *bytes, size_t at)
{
	size_t n = 1 + rng_below(&t->rng, rng_below(&t->rng, 4) ? 300 : MOST);

	for (size_t i = 0; i < n; i++)
		bytes[i] = pattern(at + i);
	return n;
}

static void far_says(struct talk *t, uint8_t *bytes)
{
	size_t n = some(t, bytes, t->up);

	if (!t->j.far->ready || t->j.far->bad || t->far_ended)
		return;
	t->j.far->record = rng_below(&t->rng, 3) ? TLS_PLAIN_MAX : 1 + rng_below(&t->rng, 500);
	if (t->j.far->record < 50 && n > 2000)
		n = 2000;
	tls_end_say(t->j.far, span_of(bytes, n));
	t->up += n;
}

static void near_sends(struct talk *t, uint8_t *bytes)
{
	size_t n = some(t, bytes, t->down);

	if (!t->j.ready || t->j.lost || t->near_ended)
		return;
	if (link_send(t->j.link, span_of(bytes, n), 0) == 0)
		t->down += n;
}

static void end_one(struct talk *t)
{
	if (rng_below(&t->rng, 2)) {
		if (t->j.far->ready && !t->j.far->bad && !t->far_ended)
			tls_end_close(t->j.far, true);
		t->far_ended |= t->j.far->ended;
	} else if (t->j.ready && !t->j.lost && !t->near_ended) {
		link_finish(t->j.link, NULL);
		t->near_ended = true;
	}
}

static void step(struct talk *t, uint8_t *bytes)
{
	switch (rng_below(&t->rng, 12)) {
	case 0:
	case 1:
	case 2: far_says(t, bytes); break;
	case 3:
	case 4:
	case 5: near_sends(t, bytes); break;
	case 6:
		if (t->j.ready)
			link_read(t->j.link, 0);
		break;
	case 7:
	case 8:
		if (t->j.ready)
			link_read(t->j.link, 1 + rng_below(&t->rng, 100000));
		break;
	case 9:
		if (rng_below(&t->rng, 8) == 0)
			end_one(t);
		break;
	default: tls_joint_turn(&t->j);
	}
	check(t);
}

/* Everything is said and read. */
static void settle(struct talk *t)
{
	if (t->j.ready && !t->j.lost)
		link_read(t->j.link, READ_ROOM);
	tls_joint_turn(&t->j);
	while ((!t->far_ended || !t->near_ended) && t->j.ready && !t->j.lost && !t->j.far->bad)
		end_one(t);
	tls_joint_turn(&t->j);
}

static bool run(struct tls_world *w, uint64_t seed, bool faults)
{
	struct talk t = {.rng = {seed}};
	uint8_t *bytes = malloc(MOST + 1);
	bool old = rng_below(&t.rng, 2), client = rng_below(&t.rng, 2);
	struct tls_site *server = old ? w->old_server : w->server;
	struct fault_plan plan = {
		.seed = seed,
		.piece = 1 + rng_below(&t.rng, rng_below(&t.rng, 2) ? 30000 : 50),
		.break_in = faults && rng_below(&t.rng, 2) ? rng_below(&t.rng, 40000) : SIZE_MAX,
		.break_out = faults && rng_below(&t.rng, 2) ? rng_below(&t.rng, 40000) : SIZE_MAX};

	unit_note("seed %llu", (unsigned long long)seed);
	tls_joint_open_faulty(&t.j, client ? w->client : server, client ? server : w->client, NULL,
	                      &plan);
	for (int i = 0; i < STEPS && !t.j.lost; i++)
		step(&t, bytes);
	settle(&t);
	check(&t);
	if (!faults) {
		assert_true(t.j.ready && t.j.eof && !t.j.lost && t.j.far->closed);
		assert_int_equal(t.j.got_len, t.up);
		assert_int_equal(t.j.far->got_len, t.down);
	}
	bool broke = t.j.lost;
	tls_joint_done(&t.j);
	free(bytes);
	return broke;
}

static void test_orderly(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(*state, seed, false);
}

static void test_bad_days(void **state)
{
	unsigned broke = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		broke += run(*state, seed, true);
	assert_true(broke > SEEDS / 4 && broke < SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_orderly), UNIT(test_bad_days)};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
