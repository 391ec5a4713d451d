/* A peer that asks to begin anew, over and over (TLS 1.2): whatever it asks, answers are whole
 * records in the room that was given for them, and the connection goes on or ends with a reason.
 */
#include "unit.h"

#include "../fake/tls_forge.h"
#include "../fake/tls_joint.h"
#include "../fake/tls_two.h"
#include "../fake/tls_world.h"

enum { ASKS = 400, ROOM = 256, GUARD = 64, ASK = 4 + FORGED_MORE };

/* One record with n messages: ClientHello of a client (by_client), else HelloRequest. Bodies are
 * empty, for nobody looks at them. */
static void ask(struct tls *t, bool by_client, unsigned n, struct tls_out *out)
{
	uint8_t messages[16][4] = {0};

	for (unsigned i = 0; i < n; i++)
		messages[i][0] = by_client;
	assert_true(tls_forge(t, FORGED_HANDSHAKE, span_of(messages, 4 * (size_t)n), out));
}

/* server: the link under test is the server. */
static void open_ready(struct tls_joint *p, struct tls_world *w, bool server)
{
	tls_joint_open(p, server ? w->old_server : w->client, server ? w->client : w->old_server,
	               NULL);
	tls_joint_turn(p);
	assert_true(p->ready && p->far->ready);
}

static void far_asks(struct tls_joint *p, bool by_client, unsigned n)
{
	uint8_t bytes[2 * ASK];
	struct tls_out out = {bytes, 0, sizeof bytes};

	ask(p->far->tls, by_client, n, &out);
	mem_say(p->far->mem, span_of(bytes, out.len));
}

/* Records, all whole. */
static unsigned records_in(struct span s)
{
	unsigned n = 0;

	for (; s.len > 0; n++) {
		assert_true(s.len >= 5);
		size_t len = 5 + ((size_t)s.at[3] << 8 | s.at[4]);
		assert_true(s.len >= len);
		span_take(&s, len);
	}
	return n;
}

static struct span heard_from(const struct tls_joint *p, size_t at)
{
	return span_of(p->far->mem->heard + at, p->far->mem->heard_len - at);
}

static void both_ways(struct tls_joint *p)
{
	tls_end_say(p->far, span_str("still there?"));
	tls_joint_turn(p);
	assert_int_equal(p->got_len, 12);
	assert_memory_equal(p->got, "still there?", 12);
	tls_joint_send(p, span_str("yes"));
	tls_joint_turn(p);
	assert_int_equal(p->far->got_len, 3);
	assert_memory_equal(p->far->got, "yes", 3);
}

/* In one read, in two, and so cut that no record ever comes whole. */
static void test_each_is_answered(void **state)
{
	static const size_t cuts[] = {0, 9000, 7};

	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
		for (int server = 0; server < 2; server++) {
			struct tls_joint p;
			open_ready(&p, *state, server);
			size_t at = p.far->mem->heard_len;
			p.far->mem->cut = cuts[i];
			for (int n = 0; n < ASKS; n++)
				far_asks(&p, server, 1);
			tls_joint_turn(&p);
			if (p.lost)
				fail_msg("%zu %d: %s", cuts[i], server, p.why.text);
			assert_int_equal(records_in(heard_from(&p, at)), ASKS);
			both_ways(&p);
			tls_joint_done(&p);
		}
}

/* A second answer cannot be given before the first has left: nobody honest asks so. */
static void test_several_in_one_record(void **state)
{
	for (int server = 0; server < 2; server++)
		for (int cut = 0; cut < 2; cut++) {
			struct tls_joint p;
			open_ready(&p, *state, server);
			size_t at = p.far->mem->heard_len;
			p.far->mem->cut = cut ? 7 : 0;
			far_asks(&p, server, 3);
			far_asks(&p, server, 3);
			tls_end_say(p.far, span_str("and then?"));
			tls_joint_turn(&p);
			assert_true(p.lost);
			assert_int_equal(p.why.layer, WHY_TLS);
			assert_true(records_in(heard_from(&p, at)) <= 2);
			tls_joint_done(&p);
		}
}

/* Who takes nothing and goes on asking is cut off; who just takes nothing is not. */
static void test_asks_and_does_not_listen(void **state)
{
	static uint8_t much[2 * LINK_HIGH + 1];

	for (int server = 0; server < 2; server++) {
		struct tls_joint p;
		open_ready(&p, *state, server);
		p.far->mem->window = 0;
		tls_joint_send(&p, span_of(much, sizeof much));
		tls_end_say(p.far, span_str("still there?"));
		tls_joint_turn(&p);
		assert_int_equal(p.got_len, 12);
		assert_false(p.lost);
		far_asks(&p, server, 1);
		tls_joint_turn(&p);
		assert_true(p.lost);
		assert_string_equal(p.why.text, "peer asks and does not listen to the answers");
		tls_joint_done(&p);
	}
}

/* The codec itself: any room for answers, down to none, and never a byte behind it. */
static void test_room_is_kept(void **state)
{
	struct tls_world *w = *state;
	struct tls_two two;
	uint8_t asks[16 * ASK], bytes[ROOM + GUARD], plain[64];
	size_t n;

	for (size_t cap = 0; cap <= ROOM; cap++) {
		struct tls_out asked = {asks, 0, sizeof asks};
		unsigned answers = 0;
		tls_two_shake(&two, w->old_server, w->client, NULL);
		for (int i = 0; i < 16; i++)
			ask(two.client, true, 1, &asked);
		struct span in = span_of(asks, asked.len);
		enum tls_event e = TLS_ROOM;
		memset(bytes, 0xee, sizeof bytes);
		for (int i = 0; i < 32 && e == TLS_ROOM; i++) {
			struct tls_out out = {bytes, 0, cap};
			e = tls_read(two.server, &in, span_of(plain, sizeof plain), &n, &out);
			assert_true(out.len <= cap);
			answers += records_in(span_of(bytes, out.len));
			for (size_t k = cap; k < cap + GUARD; k++)
				assert_int_equal(bytes[k], 0xee);
		}
		assert_int_equal(e, cap < FORGED_MORE ? TLS_ROOM : TLS_MORE);
		assert_int_equal(answers, cap < FORGED_MORE ? 0 : 16);
		tls_two_done(&two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_answered),
		cmocka_unit_test(test_several_in_one_record),
		cmocka_unit_test(test_asks_and_does_not_listen),
		cmocka_unit_test(test_room_is_kept),
	};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
