/* What a tls_link puts on the wire, and what it makes of what comes: the size of records, whole
 * sends, nothing left lying inside, ends in order and ends that are not.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "unit.h"

#include "../fake/tls_joint.h"
#include "../fake/tls_world.h"

#include "../../src/crypt/tls_priv.h"

#include <stdlib.h>

static void open_ready(struct tls_joint *d, struct tls_world *w, bool old)
{
	tls_joint_open(d, old ? w->old_server : w->server, w->client, NULL);
	tls_joint_turn(d);
	assert_true(d->ready && d->far->ready);
}

/* The records the far end has received from byte `at` on: the largest and the smallest but for the
 * last, with their headers. */
struct records {
	size_t n, largest, smallest;
};

static struct records records_from(const struct tls_joint *d, size_t at)
{
	struct records r = {.smallest = SIZE_MAX};
	size_t len = 0;

	for (; at < d->far->mem->heard_len; at += len) {
		const uint8_t *head = d->far->mem->heard + at;
		if (r.n > 0 && len < r.smallest)
			r.smallest = len;
		len = 5 + ((size_t)head[3] << 8 | head[4]);
		r.n++;
		r.largest = len > r.largest ? len : r.largest;
	}
	assert_int_equal(at, d->far->mem->heard_len);
	return r;
}

static void send_zeros(struct tls_joint *d, size_t n)
{
	uint8_t *bytes = calloc(1, n);
	unsigned sends = d->far->mem->sends;

	tls_joint_send(d, span_of(bytes, n));
	assert_int_equal(d->far->mem->sends, sends + 1); /* all records of a send in one */
	free(bytes);
	tls_joint_turn(d);
}

static void test_small_then_large(void **state)
{
	for (int old = 0; old < 2; old++) {
		struct tls_joint d;
		open_ready(&d, *state, old);
		size_t at = d.far->mem->heard_len;
		send_zeros(&d, TLS_LINK_SMALL - 100);
		struct records r = records_from(&d, at);
		assert_true(r.largest <= 1400);
		assert_true(r.smallest > 1350);
		at = d.far->mem->heard_len;
		send_zeros(&d, 200000); /* 100 bytes small, the rest large */
		r = records_from(&d, at);
		assert_true(r.largest > 16384 && r.largest <= 16384 + 256);
		assert_int_equal(r.n, 1 + (200000 - 100 + 16383) / 16384);
		fake_sleep(&d.fake, TLS_LINK_IDLE - 1);
		at = d.far->mem->heard_len;
		send_zeros(&d, 50000);
		assert_true(records_from(&d, at).largest > 16384); /* not yet idle */
		fake_sleep(&d.fake, TLS_LINK_IDLE);
		at = d.far->mem->heard_len;
		send_zeros(&d, 50000);
		assert_true(records_from(&d, at).largest <= 1400);
		send_zeros(&d, 50000);
		fake_sleep(&d.fake, TLS_LINK_IDLE - 1);
		at = d.far->mem->heard_len;
		send_zeros(&d, 50000); /* it is the last send that counts */
		assert_true(records_from(&d, at).largest > 16384);
		assert_int_equal(d.far->got_len, TLS_LINK_SMALL - 100 + 200000 + 4 * 50000);
		tls_joint_done(&d);
	}
}

/* A read full of records is one event, and one send of the largest size one send below. */
static void test_coalesced(void **state)
{
	struct tls_joint d;
	uint8_t *bytes = calloc(1, READ_ROOM);

	open_ready(&d, *state, false);
	send_zeros(&d, READ_ROOM + LINK_HEADROOM);
	d.far->record = 100;
	unsigned events = d.events;
	tls_end_say(d.far, span_of(bytes, 20000));
	tls_joint_turn(&d);
	assert_int_equal(d.got_len, 20000);
	assert_int_equal(d.events, events + 1);
	free(bytes);
	tls_joint_done(&d);
}

/* Whatever the owner's room, what has come is delivered without another packet. */
static void test_nothing_waits_inside(void **state)
{
	static const size_t rooms[] = {1, 3, 100, 16383, 16384, 40000};

	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		struct tls_joint d;
		uint8_t *bytes = calloc(1, 40000);
		open_ready(&d, *state, false);
		link_read(d.link, rooms[i]);
		tls_end_say(d.far, span_of(bytes, 40000));
		tls_joint_turn(&d);
		assert_int_equal(d.got_len, 40000);
		link_read(d.link, 0);
		tls_end_say(d.far, span_of(bytes, 30000));
		tls_joint_turn(&d);
		link_read(d.link, rooms[i]);
		tls_joint_turn(&d);
		assert_int_equal(d.got_len, 70000);
		free(bytes);
		tls_joint_done(&d);
	}
}

/* Data in the same packet as the end of the handshake. */
static void test_data_behind_the_handshake(void **state)
{
	struct tls_joint d;

	tls_joint_open(&d, ((struct tls_world *)*state)->server,
	               ((struct tls_world *)*state)->client, NULL);
	for (int i = 0; i < 20 && !d.far->ready; i++) {
		tls_end_step(d.far); /* the client is ready first, in TLS 1.3 */
		if (d.far->ready)
			break;
		mem_pump(d.far->mem);
		fake_turn(&d.fake);
	}
	assert_true(d.far->ready && !d.ready);
	tls_end_say(d.far, span_str("early words"));
	tls_end_close(d.far, true);
	tls_joint_turn(&d);
	assert_true(d.ready);
	assert_span(span_of(d.got, d.got_len), span_str("early words"));
	assert_true(d.eof);
	tls_joint_done(&d);
}

/* ---- ends ---- */

