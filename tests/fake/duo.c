/* duo: see the header. */
#include "../unit/unit.h"

#include "duo.h"
#include "sure.h"

#include "wire/http_head.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

#include <stdio.h>
#include <stdlib.h>

static void on_opened(void *owner, struct session *s)
{
	(void)s;
	((struct duo *)owner)->opened++;
}

static void on_ended(void *owner, struct session *s, bool opened)
{
	struct duo *d = owner;

	(void)s;
	d->ended++;
	d->ended_opened = opened;
}

void duo_init(struct duo *d)
{
	memset(d, 0, sizeof *d);
	fake_env_init(&d->fake);
	list_init(&d->sessions);
	d->site = sure_zero(sizeof *d->site);
	d->site->refs = 1;
	d->site->target = (struct target){.kind = TARGET_TCP, .host = "127.0.0.1", .port = 5901};
	target_name(&d->site->target, d->site->target_name);
	d->host = (struct session_host){.owner = d, .opened = on_opened, .ended = on_ended};
}

void duo_done(struct duo *d)
{
	assert_true(list_empty(&d->sessions));
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_CONNECTIONS), 0);
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_TURNED_AWAY), 0);
	assert_int_equal(metric_get(&d->fake.metrics, METRIC_SESSIONS), 0);
	if (d->client)
		mem_free(d->client);
	if (d->backend)
		mem_free(d->backend);
	site_unref(d->site);
	fake_env_done(&d->fake);
}

void duo_connect(struct duo *d)
{
	struct addr peer = {.kind = ADDR_V4, .port = 4711, .ip = {192, 0, 2, 7}};

	d->client = mem_open(&d->fake.env);
	int r = d->full ? session_turn_away(&d->sessions, &d->fake.env, d->site, &d->host,
	                                    d->client->link, &peer, d->full)
	                : session_start(&d->sessions, &d->fake.env, d->site, &d->host,
	                                d->client->link, &peer);
	assert_int_equal(r, 0);
}

void duo_turn(struct duo *d)
{
	bool moved;

	do {
		fake_turn(&d->fake);
		moved = d->client && mem_pump(d->client);
		fake_turn(&d->fake);
		moved |= d->backend && mem_pump(d->backend);
	} while (moved);
	fake_turn(&d->fake);
}

void duo_handshake(struct duo *d, const char *more)
{
	char head[1024];

	snprintf(head, sizeof head,
	         "GET /websockify?token=secret HTTP/1.1\r\nHost: console.example:6080\r\n"
	         "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
	         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	         "%s\r\n",
	         more ? more : "");
	mem_say(d->client, span_str(head));
	duo_turn(d);
}

void duo_backend(struct duo *d)
{
	d->backend = mem_open(&d->fake.env);
	fake_answer(&d->fake, d->backend->link, NULL);
	duo_turn(d);
}

void duo_upgrade(struct duo *d, const char *more)
{
	size_t seen = 0;

	duo_handshake(d, more);
	duo_backend(d);
	d->parsed = http_head_end(mem_heard(d->client), 0, &seen);
	assert_true(d->parsed > 0);
	assert_memory_equal(d->client->heard, "HTTP/1.1 101 ", 13);
}

void duo_leave(struct duo *d)
{
	if (!d->client->says_eof)
		mem_say_eof(d->client);
	if (!d->backend->says_eof)
		mem_say_eof(d->backend);
	mem_take(d->client, SIZE_MAX);
	mem_take(d->backend, SIZE_MAX);
	duo_turn(d);
}

void duo_client_frame(struct duo *d, uint8_t opcode, struct span payload)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t head[WS_HEAD_MAX], *copy = sure_resize(NULL, payload.len);

	size_t n = ws_enc_head(head, payload.len, opcode, mask);
	if (payload.len > 0)
		memcpy(copy, payload.at, payload.len);
	ws_mask(span_of(copy, payload.len), mask, 0);
	mem_say(d->client, span_of(head, n));
	mem_say(d->client, span_of(copy, payload.len));
	free(copy);
}

static void heard_close(struct duo_heard *h, const struct ws_dec *dec, struct span reason)
{
	h->closes++;
	h->code = dec->code;
	memcpy(h->reason, reason.at, reason.len);
	h->reason[reason.len] = 0;
}

struct duo_heard duo_heard(struct duo *d)
{
	struct duo_heard h = {0};
	size_t len = d->client->heard_len - d->parsed;
	uint8_t *copy = sure_resize(NULL, len);
	struct span in = span_of(copy, len), out;
	struct ws_dec dec;
	enum ws_event e;

	h.data = sure_resize(NULL, len);
	if (len > 0)
		memcpy(copy, d->client->heard + d->parsed, len);
	ws_dec_init(&dec, false);
	while ((e = ws_dec_next(&dec, &in, &out)) != WS_MORE && !h.broken) {
		if (e == WS_DATA) {
			memcpy(h.data + h.data_len, out.at, out.len);
			h.data_len += out.len;
		}
		h.frames += e == WS_END;
		h.pings += e == WS_PING;
		h.pongs += e == WS_PONG;
		h.broken |= e == WS_BAD;
		if (e == WS_CLOSE)
			heard_close(&h, &dec, out);
	}
	free(copy);
	return h;
}

void duo_heard_free(struct duo_heard *h)
{
	free(h->data);
}
