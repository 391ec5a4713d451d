/* script: see the header. */
#include "../unit/unit.h"

#include "script.h"

#include "duo.h"

#include "base/b64.h"

#include <stdlib.h>

enum { STREAM = 4 << 20 }; /* each direction carries at most so much */

struct play {
	struct duo duo;
	struct span in; /* the rest of the script */
	bool base64;
	size_t up_said, down_said;        /* bytes of the patterns that were handed to the links */
	bool client_ended, backend_ended; /* says no more */
	bool rough_up, rough_down;        /* something happened that may cost bytes */
	bool close_due;                   /* the client closed first: its code must come back */
	size_t sure_up; /* bytes up before the client talked nonsense, which may pass for a frame */
};

/* The two streams: position-dependent, so that a lost, doubled or moved byte shows. */
static uint8_t pattern(size_t at, uint8_t salt)
{
	return (uint8_t)((at * 2654435761u >> 13) ^ at ^ salt);
}

static unsigned play_byte(struct play *p)
{
	return p->in.len ? span_take(&p->in, 1).at[0] : 0;
}

/* Small, middle and big ones (up to half a megabyte) as likely as each other. */
static size_t play_size(struct play *p)
{
	unsigned n = play_byte(p);
	if (n < 100)
		return n;
	return n < 200 ? (size_t)(n - 99) * 512 : (size_t)(n - 199) * 9216;
}

static uint8_t *pattern_block(size_t from, size_t n, uint8_t salt)
{
	uint8_t *block = malloc(n + 1);

	assert_non_null(block);
	for (size_t i = 0; i < n; i++)
		block[i] = pattern(from + i, salt);
	return block;
}

static void pattern_check(struct span s, uint8_t salt)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != pattern(i, salt))
			fail_msg("byte %zu is wrong (salt %u)", i, salt);
}

/* From here on bytes may be lost with good reason. */
static void rough(struct play *p)
{
	p->rough_up = p->rough_down = true;
	p->close_due = false;
}

/* --- events --------------------------------------------------------------------------------- */

static void client_data(struct play *p)
{
	size_t n = play_size(p);
	uint8_t *block;

	if (p->client_ended || p->up_said + n > STREAM)
		return;
	block = pattern_block(p->up_said, n, 1);
	p->up_said += n;
	if (p->base64) {
		char *text = malloc(b64_enc_len(n) + 1);
		assert_non_null(text);
		b64_enc(text, span_of(block, n));
		duo_client_frame(&p->duo, WS_OP_TEXT, span_of(text, b64_enc_len(n)));
		free(text);
	} else {
		duo_client_frame(&p->duo, WS_OP_BINARY, span_of(block, n));
	}
	free(block);
}

static void client_close(struct play *p)
{
	if (p->client_ended)
		return;
	p->close_due = !p->rough_down && !p->backend_ended;
	p->client_ended = p->rough_down = true;
	duo_client_frame(&p->duo, WS_OP_CLOSE, span_of("\x03\xe9", 2));
}

/* Bytes of the script itself, unmasked and unframed: mostly nonsense. */
static void client_garbage(struct play *p)
{
	size_t n = play_byte(p) % 32;

	if (p->client_ended || n > p->in.len)
		return;
	rough(p);
	if (p->up_said < p->sure_up)
		p->sure_up = p->up_said;
	mem_say(p->duo.client, span_take(&p->in, n));
}

static void backend_data(struct play *p)
{
	size_t n = play_size(p);
	uint8_t *block;

	if (p->backend_ended || p->down_said + n > STREAM)
		return;
	block = pattern_block(p->down_said, n, 2);
	p->down_said += n;
	mem_say(p->duo.backend, span_of(block, n));
	free(block);
}

static void client_eof(struct play *p)
{
	if (p->duo.client->says_eof)
		return;
	p->client_ended = p->rough_down = true;
	mem_say_eof(p->duo.client);
}

static void backend_eof(struct play *p)
{
	if (p->duo.backend->says_eof)
		return;
	p->backend_ended = true;
	mem_say_eof(p->duo.backend);
}

/* It ends while the client's Close may still be on its way, behind data the backend has not taken:
 * which of the two the session meets first, and answers, is open. */
static void backend_leaves(struct play *p)
{
	struct duo_heard h = duo_heard(&p->duo);

	if (h.closes == 0)
		p->close_due = false;
	duo_heard_free(&h);
	backend_eof(p);
}

static void reset(struct play *p, struct mem_end *end)
{
	rough(p);
	mem_reset(end, end == p->duo.client ? "client reset the connection"
	                                    : "backend reset the connection");
}

static void stop(struct play *p, bool cut)
{
	static const struct why why = {.layer = WHY_SERVER, .close = 1001, .text = "stop"};
	struct list *n = p->duo.sessions.next;

	rough(p);
	if (n == &p->duo.sessions)
		return;
	if (cut)
		session_cut(LIST_OF(n, struct session, node), &why);
	else
		session_stop(LIST_OF(n, struct session, node), &why);
}

/* Deadlines may cut what is still under way. */
static void sleep_some(struct play *p)
{
	size_t ms = play_size(p);

	if (ms >= p->duo.fake.limits.close_ms)
		rough(p);
	fake_sleep(&p->duo.fake, ms);
}