static void test_close_notify(void **state)
{
	for (int old = 0; old < 2; old++) {
		struct tls_joint d;
		open_ready(&d, *state, old);
		tls_end_say(d.far, span_str("the end"));
		tls_end_close(d.far, false);
		tls_joint_turn(&d);
		assert_true(d.eof); /* without waiting for the transport's end */
		tls_joint_send(&d, span_str("still here")); /* half-closed */
		link_finish(d.link, NULL);
		tls_joint_turn(&d);
		assert_span(span_of(d.far->got, d.far->got_len), span_str("still here"));
		assert_true(d.far->closed && d.far->mem->got_finish);
		assert_false(d.lost);
		tls_joint_done(&d);
	}
}

static void test_truncation(void **state)
{
	struct tls_joint d;

	open_ready(&d, *state, false);
	tls_end_say(d.far, span_str("not the"));
	mem_say_eof(d.far->mem);
	tls_joint_turn(&d);
	assert_span(span_of(d.got, d.got_len), span_str("not the"));
	assert_false(d.eof);
	assert_true(d.lost);
	assert_string_equal(d.why.text,
	                    "peer ended without close_notify: the connection was cut off");
	assert_int_equal(d.why.layer, WHY_TLS);
	assert_int_equal(d.why.close, 1011);
	tls_joint_done(&d);
}

/* The end in the middle of a record, and while the owner does not read. */
static void test_truncated_record(void **state)
{
	struct tls_joint d;

	open_ready(&d, *state, false);
	d.far->cut_at = d.far->said + 20;
	link_read(d.link, 0);
	tls_end_say(d.far, span_str("a record of some length"));
	mem_say_eof(d.far->mem);
	tls_joint_turn(&d);
	assert_false(d.lost);
	link_read(d.link, READ_ROOM);
	tls_joint_turn(&d);
	assert_true(d.lost);
	assert_int_equal(d.got_len, 0);
	tls_joint_done(&d);
}

static void test_tampered(void **state)
{
	for (int old = 0; old < 2; old++) {
		struct tls_joint d;
		open_ready(&d, *state, old);
		tls_end_say(d.far, span_str("a record"));
		d.far->mem->said[d.far->mem->said_len - 1] ^= 1;
		tls_joint_turn(&d);
		assert_true(d.lost);
		assert_int_equal(d.got_len, 0);
		assert_non_null(strstr(d.why.text, "peer sent a record that does not decrypt"));
		assert_true(d.far->bad); /* it has been told */
		assert_non_null(strstr(tls_why(d.far->tls)->text, "alert bad_record_mac"));
		tls_joint_done(&d);
	}
}

/* close(false) says close_notify, and keeps nothing of TLS while the link below lingers. */
static void test_close_lingers_light(void **state)
{
	struct tls_joint d;

	open_ready(&d, *state, false);
	tls_joint_send(&d, span_str("bye"));
	d.closing = true;
	link_close(d.link, false);
	assert_null(tls_link_tls(d.link));
	tls_joint_turn(&d);
	assert_true(d.far->closed);
	assert_non_null(d.link);
	tls_end_close(d.far, true);
	tls_joint_turn(&d);
	assert_null(d.link);
	tls_joint_done(&d);
}

/* Costly steps are one a turn, and others' calls run in between. */
static void on_other(void *owner)
{
	++*(unsigned *)owner;
}

static void test_handshakes_take_turns(void **state)
{
	struct tls_world *w = *state;
	struct tls_joint d;
	unsigned others = 0, turns = 0;
	struct defer other;

	tls_joint_open(&d, w->server, w->client, NULL);
	defer_init(&other, on_other, &others);
	tls_end_step(d.far);
	mem_pump(d.far->mem);
	do {
		defer_post(d.fake.env.defer, &other);
		deferq_run(d.fake.env.defer);
		turns++;
	} while (deferq_run_costly(d.fake.env.defer));
	assert_true(turns >= 2); /* key exchange, signature */
	assert_int_equal(others, turns);
	tls_joint_turn(&d);
	assert_true(d.ready);
	tls_joint_done(&d);
}

/* The numbers of records are used up (Mbed TLS refuses to begin again): told like every lost link,
 * and once, to an owner that has heard the peer's end, too. */
static void test_cannot_encrypt(void **state)
{
	for (int ended = 0; ended < 2; ended++) {
		struct tls_joint d;
		uint8_t bytes[LINK_HEADROOM + 10] = {0};
		open_ready(&d, *state, false);
		if (ended)
			tls_end_close(d.far, false);
		tls_joint_turn(&d);
		assert_int_equal(d.eof, ended);
		struct tls *t = (struct tls *)(uintptr_t)tls_link_tls(d.link);
		memset(t->ssl.cur_out_ctr, 0xff, sizeof t->ssl.cur_out_ctr);
		assert_true(link_send(d.link, span_of(bytes + LINK_HEADROOM, 10), SEND_ROOM) < 0);
		assert_false(d.lost);
		assert_true(link_send(d.link, span_of(bytes + LINK_HEADROOM, 10), SEND_ROOM) < 0);
		tls_joint_turn(&d);
		assert_true(d.lost);
		assert_int_equal(d.why.layer, WHY_TLS);
		tls_joint_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_small_then_large),     UNIT(test_coalesced),
		UNIT(test_nothing_waits_inside), UNIT(test_data_behind_the_handshake),
		UNIT(test_close_notify),         UNIT(test_truncation),
		UNIT(test_truncated_record),     UNIT(test_tampered),
		UNIT(test_close_lingers_light),  UNIT(test_handshakes_take_turns),
		UNIT(test_cannot_encrypt),
	};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
