/* How sessions end, in every order: who hears what, and that no orderly byte is lost. */
#include "unit.h"

#include "../fake/duo.h"

#include "wire/http_head.h"

#include <stdlib.h>

static void begin(struct duo *d)
{
	duo_init(d);
	duo_connect(d);
	duo_upgrade(d, NULL);
}

/* Both ends go away and nothing may be left. */
static void end(struct duo *d)
{
	duo_turn(d);
	duo_leave(d);
	fake_sleep(&d->fake, d->fake.limits.close_ms);
	assert_int_equal(d->ended, 1);
	duo_done(d);
}

static void check_close(struct duo *d, unsigned code, const char *reason)
{
	struct duo_heard h = duo_heard(d);

	assert_false(h.broken);
	assert_int_equal(h.closes, 1);
	assert_int_equal(h.code, code);
	if (reason)
		assert_string_equal(h.reason, reason);
	duo_heard_free(&h);
}

static uint8_t *block_of(size_t n)
{
	uint8_t *b = malloc(n);

	assert_non_null(b);
	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(i * 31 >> 3);
	return b;
}

/* Both have said Close: the client's connection ends there and then, whatever the backend does. */
static void test_client_closes_backend_stays(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	duo_client_frame(&d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	duo_turn(&d);
	check_close(&d, 1000, NULL);
	assert_null(d.client->link);
	assert_non_null(d.backend->link);
	assert_true(d.backend->got_finish);
	assert_int_equal(d.ended, 0);
	end(&d);
}

/* The client says good-bye while the backend is slow and talkative: what the client said arrives,
 * what the backend says is dropped, because a browser drops it, too. */
static void test_client_closes_backend_slow(void **state)
{
	struct duo d;
	uint8_t *up = block_of(300000), *down = block_of(400000);

	(void)state;
	begin(&d);
	d.backend->window = 0;
	d.client->window = 0;
	duo_client_frame(&d, WS_OP_BINARY, span_of(up, 300000));
	mem_say(d.backend, span_of(down, 400000));
	duo_turn(&d);
	assert_true(d.backend->said_len > 0); /* stopped: the client is slow */
	/* the backend's queue is above LINK_HIGH, so the Close waits behind it */
	assert_int_equal(d.client->room, 0);
	mem_take(d.backend, 250000);
	duo_client_frame(&d, WS_OP_CLOSE,
	                 span_of("\x0f\xa0"
	                         "bye",
	                         5));
	duo_turn(&d);
	assert_true(d.client->got_close);         /* whatever still waits for the backend */
	assert_int_equal(d.backend->said_len, 0); /* read and dropped, so the backend can go on */
	assert_true(d.backend->got_finish);
	mem_take(d.backend, SIZE_MAX);
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_of(up, 300000));
	mem_take(d.client, SIZE_MAX);
	duo_turn(&d);
	check_close(&d, 4000, "bye");
	assert_true(fake_logged(&d.fake, "client closed the session (4000)") || d.ended == 0);
	free(up);
	free(down);
	end(&d);
}

static void test_empty_close_is_answered_empty(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	duo_client_frame(&d, WS_OP_CLOSE, (struct span){0});
	duo_turn(&d);
	check_close(&d, 0, "");
	assert_true(d.client->got_finish);
	end(&d);
}

static void test_client_leaves_without_close(void **state)
{
	struct duo d;
	uint8_t *up = block_of(100000);

	(void)state;
	begin(&d);
	d.backend->window = 10;
	duo_client_frame(&d, WS_OP_BINARY, span_of(up, 100000));
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_true(d.backend->got_finish);
	mem_take(d.backend, SIZE_MAX);
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_of(up, 100000));
	mem_say_eof(d.backend);
	duo_turn(&d);
	assert_true(fake_logged(&d.fake, "1006"));
	struct duo_heard h = duo_heard(&d);
	assert_int_equal(h.closes, 0); /* and it is sent nothing any more */
	duo_heard_free(&h);
	free(up);
	end(&d);
}