static void set_limits(struct play *p, struct mem_end *end)
{
	unsigned how = play_byte(p);

	end->cut = how & 1 ? play_size(p) + 1 : 0;
	if (how & 2)
		end->window = play_size(p);
	if (how & 4 && how & 8 && how & 16) {
		rough(p);
		end->fail_after = end->heard_len + end->pending_len + play_size(p);
	}
}

static void play_event(struct play *p)
{
	struct duo *d = &p->duo;

	unsigned event = play_byte(p) % 20;

	if (event < 4) {
		client_data(p);
		return;
	}
	switch (event) {
	case 4:
	case 5:
	case 6:
	case 7: backend_data(p); break;
	case 8: mem_take(d->client, play_size(p)); break;
	case 9: mem_take(d->backend, play_size(p)); break;
	case 10: client_eof(p); break;
	case 11: backend_leaves(p); break;
	case 12: client_close(p); break;
	case 13:
		if (!p->client_ended)
			duo_client_frame(d, WS_OP_PING, span_str("are you there"));
		break;
	case 14: sleep_some(p); break;
	case 15: set_limits(p, d->client); break;
	case 16: set_limits(p, d->backend); break;
	case 17:
		if (play_byte(p) % 4 == 0)
			client_garbage(p);
		break;
	case 18:
		if (play_byte(p) % 4 == 0)
			reset(p, play_byte(p) % 2 ? d->client : d->backend);
		break;
	default:
		if (play_byte(p) % 8 == 0)
			stop(p, play_byte(p) % 2);
		break;
	}
}

/* --- what must hold ------------------------------------------------------------------------- */

static void check_bounds(const struct play *p)
{
	size_t most = LINK_HIGH + READ_ROOM;

	assert_true(p->duo.backend->queued_max <= most);
	assert_true(p->duo.client->queued_max <=
	            (p->base64 ? LINK_HIGH + READ_ROOM / 3 * 4 : most) + 1024);
}

static struct duo_heard check_client(struct play *p)
{
	struct duo_heard h = duo_heard(&p->duo);

	assert_false(h.broken);
	assert_true(h.closes <= 1);
	if (p->base64) {
		struct b64_dec dec = {0};
		assert_int_equal(b64_dec_next(&dec, span_of(h.data, h.data_len), &h.data_len), 0);
	}
	pattern_check(span_of(h.data, h.data_len), 2);
	assert_true(h.data_len <= p->down_said);
	return h;
}

static void check_backend(struct play *p)
{
	struct span heard = mem_heard(p->duo.backend);

	pattern_check(span_of(heard.at, heard.len < p->sure_up ? heard.len : p->sure_up), 1);
	assert_true(p->duo.backend->heard_len <= p->up_said || p->rough_up);
}

/* Everybody takes everything, the client answers a Close as a browser does, and time passes. */
static void play_out(struct play *p)
{
	struct duo *d = &p->duo;

	d->client->window = d->backend->window = SIZE_MAX;
	for (int i = 0; i < 8; i++) {
		duo_turn(d);
		mem_take(d->client, SIZE_MAX);
		mem_take(d->backend, SIZE_MAX);
	}
	if (!p->backend_ended && !p->client_ended)
		backend_eof(p);
	duo_turn(d);
	if (!p->client_ended) {
		duo_client_frame(d, WS_OP_CLOSE, span_of("\x03\xe8", 2));
		p->client_ended = true;
	}
	duo_turn(d);
	client_eof(p);
	backend_eof(p);
	duo_turn(d);
	fake_sleep(&d->fake, 200000);
	duo_turn(d);
}

static void check_end(struct play *p, struct script_result *r)
{
	struct duo_heard h = check_client(p);

	check_backend(p);
	r->up = p->duo.backend->heard_len;
	r->down = h.data_len;
	r->closes = h.closes;
	r->pending_max = p->duo.client->queued_max;
	r->orderly_down = !p->rough_down;
	r->orderly_up = !p->rough_up;
	if (!p->rough_down)
		assert_int_equal(h.data_len, p->down_said);
	if (p->close_due) {
		assert_int_equal(h.closes, 1);
		assert_int_equal(h.code, 1001);
	}
	if (!p->rough_up)
		assert_int_equal(p->duo.backend->heard_len, p->up_said);
	duo_heard_free(&h);
	assert_int_equal(p->duo.ended, 1);
}

struct script_result script_run(struct span script, bool base64)
{
	struct script_result r = {0};
	struct play *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->in = script;
	p->base64 = base64;
	p->sure_up = SIZE_MAX;
	duo_init(&p->duo);
	p->duo.fake.limits.ping_ms = script.len % 3 == 0 ? 5000 : 0;
	duo_connect(&p->duo);
	duo_upgrade(&p->duo, base64 ? "Sec-WebSocket-Protocol: base64\r\n" : NULL);
	while (p->in.len > 0) {
		play_event(p);
		if (play_byte(p) % 3 == 0) /* else several events meet in one read */
			duo_turn(&p->duo);
		check_bounds(p);
	}
	bool rough_down = p->rough_down;
	play_out(p);
	p->rough_down = rough_down;
	check_end(p, &r);
	duo_done(&p->duo);
	free(p);
	return r;
}
