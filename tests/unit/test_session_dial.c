/* A dial that is answered when nobody waits for the answer any more: the client has ended or broken
 * its connection, and `closed`, which takes the dial back, is still on its way.
 */
#include "unit.h"

#include "../fake/duo.h"

static const struct why reset = {.layer = WHY_TCP, .text = "client reset the connection"};

static void dialing(struct duo *d)
{
	duo_init(d);
	duo_connect(d);
	duo_handshake(d, NULL);
	assert_non_null(d->fake.dialed);
}

static void client_ends(struct duo *d)
{
	struct link *l = d->client->link;
	l->ev->eof(l->owner);
}

static void client_breaks(struct duo *d)
{
	struct link *l = d->client->link;
	l->ev->lost(l->owner, &reset);
}

static void check_over(struct duo *d)
{
	fake_sleep(&d->fake, d->fake.limits.close_ms);
	assert_int_equal(d->opened, 0);
	assert_int_equal(d->ended, 1);
	assert_int_equal(d->client->heard_len, 0);
	assert_false(fake_logged(&d->fake, "session "));
	duo_done(d);
}

static void test_backend_answers_too_late(void **state)
{
	static void (*const ends[])(struct duo *) = {client_ends, client_breaks};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct duo d;
		dialing(&d);
		ends[i](&d);
		duo_backend(&d);
		assert_true(d.backend->got_reset);
		check_over(&d);
	}
}

static void test_backend_refuses_too_late(void **state)
{
	struct why why = why_make(WHY_DIAL, 1011, 502, 0, "backend refused the connection");

	(void)state;
	for (int http = 0; http < 2; http++) {
		struct duo d;
		dialing(&d);
		d.site->http_errors = http;
		client_ends(&d);
		fake_answer(&d.fake, NULL, &why);
		check_over(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_backend_answers_too_late),
		UNIT(test_backend_refuses_too_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
