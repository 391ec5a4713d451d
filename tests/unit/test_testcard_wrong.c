/* Viewers that break the protocol: the card ends, once, in order, and says why. */
#include "unit/unit.h"

#include "unit/rfb_client.h"

#include <errno.h>

static const int offer[] = {1, 5, -308};

static void begin(struct rfb_client *c, struct fake_env *env, size_t room)
{
	fake_env_init(env);
	rfb_open(c, env, room);
	rfb_hello(c, 8);
	rfb_offer(c, offer, 3);
	rfb_turn(c);
	assert_int_equal(c->greeted, room > 0);
}

static void end(struct rfb_client *c, struct fake_env *env)
{
	rfb_done(c);
	fake_env_done(env);
	unit_note_clear();
}

#define BYTES(s) s, sizeof(s) - 1

static const struct wrong {
	const char *says;
	size_t len;
	const char *hears; /* all of it */
	size_t hears_len;
	const char *why; /* contains */
} wrongs[] = {
	{BYTES("RFB 004.001\n"),
         BYTES("RFB 003.008\n\0\0\0\0\x31test card: the viewer speaks RFB version 4, not 3"),
         "version 4"},
	{BYTES("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
         BYTES("RFB 003.008\n\0\0\0\0\x28test card: the viewer does not speak RFB"),
         "not speak RFB"},
	{BYTES("RFB 003.008\n\2"),
         BYTES("RFB 003.008\n\1\1\0\0\0\1\0\0\0\x40"
               "test card: the viewer wants a security type that was not offered"),
         "security type"},
	{BYTES("RFB 003.007\n\2"), BYTES("RFB 003.008\n\1\1"), "security type"},
	{BYTES("RFB 003.008\n\1\1\7"), NULL, 0, "unknown type 7"},
	{BYTES("RFB 003.008\n\1\1\6\0\0\0\377\377\377\377"), NULL, 0, "clipboard of 4294967295"},
	{BYTES("RFB 003.008\n\1\1\0\0\0\0\30\30\0\1\0\1\0\1\0\1\0\0\0\0\0\0"), NULL, 0,
         "neither 8, 16 nor 32"},
	{BYTES("RFB 003.008\n\1\1\0\0\0\0\10\10\0\1\1\0\0\1\0\1\0\0\0\0\0\0"), NULL, 0,
         "do not fit"},
};

struct wrong_run {
	const struct wrong *row;
	size_t room;
	bool turns; /* after each piece, or only in the end */
};

static void run_wrong(void *ctx, const struct span *pieces, size_t n)
{
	const struct wrong_run *run = ctx;
	const struct wrong *row = run->row;
	struct fake_env env;
	struct rfb_client c;

	fake_env_init(&env);
	rfb_open(&c, &env, run->room);
	for (size_t i = 0; i < n; i++) {
		int r = rfb_say(&c, pieces[i]);
		assert_true(r == 0 || (r == -EPIPE && c.losts));
		if (run->turns)
			fake_sleep(&env, 0);
	}
	fake_sleep(&env, 0);
	assert_int_equal(c.losts, 1);
	assert_int_equal(c.why.err, -EPROTO);
	assert_int_equal(c.why.close, 1011);
	assert_non_null(strstr(c.why.text, row->why));
	if (row->hears && run->room)
		assert_span(rfb_rest(&c), span_of(row->hears, row->hears_len));
	unsigned before = c.events;
	assert_int_equal(rfb_say(&c, span_str("more")), -EPIPE);
	rfb_read(&c, 100);
	fake_sleep(&env, 100000);
	assert_int_equal(c.events, before);
	end(&c, &env);
}

static void test_wrong_viewers(void **state)
{
	(void)state;
	static const size_t rooms[] = {4096, 1, 0};

	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
		for (int n = 0; n < 6; n++) {
			struct wrong_run run = {&wrongs[i], rooms[n % 3], n < 3};
			unit_cuts(span_of(wrongs[i].says, wrongs[i].len), run_wrong, &run);
		}
}

/* In the middle of an update: what was begun does not matter any more. */
static void test_wrong_under_way(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 100);
	rfb_want_all(&c, false);
	for (int i = 0; i < 5; i++) {
		deferq_run(&env.defer);
		timers_run(&env.timers, env.timers.now);
	}
	size_t before = c.len;
	rfb_say(&c, span_str("\x99"));
	fake_sleep(&env, 0);
	assert_int_equal(c.losts, 1);
	assert_true(c.len - before < 2048);
	end(&c, &env);
}

/* While the next frame is waited for: that is over, too. */
static void test_wrong_in_between(void **state)
{
	(void)state;
	struct fake_env env;
	struct rfb_client c;

	begin(&c, &env, 65536);
	rfb_want_all(&c, false);
	rfb_turn(&c);
	rfb_want_all(&c, true);
	rfb_turn(&c);
	assert_true(timers_next(&env.timers) > 0);
	rfb_say(&c, span_str("\x99"));
	rfb_turn(&c);
	assert_int_equal(c.losts, 1);
	assert_int_equal(timers_next(&env.timers), -1);
	end(&c, &env);
}

/* A valid conversation with each bit turned over: whatever that makes of it, the card stays a
 * link that keeps its contract, and says no more than a bounded amount. */
static void test_every_bit(void **state)
{
	(void)state;
	static const char text[] = "RFB 003.008\n\1\1"
				   "\0\0\0\0\10\10\0\1\0\7\0\7\0\3\0\3\6\0\0\0"
				   "\2\0\0\3\0\0\0\5\0\0\0\1\377\377\376\314"
				   "\4\1\0\0\0\0\0H\5\1\1\0\0\200"
				   "\6\0\0\0\0\0\0\3abc"
				   "\373\0\2\200\1\340\1\0\0\0\0\7\0\0\0\0\2\200\1\340\0\0\0\11"
				   "\3\0\0\0\0\0\0\20\0\20\3\1\0\0\0\0\0\20\0\20";

	for (size_t bit = 0; bit < 8 * (sizeof text - 1); bit++) {
		struct fake_env env;
		struct rfb_client c;
		char bytes[sizeof text];
		unit_note("bit %zu", bit);
		memcpy(bytes, text, sizeof text);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fake_env_init(&env);
		rfb_open(&c, &env, 4096);
		for (size_t i = 0; i < sizeof text - 1; i++) {
			rfb_say(&c, span_of(bytes + i, 1));
			fake_sleep(&env, 5);
		}
		fake_sleep(&env, 1000);
		assert_true(c.len > 12 && c.len < 2000000);
		end(&c, &env);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_wrong_viewers),
		UNIT(test_wrong_under_way),
		UNIT(test_wrong_in_between),
		UNIT(test_every_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
