/* TLS in pieces: records of one byte, deliveries of one byte, the stream cut in two at every place;
 * both roles, TLS 1.2 and 1.3. What comes out is always the same.
 */
#include "unit.h"

#include "../fake/tls_joint.h"
#include "../fake/tls_world.h"

#include <stdlib.h>

#define QUESTION "a question of some length, so that there is something to cut"
#define ANSWER "and its answer"

/* near is one of four: server or client, TLS 1.3 or 1.2. */
static void open_kind(struct tls_joint *d, struct tls_world *w, int kind)
{
	struct tls_site *server = kind & 2 ? w->old_server : w->server;

	unit_note("%s, TLS 1.%d", kind & 1 ? "client" : "server", kind & 2 ? 2 : 3);
	if (kind & 1)
		tls_joint_open(d, w->client, server, "vnc1");
	else
		tls_joint_open(d, server, w->client, "vnc1");
}

/* From the end of the handshake to that of the conversation. */
static void converse(struct tls_joint *d)
{
	tls_end_say(d->far, span_str(QUESTION));
	tls_joint_turn(d);
	tls_end_release(d->far);
	tls_joint_turn(d);
	assert_span(span_of(d->got, d->got_len), span_str(QUESTION));
	tls_joint_send(d, span_str(ANSWER));
	tls_joint_turn(d);
	assert_span(span_of(d->far->got, d->far->got_len), span_str(ANSWER));
	tls_end_close(d->far, true);
	tls_joint_turn(d);
	assert_true(d->eof);
	assert_false(d->lost);
	link_finish(d->link, NULL);
	tls_joint_turn(d);
	assert_true(d->far->closed);
}

static void test_single_bytes(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct tls_joint d;
		open_kind(&d, *state, kind);
		d.far->mem->cut = 1;
		d.far->record = 1;
		tls_joint_turn(&d);
		assert_true(d.ready && d.far->ready);
		converse(&d);
		tls_joint_done(&d);
	}
}

/* The far end's bytes stop there, everything that can happen happens, then the rest comes. */
static void test_every_cut(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		size_t all = 1;
		for (size_t at = 0; at < all; at++) {
			struct tls_joint d;
			open_kind(&d, *state, kind);
			d.far->cut_at = at;
			tls_joint_turn(&d);
			tls_end_release(d.far);
			tls_joint_turn(&d);
			unit_note("kind %d, cut at %zu of %zu", kind, at, all);
			assert_true(d.ready && d.far->ready);
			if (at > d.far->said)
				d.far->cut_at = at;
			converse(&d);
			all = d.far->said + 1;
			tls_joint_done(&d);
		}
	}
}

/* ---- little room for what is to be sent ---- */

struct wire {
	uint8_t bytes[32768];
	size_t len;
};

/* One call, with so much room and not a byte behind it. */
static enum tls_event shake_once(struct tls *t, struct wire *in, struct wire *to,
                                 const struct edge *e, size_t room)
{
	struct span s = span_of(in->bytes, in->len);
	struct tls_out out = {edge_span(e, room).at, 0, room};
	enum tls_event is = tls_shake(t, &s, &out);

	assert_true(is != TLS_BAD && out.len <= room);
	assert_true(to->len + out.len <= sizeof to->bytes);
	memcpy(to->bytes + to->len, out.at, out.len);
	to->len += out.len;
	memmove(in->bytes, s.at, s.len);
	in->len = s.len;
	return is;
}

static void shake_with_room(struct tls_site *server_site, struct tls_site *client_site, size_t room)
{
	struct wire *up = calloc(1, sizeof *up), *down = calloc(1, sizeof *down);
	struct tls *server = NULL, *client = NULL;
	enum tls_event server_is = TLS_MORE, client_is = TLS_MORE;
	unsigned calls = 0;
	struct edge e;

	edge_init(&e, room);
	assert_int_equal(tls_new(&server, server_site, "client", NULL), 0);
	assert_int_equal(tls_new(&client, client_site, "backend", "vnc1"), 0);
	while (server_is != TLS_READY || client_is != TLS_READY) {
		assert_true(calls++ < 20000);
		if (client_is != TLS_READY)
			client_is = shake_once(client, down, up, &e, room);
		if (server_is != TLS_READY)
			server_is = shake_once(server, up, down, &e, room);
	}
	tls_free(server);
	tls_free(client);
	edge_done(&e);
	free(up);
	free(down);
}

static void test_small_rooms(void **state)
{
	static const size_t rooms[] = {1, 5, 100, 1000};
	const struct tls_world *w = *state;

	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		unit_note("%zu bytes", rooms[i]);
		shake_with_room(w->server, w->client, rooms[i]);
		shake_with_room(w->old_server, w->client, rooms[i]);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_single_bytes),
		UNIT(test_every_cut),
		UNIT(test_small_rooms),
	};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