static void test_client_resets(void **state)
{
	struct duo d;
	uint8_t *up = block_of(70000);

	(void)state;
	begin(&d);
	d.backend->window = 10;
	duo_client_frame(&d, WS_OP_BINARY, span_of(up, 70000));
	duo_turn(&d);
	mem_reset(d.client, "client reset the connection");
	duo_turn(&d);
	mem_take(d.backend, SIZE_MAX);
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_of(up, 70000));
	assert_true(d.backend->got_finish);
	free(up);
	end(&d);
}

static void test_backend_resets(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say(d.backend, span_str("before"));
	duo_turn(&d);
	mem_reset(d.backend, "backend reset the connection");
	duo_turn(&d);
	check_close(&d, 1011, "backend reset the connection");
	end(&d);
}

static void test_backend_ends_client_slow(void **state)
{
	struct duo d;
	uint8_t *down = block_of(200000);

	(void)state;
	begin(&d);
	d.client->window = 1000;
	mem_say(d.backend, span_of(down, 200000));
	mem_say_eof(d.backend);
	duo_turn(&d);
	/* a slow client is given all the time it needs as long as it takes something */
	while (d.client->pending_len > 0) {
		fake_sleep(&d.fake, 2000);
		mem_take(d.client, 30000);
		duo_turn(&d);
	}
	struct duo_heard h = duo_heard(&d);
	assert_span(span_of(h.data, h.data_len), span_of(down, 200000));
	duo_heard_free(&h);
	check_close(&d, 1000, "backend closed the connection");
	free(down);
	end(&d);
}

static void test_client_never_answers_close(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say_eof(d.backend);
	duo_turn(&d);
	fake_sleep(&d.fake, 2999);
	assert_false(d.client->got_close);
	fake_sleep(&d.fake, 1);
	assert_true(d.client->got_close);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DEADLINE), 1);
	duo_turn(&d); /* it does not get the deadline a second time */
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_half_closed_backend_still_hears(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say_eof(d.backend);
	duo_turn(&d);
	check_close(&d, 1000, NULL);
	duo_client_frame(&d, WS_OP_BINARY, span_str("on its way already"));
	duo_client_frame(&d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_str("on its way already"));
	assert_true(d.backend->got_finish);
	end(&d);
}

static void stop_all(struct duo *d, void (*fn)(struct session *, const struct why *))
{
	static const struct why why = {.layer = WHY_SERVER,
	                               .close = 1001,
	                               .status = 503,
	                               .text = "the server is shutting down"};

	fn(LIST_OF(d->sessions.next, struct session, node), &why);
	duo_turn(d);
}

static void test_stop_says_1001(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	duo_client_frame(&d, WS_OP_BINARY, span_str("typed"));
	duo_turn(&d);
	stop_all(&d, session_stop);
	check_close(&d, 1001, "the server is shutting down");
	duo_client_frame(&d, WS_OP_CLOSE, span_of("\x03\xe9", 2));
	duo_turn(&d);
	assert_span(mem_heard(d.backend), span_str("typed"));
	mem_say_eof(d.backend);
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_true(fake_logged(&d.fake, "the server is shutting down"));
	end(&d);
}

/* A backend that blocks in write would never read what the client said. */
static void test_stop_lets_a_full_backend_go(void **state)
{
	struct duo d;
	uint8_t *down = block_of(500000);

	(void)state;
	begin(&d);
	d.client->window = 0;
	mem_say(d.backend, span_of(down, 500000));
	duo_turn(&d);
	assert_true(d.backend->said_len > 0);
	stop_all(&d, session_stop);
	assert_int_equal(d.backend->said_len, 0);
	free(down);
	end(&d);
}

static void test_cut_is_now(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	d.client->window = d.backend->window = 0;
	mem_say(d.backend, span_str("never heard"));
	duo_turn(&d);
	stop_all(&d, session_cut);
	assert_int_equal(d.ended, 1);
	assert_true(d.client->got_reset && d.backend->got_reset);
	duo_done(&d);
}

