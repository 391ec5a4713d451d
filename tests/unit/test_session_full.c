/* A client there is no room for: it is told so in the language it speaks, reaches no backend, and
 * takes nobody's place.
 */
#include "unit.h"

#include "../fake/duo.h"

#include "wire/http_head.h"

#include <stdio.h>

static const struct why full = {.layer = WHY_SERVER,
                                .close = 1013,
                                .status = 503,
                                .text = "too many connections; try again later"};

static void begin(struct duo *d)
{
	duo_init(d);
	d->fake.log.level = LOG_INFO;
	d->full = &full;
	duo_connect(d);
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_TURNED_AWAY), 1);
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_CONNECTIONS), 0);
}

/* It is over, and nothing but the answer came of it. Hundreds of them fill no log. */
static void end(struct duo *d)
{
	assert_true(d->client->got_close);
	if (!d->client->says_eof)
		mem_say_eof(d->client);
	duo_turn(d);
	assert_int_equal(d->ended, 1);
	assert_int_equal(d->opened, 0);
	assert_null(d->fake.dialed);
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_DIAL_FAILED), 0);
	assert_int_equal(d->fake.lines_len, 0);
	duo_done(d);
}

static bool heard(const struct duo *d, const char *text)
{
	return memmem(d->client->heard, d->client->heard_len, text, strlen(text)) != NULL;
}

static void test_request(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say(d.client, span_str("GET /vnc.html HTTP/1.1\r\nHost: a\r\n\r\n"));
	duo_turn(&d);
	assert_true(heard(&d, "HTTP/1.1 503 Service Unavailable\r\n"));
	assert_true(heard(&d, "\r\nRetry-After: 5\r\n"));
	assert_true(heard(&d, "\r\nConnection: close\r\n"));
	assert_true(heard(&d, "too many connections; try again later"));
	end(&d);
}

/* What is wrong with a request is more use than that it came at the wrong time. */
static void test_wrong_request(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say(d.client, span_str("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"));
	duo_turn(&d);
	assert_true(heard(&d, "HTTP/1.1 405 "));
	end(&d);
}

static void test_handshake(void **state)
{
	struct duo d;
	size_t seen = 0;

	(void)state;
	begin(&d);
	duo_handshake(&d, NULL);
	assert_true(heard(&d, "HTTP/1.1 101 "));
	d.parsed = http_head_end(mem_heard(d.client), 0, &seen);
	struct duo_heard h = duo_heard(&d);
	assert_int_equal(h.code, 1013);
	assert_string_equal(h.reason, full.text);
	duo_heard_free(&h);
	end(&d);
}

static void test_handshake_with_http_errors(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	d.site->http_errors = true;
	duo_handshake(&d, NULL);
	assert_true(heard(&d, "HTTP/1.1 503 "));
	end(&d);
}

/* It may not stay for long without asking anything. */
static void test_silent(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	fake_sleep(&d.fake, d.fake.limits.first_byte_ms);
	duo_turn(&d);
	end(&d);
}

static void test_server_stops(void **state)
{
	const struct why down = {.layer = WHY_SERVER, .close = 1001, .status = 503, .text = "down"};
	struct duo d;

	(void)state;
	begin(&d);
	session_stop(LIST_OF(d.sessions.next, struct session, node), &down);
	duo_turn(&d);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_request),   UNIT(test_wrong_request),
		UNIT(test_handshake), UNIT(test_handshake_with_http_errors),
		UNIT(test_silent),    UNIT(test_server_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
