/* How much the splice lets its sources say: all there is while the sink keeps up, small pieces
 * while something waits for the sink, nothing above LINK_HIGH; and back again.
 */
#include "unit.h"

#include "../fake/duo.h"

static uint8_t bytes[READ_ROOM];

static void begin(struct duo *d)
{
	duo_init(d);
	duo_connect(d);
	duo_upgrade(d, NULL);
}

static void end(struct duo *d)
{
	struct why why = why_make(WHY_SERVER, 1001, 0, 0, "end of the test");

	session_cut(LIST_OF(d->sessions.next, struct session, node), &why);
	duo_turn(d);
	duo_done(d);
}

/* source asks for so much after its sink was left with `queued` bytes. */
static void expect(const struct mem_end *source, const struct mem_end *sink, size_t queued,
                   size_t room)
{
	unit_note("with %zu bytes queued", queued);
	assert_int_equal(sink->pending_len, queued);
	assert_int_equal(source->room, room);
}

/* What the backend says goes to the client in frames of its size, with a head of 4 or 10 bytes. */
static void test_down(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	expect(d.backend, d.client, 0, READ_ROOM);
	d.client->window = 0;
	mem_say(d.backend, span_of(bytes, 1000));
	duo_turn(&d);
	expect(d.backend, d.client, 1004, READ_SLOW);
	mem_take(d.client, 4);
	duo_turn(&d);
	expect(d.backend, d.client, 1000, READ_SLOW);
	mem_take(d.client, 1000);
	mem_say(d.backend, span_of(bytes, 1));
	d.client->window = SIZE_MAX;
	duo_turn(&d);
	expect(d.backend, d.client, 0, READ_ROOM);
	end(&d);
}

static void test_up(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	expect(d.client, d.backend, 0, READ_ROOM);
	d.backend->window = 0;
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, 1000));
	duo_turn(&d);
	expect(d.client, d.backend, 1000, READ_SLOW);
	d.backend->window = SIZE_MAX;
	mem_take(d.backend, 1000);
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, 1));
	duo_turn(&d);
	expect(d.client, d.backend, 0, READ_ROOM);
	end(&d);
}

/* Above LINK_HIGH nothing; below LINK_LOW again, in small pieces until all is gone. */
static void test_high_and_low(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	d.backend->window = 0;
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, LINK_HIGH));
	duo_turn(&d);
	expect(d.client, d.backend, LINK_HIGH, READ_SLOW);
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, 1));
	duo_turn(&d);
	expect(d.client, d.backend, LINK_HIGH + 1, 0);
	mem_take(d.backend, LINK_HIGH + 1 - LINK_LOW);
	duo_turn(&d);
	expect(d.client, d.backend, LINK_LOW, 0);
	mem_take(d.backend, 1);
	duo_turn(&d);
	expect(d.client, d.backend, LINK_LOW - 1, READ_SLOW);
	end(&d);
}

/* Stopped, and then all is gone at once. */
static void test_high_and_none(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	d.backend->window = 0;
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, LINK_HIGH));
	duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, 1));
	duo_turn(&d);
	expect(d.client, d.backend, LINK_HIGH + 1, 0);
	mem_take(d.backend, LINK_HIGH + 1);
	duo_turn(&d);
	expect(d.client, d.backend, 0, READ_ROOM);
	end(&d);
}

/* The answer to the handshake still waits for a slow client when the first bytes come. */
static void test_slow_from_the_start(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	d.client->window = 0;
	duo_backend(&d);
	expect(d.backend, d.client, d.client->pending_len, READ_SLOW);
	assert_true(d.client->pending_len > 0);
	assert_int_equal(d.client->room, READ_ROOM);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_down),
		UNIT(test_up),
		UNIT(test_high_and_low),
		UNIT(test_high_and_none),
		UNIT(test_slow_from_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
