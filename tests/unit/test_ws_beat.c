/* What a WebSocket session owes its client besides bytes: pings answered, heartbeats with a
 * deadline, base64, and the right words for what is wrong.
 */
#include "beat_stage.h"

#include <stdlib.h>

/* --- heartbeat ------------------------------------------------------------------------------ */

static void test_no_heartbeat_unless_asked(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, NULL);
	fake_sleep(&d.fake, 1000000);
	ASSERT_HEARD(&d, pings, 0);
	end(&d);
}

static void test_ping_every_so_often(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 5000, 2000, NULL);
	for (unsigned i = 1; i <= 3; i++) {
		fake_sleep(&d.fake, 5000);
		ASSERT_HEARD(&d, pings, i);
		duo_client_frame(&d, WS_OP_PONG, (struct span){0});
		duo_turn(&d);
	}
	assert_int_equal(d.ended, 0);
	end(&d);
}

static void test_no_answer_is_the_end(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 5000, 2000, NULL);
	fake_sleep(&d.fake, 6999);
	ASSERT_HEARD(&d, closes, 0);
	fake_sleep(&d.fake, 1);
	check_closed(&d, 1011, "did not answer a ping within 2 s");
	assert_true(d.backend->got_finish);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DEADLINE), 1);
	mem_say_eof(d.backend);
	fake_sleep(&d.fake, 3000);
	assert_true(fake_logged(&d.fake, "did not answer a ping"));
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

/* Data is no answer: a client that sends but never pongs is dropped all the same. */
static void test_data_is_no_answer(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 5000, 2000, NULL);
	fake_sleep(&d.fake, 6000);
	duo_client_frame(&d, WS_OP_BINARY, span_str("busy"));
	duo_turn(&d);
	fake_sleep(&d.fake, 1000);
	check_closed(&d, 1011, "ping");
	end(&d);
}

/* But an answer cannot come in the middle of a frame that is still arriving. */
static void test_a_long_frame_is_waited_for(void **state)
{
	struct duo d;
	static const uint8_t head[] = {0x82, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0};
	uint8_t piece[100] = {0};

	(void)state;
	begin(&d, 5000, 2000, NULL);
	mem_say(d.client, span_of(head, sizeof head));
	duo_turn(&d);
	fake_sleep(&d.fake, 5000);
	for (int i = 0; i < 10; i++) {
		mem_say(d.client, span_of(piece, sizeof piece));
		duo_turn(&d);
		fake_sleep(&d.fake, 2000);
	}
	ASSERT_HEARD(&d, closes, 0);
	fake_sleep(&d.fake, 2000); /* and nothing came */
	check_closed(&d, 1011, "ping");
	end(&d);
}

/* Nor is one that stopped arriving before the ping. */
static void test_a_frame_that_stopped(void **state)
{
	struct duo d;
	static const uint8_t head[] = {0x82, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0};

	(void)state;
	begin(&d, 5000, 2000, NULL);
	mem_say(d.client, span_of(head, sizeof head));
	duo_turn(&d);
	fake_sleep(&d.fake, 7000);
	check_closed(&d, 1011, "ping");
	end(&d);
}

static void test_pong_timeout_zero_never_drops(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 5000, 0, NULL);
	fake_sleep(&d.fake, 50000);
	ASSERT_HEARD(&d, pings, 10);
	ASSERT_HEARD(&d, closes, 0);
	end(&d);
}

static void test_no_heartbeat_after_the_end(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1000, 0, NULL);
	d.client->window = 0; /* the Close cannot leave, so the link lives on */
	mem_say_eof(d.backend);
	duo_turn(&d);
	fake_sleep(&d.fake, 20000);
	mem_take(d.client, SIZE_MAX);
	ASSERT_HEARD(&d, pings, 0);
	ASSERT_HEARD(&d, closes, 1);
	end(&d);
}

/* --- the client's pings --------------------------------------------------------------------- */

static void test_ping_is_answered(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, NULL);
	duo_client_frame(&d, WS_OP_PING, span_str("payload comes back"));
	duo_turn(&d);
	ASSERT_HEARD(&d, pongs, 1);
	assert_non_null(memmem(d.client->heard, d.client->heard_len, "payload comes back", 18));
	duo_client_frame(&d, WS_OP_BINARY, span_str("no ping"));
	duo_turn(&d);
	ASSERT_HEARD(&d, pongs, 1);
	end(&d);
}

