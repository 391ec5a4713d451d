/* Clients that are ended from outside, or end themselves, between two things: while the next request
 * of a pipeline waits for its turn, while a refusal is on its way. Nothing of them happens afterwards,
 * and nothing is left.
 */
#include "unit.h"

#include "../fake/duo.h"

#include "wire/http_head.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct why leaving = {.layer = WHY_SERVER, .status = 503, .text = "we leave"};
static const struct why dead = {.layer = WHY_DIAL, .close = 1011, .status = 502, .text = "dead"};

static struct session *session_of(struct duo *d)
{
	return LIST_OF(d->sessions.next, struct session, node);
}

static void stop(struct duo *d)
{
	session_stop(session_of(d), &leaving);
}

static void cut(struct duo *d)
{
	session_cut(session_of(d), &leaving);
}

static void retire(struct duo *d)
{
	session_retire(session_of(d), &leaving);
}

static void reset(struct duo *d)
{
	mem_reset(d->client, "client reset the connection");
}

static void end(struct duo *d)
{
	if (d->client->link && !d->client->says_eof)
		mem_say_eof(d->client);
	duo_turn(d);
	fake_sleep(&d->fake, d->fake.limits.close_ms);
	assert_int_equal(d->ended, 1);
	duo_done(d);
}

static unsigned heard_times(const struct duo *d, const char *text)
{
	const uint8_t *at = d->client->heard, *last = at + d->client->heard_len;
	unsigned n = 0;

	while ((at = memmem(at, (size_t)(last - at), text, strlen(text))) != NULL) {
		at += strlen(text);
		n++;
	}
	return n;
}

/* The first request was answered, the second is looked at in a call that is posted. */
static void test_before_the_next_request(void **state)
{
	static void (*const ends[])(struct duo *) = {stop, cut, retire, reset};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct duo d;
		duo_init(&d);
		duo_connect(&d);
		struct link *l = d.client->link;
		l->ev->bytes(l->owner, span_str(GET GET));
		assert_int_equal(heard_times(&d, "HTTP/1.1 404 "), 1);
		ends[i](&d);
		assert_true(d.client->got_close);
		end(&d);
	}
}

/* early: a frame comes right behind the handshake. */
static void refused(struct duo *d, bool early)
{
	static const uint8_t frame[] = {0x82, 0x80, 0, 0, 0, 0};

	duo_init(d);
	duo_connect(d);
	duo_handshake(d, NULL);
	struct link *l = d->client->link;
	if (early)
		l->ev->bytes(l->owner, span_of(frame, sizeof frame));
	assert_int_equal(d->fake.pool.taken, 1);
	d->client->window = 0; /* it does not even take the answer */
	fake_answer(&d->fake, NULL, &dead);
	assert_non_null(d->client->link);
}

/* Frames that came with the handshake are not the backend's any more. */
static void test_refused_with_frames(void **state)
{
	struct duo d;

	(void)state;
	refused(&d, true);
	assert_int_equal(d.fake.pool.taken, 0);
	d.client->window = SIZE_MAX;
	mem_take(d.client, SIZE_MAX);
	end(&d);
}

/* It is leaving anyway: stop changes nothing, cut does not wait. */
static void test_refused_and_ended(void **state)
{
	struct duo d;

	(void)state;
	refused(&d, false);
	stop(&d);
	session_retire(session_of(&d), &leaving);
	assert_false(d.client->got_reset);
	cut(&d);
	assert_true(d.client->got_reset);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

/* The same while the dial is under way: no backend, no answer. */
static void test_cut_while_dialing(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_handshake(&d, NULL);
	cut(&d);
	assert_int_equal(d.fake.undials, 1);
	assert_true(d.client->got_reset);
	assert_int_equal(d.client->heard_len, 0);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	assert_int_equal(d.opened, 0);
	duo_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_before_the_next_request),
		UNIT(test_refused_with_frames),
		UNIT(test_refused_and_ended),
		UNIT(test_cut_while_dialing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
