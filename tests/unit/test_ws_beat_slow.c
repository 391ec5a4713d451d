/* Heartbeats and pings while one side takes nothing: what waits in a queue is no fault of who could
 * not see it yet.
 */
#include "beat_stage.h"

#include <stdlib.h>

/* A ping is out, and the client is not read: the backend takes nothing. */
static void begin_slow(struct duo *d)
{
	uint8_t *much = calloc(1, 600000);

	begin(d, 5000, 2000, NULL);
	d->backend->window = 0;
	fake_sleep(&d->fake, 5000);
	duo_client_frame(d, WS_OP_BINARY, span_of(much, 600000));
	duo_turn(d);
	assert_int_equal(d->client->room, 0);
	free(much);
}

static void goes_on(struct duo *d)
{
	d->backend->window = SIZE_MAX;
	mem_take(d->backend, SIZE_MAX);
	duo_turn(d);
}

static void test_not_enforced_while_the_backend_is_slow(void **state)
{
	struct duo d;

	(void)state;
	begin_slow(&d);
	duo_client_frame(&d, WS_OP_PONG, (struct span){0}); /* waits behind the data */
	duo_turn(&d);
	fake_sleep(&d.fake, 50000);
	ASSERT_HEARD(&d, closes, 0);
	goes_on(&d);
	fake_sleep(&d.fake, 1999);
	ASSERT_HEARD(&d, closes, 0);
	end(&d);
}

/* When reading goes on, the answer gets its whole time. */
static void test_the_time_begins_anew(void **state)
{
	struct duo d;

	(void)state;
	begin_slow(&d);
	fake_sleep(&d.fake, 5500); /* half of it has passed, as far as the clock goes */
	goes_on(&d);
	fake_sleep(&d.fake, 1999);
	ASSERT_HEARD(&d, closes, 0);
	fake_sleep(&d.fake, 1);
	check_closed(&d, 1011, "ping");
	end(&d);
}

/* No ping behind bytes that wait, nor while the client is not read: only its answer would be late. It
 * goes when they are gone, at the next time. */
static void test_no_ping_behind_a_backlog(void **state)
{
	(void)state;
	for (int up = 0; up < 2; up++) {
		struct duo d;
		uint8_t *much = calloc(1, 600000);
		begin(&d, 5000, 2000, NULL);
		struct mem_end *slow = up ? d.backend : d.client;
		slow->window = 0;
		if (up)
			duo_client_frame(&d, WS_OP_BINARY, span_of(much, 600000));
		else
			mem_say(d.backend, span_of(much, 10));
		duo_turn(&d);
		assert_int_equal(d.client->room == 0, up);
		fake_sleep(&d.fake, 50000);
		slow->window = SIZE_MAX;
		mem_take(slow, SIZE_MAX);
		duo_turn(&d);
		ASSERT_HEARD(&d, pings, 0);
		fake_sleep(&d.fake, 5000);
		ASSERT_HEARD(&d, pings, 1);
		free(much);
		end(&d);
	}
}

/* Too much waits for the client to answer it now: then the answer goes when it has taken some. */
static void test_ping_behind_a_backlog(void **state)
{
	struct duo d;
	uint8_t *much = calloc(1, LINK_HIGH + 1);

	(void)state;
	begin(&d, 0, 0, NULL);
	d.client->window = 0;
	mem_say(d.backend, span_of(much, LINK_HIGH + 1));
	duo_turn(&d);
	assert_true(d.client->pending_len > LINK_HIGH);
	duo_client_frame(&d, WS_OP_PING, span_str("patience"));
	duo_turn(&d);
	d.client->window = SIZE_MAX;
	mem_take(d.client, SIZE_MAX);
	ASSERT_HEARD(&d, pongs, 1);
	free(much);
	end(&d);
}

/* Our Close waits behind bytes: the answer's time begins when they are gone, and ends. */
static void test_close_behind_a_backlog(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, NULL);
	d.client->window = 0;
	mem_say(d.backend, span_str("still to be taken"));
	mem_say_eof(d.backend);
	duo_turn(&d);
	fake_sleep(&d.fake, 10 * d.fake.limits.close_ms);
	assert_false(d.client->got_close);
	mem_take(d.client, SIZE_MAX);
	duo_turn(&d);
	ASSERT_HEARD(&d, closes, 1);
	assert_false(d.client->got_close);
	fake_sleep(&d.fake, d.fake.limits.close_ms);
	assert_true(d.client->got_close);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DEADLINE), 1);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_not_enforced_while_the_backend_is_slow),
		UNIT(test_the_time_begins_anew),
		UNIT(test_no_ping_behind_a_backlog),
		UNIT(test_ping_behind_a_backlog),
		UNIT(test_close_behind_a_backlog),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
