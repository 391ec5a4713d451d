/* The ends of a ws_link as its owner sees them, an owner that takes its time to close: each is told
 * once, nothing comes after it, and no deadline stays armed.
 */
#include "unit.h"

#include "../fake/mem_link.h"

#include "link/ws_link.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

struct world {
	struct fake_env fake;
	struct mem_end *far;
	struct link *link;
	unsigned bytes, eofs, losses;
	struct why why;
};

static void on_bytes(void *owner, struct span s)
{
	(void)s;
	((struct world *)owner)->bytes++;
}

static void on_eof(void *owner)
{
	((struct world *)owner)->eofs++;
}

static void on_lost(void *owner, const struct why *why)
{
	struct world *w = owner;

	w->losses++;
	w->why = *why;
}

static void on_closed(void *owner)
{
	((struct world *)owner)->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, link_deaf_event, on_lost, on_closed};

static void begin(struct world *w, unsigned flags)
{
	memset(w, 0, sizeof *w);
	fake_env_init(&w->fake);
	w->fake.limits.ping_ms = 5000;
	w->fake.limits.pong_ms = 2000;
	w->far = mem_open(&w->fake.env);
	assert_int_equal(ws_link_open(&w->link, &w->fake.env, w->far->link, flags), 0);
	link_own(w->link, &events, w);
	link_read(w->link, READ_ROOM);
}

static void turn(struct world *w)
{
	while (mem_pump(w->far))
		;
	fake_turn(&w->fake);
}

static void say(struct world *w, const char *bytes, size_t n)
{
	mem_say(w->far, span_of(bytes, n));
	turn(w);
}

/* It was told so often; after that nothing is told whatever happens, and nobody waits for anything. */
static void end(struct world *w, unsigned eofs, unsigned losses)
{
	assert_int_equal(w->eofs, eofs);
	assert_int_equal(w->losses, losses);
	assert_int_equal(timers_next(&w->fake.timers), -1);
	if (losses == 0) {
		link_read(w->link, 0);
		link_read(w->link, READ_ROOM);
	}
	if (!w->far->says_eof)
		mem_say_eof(w->far);
	turn(w);
	fake_sleep(&w->fake, 100000);
	assert_int_equal(w->eofs, eofs);
	assert_int_equal(w->losses, losses);
	assert_int_equal(metric_get(&w->fake.metrics, METRIC_DEADLINE), 0);
	link_close(w->link, false);
	fake_sleep(&w->fake, w->fake.limits.close_ms);
	assert_null(w->link);
	mem_free(w->far);
	fake_env_done(&w->fake);
}

#define CLOSE "\x88\x80\0\0\0\0"
#define DATA "\x82\x81\0\0\0\0x"
#define TEXT(four) "\x81\x84\0\0\0\0" four

static void test_their_close(void **state)
{
	(void)state;
	for (int pinged = 0; pinged < 2; pinged++) {
		struct world w;
		begin(&w, 0);
		if (pinged) /* and they do not answer that any more */
			fake_sleep(&w.fake, 5000);
		say(&w, CLOSE DATA, 13);
		assert_int_equal(w.bytes, 0);
		assert_int_equal(w.link->peer_code, 1005);
		assert_true(w.link->shut);
		assert_true(w.far->got_finish);
		end(&w, 1, 0);
	}
}

/* They answer our Close by an end without one. */
static void test_our_close(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 0);
	link_finish(w.link, NULL);
	mem_say_eof(w.far);
	turn(&w);
	end(&w, 1, 0);
}

static void test_left_without_close(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 0);
	mem_say_eof(w.far);
	turn(&w);
	assert_non_null(strstr(w.why.text, "without a Close frame"));
	assert_int_equal(w.far->heard_len, 0);
	assert_true(link_send(w.link, span_str("too late"), 0) < 0);
	end(&w, 0, 1);
}

static void test_reset(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 0);
	mem_reset(w.far, "client reset the connection");
	turn(&w);
	assert_string_equal(w.why.text, "client reset the connection");
	end(&w, 0, 1);
}

/* What follows nonsense is not looked at, however right it looks. */
static void test_nonsense(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 0);
	say(&w, "\x82\x01x", 3); /* not masked */
	say(&w, DATA, 7);
	assert_int_equal(w.bytes, 0);
	end(&w, 0, 1);

	begin(&w, WS_LINK_BASE64);
	say(&w, TEXT("!!!!"), 10);
	say(&w, TEXT("YWJj"), 10);
	assert_int_equal(w.bytes, 0);
	end(&w, 0, 1);
}

/* ---- the client's role ---- */

/* The payload of the frame at *at, unmasked. */
static struct span frame_take(struct world *w, size_t *at, uint8_t out[16], uint8_t mask[4])
{
	const uint8_t *f = w->far->heard + *at;
	size_t len = f[1] & 0x7f;

	assert_true(f[1] & 0x80);
	assert_true(len <= 16 && *at + 6 + len <= w->far->heard_len);
	memcpy(mask, f + 2, 4);
	memcpy(out, f + 6, len);
	ws_mask(span_of(out, len), mask, 0);
	*at += 6 + len;
	return span_of(out, len);
}

/* A new key for every frame (RFC 6455 5.3), Close and ping included. */
static void test_every_frame_has_a_mask_of_its_own(void **state)
{
	uint8_t bytes[LINK_HEADROOM + 3], out[16], masks[4][4];
	struct world w;
	size_t at = 0;

	(void)state;
	begin(&w, WS_LINK_CLIENT);
	for (unsigned flags = 0; flags <= SEND_ROOM; flags += SEND_ROOM) {
		memcpy(bytes + LINK_HEADROOM, "abc", 3);
		struct span s = flags ? span_of(bytes + LINK_HEADROOM, 3) : span_str("abc");
		assert_int_equal(link_send(w.link, s, flags), 0);
		assert_span(frame_take(&w, &at, out, masks[flags]), span_str("abc"));
	}
	fake_sleep(&w.fake, 5000);
	assert_int_equal(frame_take(&w, &at, out, masks[2]).len, 0);
	link_finish(w.link, NULL);
	assert_span(frame_take(&w, &at, out, masks[3]), span_of("\x03\xe8", 2));
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(masks[i], masks[j], 4);
	mem_say_eof(w.far);
	turn(&w);
	end(&w, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_their_close),        UNIT(test_our_close),
		UNIT(test_left_without_close), UNIT(test_reset),
		UNIT(test_nonsense),           UNIT(test_every_frame_has_a_mask_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
