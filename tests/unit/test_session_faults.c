/* Sessions whose links have bad days on both sides: pieces of any size, late, and a break after any
 * number of bytes in either direction. What arrived is right, and nothing is left. A failure names
 * its seed.
 */
#include "unit.h"

#include "../fake/duo.h"
#include "../fake/fault_link.h"

#include <stdlib.h>

enum { SEEDS = 1000, MUCH = 20000 };

static struct fault_plan plan_of(struct rng *rng, bool breaks)
{
	struct fault_plan p = {.seed = rng_next(rng),
	                       .piece = rng_below(rng, 2) ? 16 : 5000,
	                       .break_in = SIZE_MAX,
	                       .break_out = SIZE_MAX};

	if (breaks && rng_below(rng, 2))
		p.break_in = rng_below(rng, MUCH);
	else if (breaks)
		p.break_out = rng_below(rng, MUCH);
	return p;
}

static void connect_through(struct duo *d, struct rng *rng, bool breaks)
{
	struct addr peer = {.kind = ADDR_UNIX};
	struct fault_plan plan = plan_of(rng, breaks);

	d->client = mem_open(&d->fake.env);
	struct link *link = fault_open(&d->fake.env, d->client->link, &plan);
	assert_int_equal(session_start(&d->sessions, &d->fake.env, d->site, &d->host, link, &peer),
	                 0);
	duo_handshake(d, NULL);
	if (!d->fake.dialed)
		return;
	plan = plan_of(rng, breaks);
	d->backend = mem_open(&d->fake.env);
	fake_answer(&d->fake, fault_open(&d->fake.env, d->backend->link, &plan), NULL);
	duo_turn(d);
}

static void talk(struct duo *d, struct rng *rng, const uint8_t *bytes)
{
	size_t at = 0;

	while (at < MUCH) {
		size_t n = rng_below(rng, 3000) + 1;
		n = n < MUCH - at ? n : MUCH - at;
		duo_client_frame(d, WS_OP_BINARY, span_of(bytes + at, n));
		mem_say(d->backend, span_of(bytes + at, n));
		if (rng_below(rng, 2))
			duo_turn(d);
		at += n;
	}
	duo_turn(d);
}

static void end_all(struct duo *d)
{
	if (d->backend)
		mem_say_eof(d->backend);
	duo_turn(d);
	duo_client_frame(d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	mem_say_eof(d->client);
	duo_turn(d);
	fake_sleep(&d->fake, 100000);
	duo_turn(d);
}

static void run(uint64_t seed, bool breaks, const uint8_t *bytes)
{
	struct rng rng = {seed};
	struct duo d;
	size_t seen = 0;

	unit_note("seed %llu%s", (unsigned long long)seed, breaks ? ", breaks" : "");
	duo_init(&d);
	connect_through(&d, &rng, breaks);
	if (d.backend)
		talk(&d, &rng, bytes);
	end_all(&d);
	d.parsed = http_head_end(mem_heard(d.client), 0, &seen);
	struct duo_heard h = duo_heard(&d);
	assert_false(h.broken);
	assert_true(h.data_len <= MUCH);
	assert_memory_equal(h.data, bytes, h.data_len);
	if (d.backend)
		assert_memory_equal(d.backend->heard ? d.backend->heard : bytes, bytes,
		                    d.backend->heard_len);
	if (!breaks) {
		assert_int_equal(h.data_len, MUCH);
		assert_int_equal(d.backend->heard_len, MUCH);
	}
	duo_heard_free(&h);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_faults(void **state)
{
	struct rng rng = {7};
	uint8_t *bytes = malloc(MUCH);

	(void)state;
	assert_non_null(bytes);
	rng_fill(&rng, bytes, MUCH);
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(seed, seed % 2, bytes);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_faults)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