static void test_retire_spares_open_sessions(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	stop_all(&d, session_retire);
	assert_false(d.client->got_finish);
	end(&d);
}

static void test_stop_while_dialing(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	assert_non_null(d.fake.dialed);
	stop_all(&d, session_stop);
	assert_int_equal(d.fake.undials, 1);
	assert_memory_equal(d.client->heard, "HTTP/1.1 503 ", 13);
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_client_leaves_while_dialing(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	mem_reset(d.client, "client reset the connection");
	duo_turn(&d);
	assert_int_equal(d.fake.undials, 1);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void test_refused_client_need_not_answer(void **state)
{
	struct duo d;
	struct why why = why_make(WHY_DIAL, 1011, 502, 0, "backend x refused the connection");

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	fake_answer(&d.fake, NULL, &why);
	fake_sleep(&d.fake, 3000);
	assert_int_equal(d.ended, 1);
	assert_true(fake_logged(&d.fake, "backend x refused the connection"));
	duo_done(&d);
}

static void test_http_errors(void **state)
{
	struct duo d;
	struct why why = why_make(WHY_DIAL, 1011, 504, 0, "backend x did not answer");

	(void)state;
	duo_init(&d);
	d.site->http_errors = true;
	duo_connect(&d);
	duo_handshake(&d, NULL);
	fake_answer(&d.fake, NULL, &why);
	assert_memory_equal(d.client->heard, "HTTP/1.1 504 ", 13);
	assert_non_null(memmem(d.client->heard, d.client->heard_len, why.text, strlen(why.text)));
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

/* The dial that fails at once, and the one that memory forbids. */
static void test_dial_fails_inside(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	d.fake.dial_error = -12;
	duo_connect(&d);
	duo_handshake(&d, NULL);
	size_t seen = 0;
	d.parsed = http_head_end(mem_heard(d.client), 0, &seen);
	check_close(&d, 1011, NULL);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DIAL_FAILED), 1);
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

/* The peer broke the protocol and goes on talking: it is told once, and cut at the deadline. */
static void test_protocol_error_then_flood(void **state)
{
	struct duo d;
	uint8_t *noise = block_of(100000);

	(void)state;
	begin(&d);
	duo_client_frame(&d, WS_OP_BINARY, span_str("good"));
	mem_say(d.client, span_of("\x82\x05hello", 7)); /* not masked */
	duo_turn(&d);
	check_close(&d, 1002, NULL);
	assert_span(mem_heard(d.backend), span_str("good"));
	assert_true(d.backend->got_finish);
	mem_say(d.client, span_of(noise, 100000));
	duo_turn(&d);
	assert_int_equal(d.client->said_len, 0); /* dropped */
	mem_say_eof(d.backend);
	fake_sleep(&d.fake, 3000);
	assert_int_equal(d.ended, 1);
	check_close(&d, 1002, NULL);
	free(noise);
	duo_done(&d);
}

/* Whatever dies between two events, nothing is lost twice or freed twice. */
static void test_both_reset(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_reset(d.backend, "backend reset the connection");
	mem_reset(d.client, "client reset the connection");
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	assert_true(fake_logged(&d.fake, "backend reset the connection"));
	duo_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_client_closes_backend_stays),
		UNIT(test_client_closes_backend_slow),
		UNIT(test_empty_close_is_answered_empty),
		UNIT(test_client_leaves_without_close),
		UNIT(test_client_resets),
		UNIT(test_backend_resets),
		UNIT(test_backend_ends_client_slow),
		UNIT(test_client_never_answers_close),
		UNIT(test_half_closed_backend_still_hears),
		UNIT(test_stop_says_1001),
		UNIT(test_stop_lets_a_full_backend_go),
		UNIT(test_cut_is_now),
		UNIT(test_retire_spares_open_sessions),
		UNIT(test_stop_while_dialing),
		UNIT(test_client_leaves_while_dialing),
		UNIT(test_refused_client_need_not_answer),
		UNIT(test_http_errors),
		UNIT(test_dial_fails_inside),
		UNIT(test_protocol_error_then_flood),
		UNIT(test_both_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