static void test_ping_flood_is_bounded(void **state)
{
	struct duo d;
	char big[125];

	(void)state;
	memset(big, 'p', sizeof big);
	begin(&d, 0, 0, NULL);
	for (int i = 0; i < 1000; i++)
		duo_client_frame(&d, WS_OP_PING, span_of(big, sizeof big));
	duo_client_frame(&d, WS_OP_PING, span_str("the last one"));
	duo_turn(&d);
	ASSERT_HEARD(&d, pongs, 1); /* one read, one answer: to the last */
	assert_non_null(memmem(d.client->heard, d.client->heard_len, "the last one", 12));
	d.client->window = 0;
	for (int i = 0; i < 10000; i++) {
		duo_client_frame(&d, WS_OP_PING, span_of(big, sizeof big));
		duo_turn(&d);
	}
	assert_true(d.client->queued_max <= LINK_HIGH + 1024);
	mem_take(d.client, SIZE_MAX);
	duo_turn(&d);
	end(&d);
}

/* --- base64 and text ------------------------------------------------------------------------ */

#define BASE64 "Sec-WebSocket-Protocol: base64\r\n"

static void test_base64(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, BASE64);
	assert_non_null(memmem(d.client->heard, d.client->heard_len, BASE64, strlen(BASE64)));
	mem_say(d.backend, span_str("hello"));
	duo_turn(&d);
	mem_say(d.backend, span_str("you"));
	duo_turn(&d);
	struct duo_heard h = duo_heard(&d);
	assert_int_equal(h.frames, 2); /* one read, one message, padded on its own */
	assert_span(span_of(h.data, h.data_len), span_str("aGVsbG8=eW91"));
	duo_heard_free(&h);
	duo_client_frame(&d, WS_OP_TEXT, span_str("YW"));
	duo_client_frame(&d, WS_OP_TEXT, span_str("JjZGVm")); /* a quantum straddles frames */
	duo_client_frame(&d, WS_OP_BINARY, span_str("Z2g="));
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_str("abcdefgh"));
	end(&d);
}

static void test_base64_nonsense(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, BASE64);
	duo_client_frame(&d, WS_OP_TEXT, span_str("YWJj"));
	duo_client_frame(&d, WS_OP_TEXT, span_str("no base64!"));
	duo_turn(&d);
	check_closed(&d, 1007, "base64");
	assert_span(mem_heard(d.backend), span_str("abc")); /* what was right still arrives */
	end(&d);
}

static void test_text_on_a_binary_session(void **state)
{
	static const char *const texts[] = {"", "not fine"}; /* even an empty one */

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct duo d;
		begin(&d, 0, 0, "Sec-WebSocket-Protocol: base64, binary\r\n");
		duo_client_frame(&d, WS_OP_BINARY, span_str("fine"));
		duo_client_frame(&d, WS_OP_TEXT, span_str(texts[i]));
		duo_turn(&d);
		check_closed(&d, 1003, "text");
		assert_span(mem_heard(d.backend), span_str("fine"));
		end(&d);
	}
}

static void test_small_frames_are_one_write(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, 0, NULL);
	d.backend->window = 0;
	for (int i = 0; i < 100; i++)
		duo_client_frame(&d, WS_OP_BINARY, span_str("key"));
	duo_turn(&d);
	assert_int_equal(d.backend->sends, 1);
	assert_int_equal(d.backend->pending_len, 300);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_no_heartbeat_unless_asked),
		UNIT(test_ping_every_so_often),
		UNIT(test_no_answer_is_the_end),
		UNIT(test_data_is_no_answer),
		UNIT(test_a_long_frame_is_waited_for),
		UNIT(test_a_frame_that_stopped),
		UNIT(test_pong_timeout_zero_never_drops),
		UNIT(test_no_heartbeat_after_the_end),
		UNIT(test_ping_is_answered),
		UNIT(test_ping_flood_is_bounded),
		UNIT(test_base64),
		UNIT(test_base64_nonsense),
		UNIT(test_text_on_a_binary_session),
		UNIT(test_small_frames_are_one_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
