/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
/* A session with every one of its allocations failing in turn: whatever is missing, everything is
 * closed exactly once and nothing is left.
 */
#include "unit.h"

#include "../fake/duo.h"
#include "../fake/fail_malloc.h"

#include <errno.h>

static void say_handshake(struct duo *d, const char *more)
{
	duo_handshake(d, more);
	if (!d->fake.dialed)
		return;
	d->backend = mem_open(&d->fake.env);
	fake_answer(&d->fake, d->backend->link, NULL);
	duo_turn(d);
}

static void say_goodbye(struct duo *d)
{
	if (d->backend && d->backend->link)
		mem_say_eof(d->backend);
	if (d->client->link)
		mem_say_eof(d->client);
	duo_turn(d);
	fake_sleep(&d->fake, 100000);
	duo_turn(d);
}

static void scenario(const char *more)
{
	struct duo d;
	struct addr peer = {.kind = ADDR_UNIX};

	duo_init(&d);
	d.client = mem_open(&d.fake.env);
	int r = session_start(&d.sessions, &d.fake.env, d.site, &d.host, d.client->link, &peer);
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		link_abandon(d.client->link); /* still ours */
		duo_turn(&d);
		duo_done(&d);
		return;
	}
	say_handshake(&d, more);
	if (d.opened) {
		duo_client_frame(&d, more ? WS_OP_TEXT : WS_OP_BINARY, span_str("YWJj"));
		mem_say(d.backend, span_str("down"));
		duo_turn(&d);
		assert_true(d.backend->heard_len > 0);
	}
	say_goodbye(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
}

static void plain(void *ctx, unsigned long failing)
{
	(void)ctx;
	unit_note("allocation %lu", failing);
	scenario(NULL);
}

static void base64(void *ctx, unsigned long failing)
{
	(void)ctx;
	unit_note("allocation %lu", failing);
	scenario("Sec-WebSocket-Protocol: base64\r\n");
}

static void test_every_allocation(void **state)
{
	(void)state;
	assert_true(fail_malloc_each(plain, NULL) >= 3);
	assert_true(fail_malloc_each(base64, NULL) >= 3);
}

/* Once a session runs, bytes in either direction, pings and backpressure take no memory: chunks are
 * the pool's, and the pool has them from the first time on. */
static void test_steady_state_allocates_nothing(void **state)
{
	struct duo d;
	static uint8_t bytes[50000];

	(void)state;
	duo_init(&d);
	duo_connect(&d);
	duo_upgrade(&d, NULL);
	fail_malloc_at(0);
	for (int i = 0; i < 100; i++) {
		d.client->window = d.backend->window = (size_t)i * 1000;
		duo_client_frame(&d, WS_OP_BINARY, span_of(bytes, (size_t)i * 500));
		duo_client_frame(&d, WS_OP_PING, span_str("alive"));
		mem_say(d.backend, span_of(bytes, (size_t)i * 500));
		duo_turn(&d);
		mem_take(d.client, SIZE_MAX);
		mem_take(d.backend, SIZE_MAX);
		duo_turn(&d);
	}
	assert_true(d.backend->heard_len > 1000000);
	assert_int_equal(fail_malloc_calls(), 0);
	fail_malloc_off();
	say_goodbye(&d);
	duo_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_every_allocation),
	                                   UNIT(test_steady_state_allocates_nothing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
