/* What an operator is told of a client: the lines of the log, word for word, and the counters. A
 * request is logged by its path, because tokens stand in queries.
 */
#include "unit.h"

#include "../fake/duo.h"

#include "wire/http_reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct why leaving = {.layer = WHY_SERVER, .status = 503, .text = "we leave"};

static void begin(struct duo *d, enum log_level level)
{
	duo_init(d);
	d->fake.log.level = level;
	duo_connect(d);
}

static void end(struct duo *d)
{
	if (d->client->link && !d->client->says_eof)
		mem_say_eof(d->client);
	if (d->backend && d->backend->link && !d->backend->says_eof)
		mem_say_eof(d->backend);
	duo_turn(d);
	fake_sleep(&d->fake, 100000);
	assert_int_equal(d->ended, 1);
	duo_done(d);
}

static void say(struct duo *d, const char *text)
{
	mem_say(d->client, span_str(text));
	duo_turn(d);
}

static uint64_t counted(const struct duo *d, enum metric which)
{
	return metric_get(&d->fake.metrics, which);
}

#define assert_log(d, text) assert_string_equal((d)->fake.lines, (text))

/* From the 101 to the last of both ends, in milliseconds. */
static void converse(struct duo *d, uint64_t ms)
{
	duo_upgrade(d, NULL);
	duo_client_frame(d, WS_OP_BINARY, span_str("up"));
	mem_say(d->backend, span_str("down!"));
	duo_turn(d);
	fake_sleep(&d->fake, ms);
	duo_client_frame(d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
	end(d);
}

#define SIDES "client=192.0.2.7:4711 backend=127.0.0.1:5901"

static void test_session(void **state)
{
	static const struct {
		uint64_t ms;
		const char *seconds;
	} rows[] = {{12345, "12.345"}, {70, "0.070"}, {3008, "3.008"}, {600, "0.600"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct duo d;
		char want[512];
		begin(&d, LOG_INFO);
		fake_sleep(&d.fake, 5000); /* is not counted */
		converse(&d, rows[i].ms);
		snprintf(want, sizeof want,
		         "info  session started " SIDES "\n"
		         "info  session ended " SIDES " up=2 down=5 seconds=%s layer=ws "
		         "reason=\"client closed the session (1000)\"\n",
		         rows[i].seconds);
		assert_log(&d, want);
		assert_int_equal(counted(&d, METRIC_SESSIONS_ALL), 1);
		assert_int_equal(counted(&d, METRIC_BYTES_UP), 2);
		assert_int_equal(counted(&d, METRIC_BYTES_DOWN), 5);
		assert_int_equal(counted(&d, METRIC_REQUESTS), 1);
		assert_int_equal(counted(&d, METRIC_REFUSED), 0);
		assert_int_equal(counted(&d, METRIC_DEADLINE), 0);
	}
}

static void test_quiet(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, LOG_WARN);
	converse(&d, 0);
	assert_log(&d, "");
}

static void test_no_backend(void **state)
{
	struct why why = why_make(WHY_DIAL, 1011, 502, 0, "backend refused the connection");
	struct duo d;

	(void)state;
	begin(&d, LOG_INFO);
	duo_handshake(&d, NULL);
	fake_answer(&d.fake, NULL, &why);
	end(&d);
	assert_log(&d, "warn  session refused " SIDES " status=101 "
	               "reason=\"backend refused the connection\"\n");
}

/* ---- requests ---- */

#define ENDED                                                                                      \
	"debug connection ended client=192.0.2.7:4711 layer=http "                                 \
	"reason=\"closed after the answer\"\n"

static void test_request(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, LOG_DEBUG);
	say(&d, "OPTIONS /a/b?token=secret HTTP/1.1\r\nHost: a\r\n\r\n");
	end(&d);
	assert_log(&d, "info  request refused client=192.0.2.7:4711 status=405 method=OPTIONS "
	               "path=/a/b reason=\"only GET and HEAD are served here\"\n" ENDED);
	assert_int_equal(counted(&d, METRIC_REQUESTS), 1);
	assert_int_equal(counted(&d, METRIC_REFUSED), 1);
}

/* A refusal is news, whatever its number. */
static void test_refusal_is_news(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, LOG_INFO);
	say(&d, "GET /x HTTP/1.1\r\n\r\n");
	end(&d);
	assert_true(fake_logged(&d.fake, "request refused client=192.0.2.7:4711 status=400 "));
}

