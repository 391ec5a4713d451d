/* Ends of a tls_link while something waits inside: what waits is given back, and of each end one thing
 * is told. What a peer may make it keep is bounded.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "unit.h"

#include "../fake/tls_joint.h"
#include "../fake/tls_world.h"

#include "../../src/crypt/tls_priv.h"

static uint8_t bytes[100000];

static void open_ready(struct tls_joint *p, struct tls_world *w)
{
	tls_joint_open(p, w->server, w->client, NULL);
	tls_joint_turn(p);
	assert_true(p->ready && p->far->ready);
}

/* The owner has stopped; what came all the same is kept as it came. */
static void stopped(struct tls_joint *p)
{
	tls_end_say(p->far, span_of(bytes, 40000));
	mem_pump(p->far->mem);
	size_t got = p->got_len;
	p->far->mem->room = READ_ROOM; /* one more event, as every link may */
	link_read(p->link, 0);
	tls_end_say(p->far, span_of(bytes, 30000));
	p->far->mem->room = READ_ROOM;
	mem_pump(p->far->mem);
	assert_int_equal(p->got_len, got);
	assert_true(p->fake.pool.taken > 0);
}

static void test_closed_while_bytes_wait(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct tls_joint p;
		open_ready(&p, *state);
		stopped(&p);
		size_t got = p.got_len;
		if (kind & 1) /* they are on their way to the owner */
			link_read(p.link, READ_ROOM);
		p.closing = true;
		link_close(p.link, kind & 2);
		assert_int_equal(p.fake.pool.taken, 0);
		tls_joint_turn(&p);
		assert_int_equal(p.got_len, got);
		tls_joint_done(&p);
	}
}

/* Bytes behind close_notify are nothing, and are not kept. */
static void test_ended_while_bytes_wait(void **state)
{
	struct tls_joint p;

	open_ready(&p, *state);
	link_read(p.link, 0);
	tls_end_say(p.far, span_str("the end"));
	tls_end_close(p.far, false);
	mem_say(p.far->mem, span_of(bytes, 50000));
	p.far->mem->room = READ_ROOM;
	mem_pump(p.far->mem);
	assert_false(p.eof);
	link_read(p.link, READ_ROOM);
	tls_joint_turn(&p);
	assert_span(span_of(p.got, p.got_len), span_str("the end"));
	assert_true(p.eof);
	assert_int_equal(p.fake.pool.taken, 0);
	assert_false(p.lost);
	tls_joint_done(&p);
}

static void reset_while_bytes_wait(struct tls_joint *p)
{
	mem_reset(p->far->mem, "peer reset the connection");
	assert_true(p->lost);
	assert_int_equal(p->fake.pool.taken, 0);
	tls_joint_turn(p);
	assert_string_equal(p->why.text, "peer reset the connection");
	tls_joint_done(p);
}

/* The joint holds the link to one lost. */
static void test_reset_while_bytes_wait(void **state)
{
	for (int pulled = 0; pulled < 2; pulled++) {
		struct tls_joint p;
		open_ready(&p, *state);
		stopped(&p);
		if (pulled)
			link_read(p.link, READ_ROOM);
		reset_while_bytes_wait(&p);
	}
}

/* The owner knows it is over, and has not closed yet. */
static void test_reset_after_the_end(void **state)
{
	struct tls_joint p;

	open_ready(&p, *state);
	tls_end_say(p.far, span_str("cut off"));
	mem_say_eof(p.far->mem);
	tls_joint_turn(&p);
	assert_true(p.lost);
	mem_reset(p.far->mem, "peer reset the connection");
	tls_joint_turn(&p);
	assert_non_null(strstr(p.why.text, "without close_notify"));
	tls_joint_done(&p);
}

/* A send that could not be encrypted is to be told, and the connection breaks before it is. */
static void test_reset_after_a_failed_send(void **state)
{
	struct tls_joint p;

	open_ready(&p, *state);
	struct tls *t = (struct tls *)(uintptr_t)tls_link_tls(p.link);
	memset(t->ssl.cur_out_ctr, 0xff, sizeof t->ssl.cur_out_ctr);
	assert_true(link_send(p.link, span_str("never leaves"), 0) < 0);
	reset_while_bytes_wait(&p);
}

/* ---- handshakes ---- */

/* It is somebody else's turn, and bytes come and come: two chunks, then it is not read. */
static void test_handshake_is_bounded(void **state)
{
	struct tls_world *w = *state;
	struct tls_joint p;

	tls_joint_open(&p, w->server, w->client, NULL);
	memset(bytes, 0x16, sizeof bytes);
	mem_say(p.far->mem, span_of(bytes, sizeof bytes));
	while (mem_pump(p.far->mem))
		;
	assert_int_equal(p.far->mem->said_len, sizeof bytes - 2 * BUF_SIZE);
	assert_int_equal(p.fake.pool.taken, 2);
	fake_turn(&p.fake);
	assert_true(p.lost);
	assert_int_equal(p.fake.pool.taken, 0);
	assert_int_equal(timers_next(&p.fake.timers), -1);
	tls_joint_done(&p);
}

/* Whatever ends a handshake, it is told once and its deadline is gone. */
static void test_handshake_ends_once(void **state)
{
	static const char *const texts[] = {"peer reset the connection",
	                                    "peer closed the connection during the TLS handshake",
	                                    "peer did not finish the TLS handshake within 13 s"};
	struct tls_world *w = *state;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct tls_joint p;
		tls_joint_open(&p, w->server, w->client, NULL);
		mem_say(p.far->mem, span_of("\x16\x03\x01", 3));
		mem_pump(p.far->mem);
		if (i == 0)
			mem_reset(p.far->mem, texts[i]);
		if (i == 1)
			mem_say_eof(p.far->mem);
		mem_pump(p.far->mem);
		fake_sleep(&p.fake, p.fake.limits.tls_ms);
		assert_true(p.lost);
		assert_string_equal(p.why.text, texts[i]);
		assert_int_equal(metric_get(&p.fake.metrics, METRIC_DEADLINE), i == 2);
		assert_int_equal(timers_next(&p.fake.timers), -1);
		fake_sleep(&p.fake, 100000);
		tls_joint_done(&p);
	}
}

/* Its deadline is that of the handshake alone. */
static void test_ready_for_good(void **state)
{
	struct tls_world *w = *state;

	for (int client = 0; client < 2; client++) {
		struct tls_joint p;
		tls_joint_open(&p, client ? w->client : w->server, client ? w->server : w->client,
		               "vnc1");
		assert_true(timers_next(&p.fake.timers) > 0);
		tls_joint_turn(&p);
		assert_true(p.ready);
		assert_int_equal(timers_next(&p.fake.timers), -1);
		fake_sleep(&p.fake, 100000);
		tls_end_say(p.far, span_str("still there"));
		tls_joint_turn(&p);
		assert_span(span_of(p.got, p.got_len), span_str("still there"));
		tls_joint_done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_closed_while_bytes_wait),   UNIT(test_ended_while_bytes_wait),
		UNIT(test_reset_after_the_end),       UNIT(test_reset_while_bytes_wait),
		UNIT(test_reset_after_a_failed_send), UNIT(test_handshake_is_bounded),
		UNIT(test_handshake_ends_once),       UNIT(test_ready_for_good),
	};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
