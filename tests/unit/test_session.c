/* Sessions on memory links with a hand-turned clock: the main roads. Ends in every order are in
 * test_session_ends, HTTP in test_front, random weather in test_session_random.
 */
#include "unit.h"

#include "../fake/duo.h"

static void test_echo_both_ways(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_upgrade(&d, NULL);
	assert_int_equal(d.opened, 1);
	duo_client_frame(&d, WS_OP_BINARY, span_str("RFB 003.008\n"));
	mem_say(d.backend, span_str("hello"));
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_str("RFB 003.008\n"));
	struct duo_heard h = duo_heard(&d);
	assert_span(span_of(h.data, h.data_len), span_str("hello"));
	duo_heard_free(&h);

	duo_client_frame(&d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	duo_turn(&d);
	h = duo_heard(&d);
	assert_int_equal(h.code, 1000);
	duo_heard_free(&h);
	mem_say_eof(d.client);
	mem_say_eof(d.backend);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	assert_true(fake_logged(&d.fake, "session ended client=192.0.2.7:4711"));
	assert_false(fake_logged(&d.fake, "secret"));
	duo_done(&d);
}

static void test_backend_ends(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_upgrade(&d, NULL);
	mem_say(d.backend, span_str("bye"));
	mem_say_eof(d.backend);
	duo_turn(&d);
	struct duo_heard h = duo_heard(&d);
	assert_span(span_of(h.data, h.data_len), span_str("bye"));
	assert_int_equal(h.code, 1000);
	assert_string_equal(h.reason, "backend closed the connection");
	duo_heard_free(&h);
	assert_int_equal(d.ended, 0);
	duo_client_frame(&d, WS_OP_BINARY, span_str("last words"));
	duo_client_frame(&d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_str("last words"));
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_silent_client(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	fake_sleep(&d.fake, 9999);
	assert_false(d.client->got_close);
	assert_int_equal(d.fake.pool.taken, 0);
	fake_sleep(&d.fake, 1);
	assert_true(d.client->got_close);
	fake_sleep(&d.fake, 3000);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_dead_backend(void **state)
{
	struct duo d;
	struct why why =
		why_make(WHY_DIAL, 1011, 502, 0, "backend 127.0.0.1:5901 refused the connection");

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	fake_answer(&d.fake, NULL, &why);
	size_t seen = 0;
	d.parsed = http_head_end(mem_heard(d.client), 0, &seen);
	struct duo_heard h = duo_heard(&d);
	assert_int_equal(h.code, 1011);
	assert_string_equal(h.reason, why.text);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DIAL_FAILED), 1);
	duo_heard_free(&h);
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_echo_both_ways),
		UNIT(test_backend_ends),
		UNIT(test_silent_client),
		UNIT(test_dead_backend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