/* A head that never ends is not logged as the request before it, and its time begins with its first
 * byte, in a packet of its own or behind the other request. */
static void test_late_request(void **state)
{
	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		struct duo d;
		begin(&d, LOG_DEBUG);
		mem_say(d.client, span_str("GET /first HTTP/1.1\r\nHost: a\r\n\r\n"));
		say(&d, behind ? "GET /seco" : "");
		d.fake.lines_len = 0;
		say(&d, behind ? "" : "GET /seco");
		fake_sleep(&d.fake, d.fake.limits.head_ms);
		end(&d);
		assert_log(&d, "info  request refused client=192.0.2.7:4711 status=408 method=\"\" "
		               "path=\"\" reason=\"the request head did not end in time\"\n"
		               "debug connection ended client=192.0.2.7:4711 layer=session "
		               "reason=\"request head did not end in time\"\n");
		assert_int_equal(counted(&d, METRIC_REQUESTS), 1);
		assert_int_equal(counted(&d, METRIC_REFUSED), 2);
		assert_int_equal(counted(&d, METRIC_DEADLINE), 1);
	}
}

static void test_reset(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, LOG_DEBUG);
	say(&d, "GET /hal");
	mem_reset(d.client, "client reset the connection");
	end(&d);
	assert_log(&d, "debug connection ended client=192.0.2.7:4711 layer=tcp "
	               "reason=\"client reset the connection\"\n");
}

/* The reason for the end of a connection that is no session yet is the one it was ended for. */
static void test_ended_from_outside(void **state)
{
	static void (*const ends[])(struct session *, const struct why *) = {session_stop,
	                                                                     session_cut};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof ends / sizeof *ends; i++) {
		struct duo d;
		begin(&d, LOG_DEBUG);
		if (i & 1)
			say(&d, "GET /hal");
		ends[i / 2](LIST_OF(d.sessions.next, struct session, node), &leaving);
		end(&d);
		assert_log(&d, "debug connection ended client=192.0.2.7:4711 layer=server "
		               "reason=\"we leave\"\n");
	}
}

static void test_session_ended_from_outside(void **state)
{
	static void (*const ends[])(struct session *, const struct why *) = {session_stop,
	                                                                     session_cut};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct duo d;
		begin(&d, LOG_INFO);
		duo_upgrade(&d, NULL);
		ends[i](LIST_OF(d.sessions.next, struct session, node), &leaving);
		duo_turn(&d);
		end(&d);
		assert_true(fake_logged(&d.fake, "layer=server reason=\"we leave\"\n"));
	}
}

static void test_silence(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, LOG_DEBUG);
	fake_sleep(&d.fake, d.fake.limits.first_byte_ms);
	end(&d);
	assert_log(&d, "debug connection ended client=192.0.2.7:4711 layer=session "
	               "reason=\"client said nothing\"\n");
	assert_int_equal(counted(&d, METRIC_DEADLINE), 1);
	begin(&d, LOG_DEBUG);
	say(&d, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	d.fake.lines_len = 0;
	fake_sleep(&d.fake, d.fake.limits.keepalive_ms);
	end(&d);
	assert_log(&d, "debug connection ended client=192.0.2.7:4711 layer=session "
	               "reason=\"no further request\"\n");
}

/* The second that the answer was made in. */
static void test_date(void **state)
{
	struct duo d;
	struct timespec before, after;
	bool right = false;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &before);
	begin(&d, LOG_DEBUG);
	say(&d, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	clock_gettime(CLOCK_REALTIME, &after);
	const char *at = memmem(d.client->heard, d.client->heard_len, "\r\nDate: ", 8);
	assert_non_null(at);
	for (int64_t t = before.tv_sec; t <= after.tv_sec && !right; t++) {
		char date[HTTP_DATE];
		http_date(date, t);
		right = memcmp(at + 8, date, sizeof date - 1) == 0;
	}
	assert_true(right);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_session),
		UNIT(test_quiet),
		UNIT(test_no_backend),
		UNIT(test_request),
		UNIT(test_refusal_is_news),
		UNIT(test_late_request),
		UNIT(test_reset),
		UNIT(test_ended_from_outside),
		UNIT(test_session_ended_from_outside),
		UNIT(test_silence),
		UNIT(test_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
