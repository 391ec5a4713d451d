/* ws_link keeps the contract of links: both roles, binary and base64, over a memory link whose far
 * end frames and unframes with the codecs of the other role.
 */
#include "unit.h"

#include "../fake/link_contract.h"
#include "../fake/mem_link.h"

#include "base/b64.h"
#include "link/ws_link.h"
#include "wire/ws_dec.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

#include <stdlib.h>

struct world {
	struct fake_env fake;
	unsigned flags;
	struct peer *peers; /* of the case that runs */
};

struct peer {
	struct peer *next;
	struct world *world;
	struct mem_end *end;
	struct ws_dec dec;
	struct b64_dec b64;
	bool base64, masks, closed, ended;
	size_t parsed; /* bytes of end->heard given to dec */
	uint8_t *got;  /* payload decoded */
	size_t got_len, got_cap, taken;
};

enum { WINDOW = 40000, FRAME = 30000 };

static int make(struct contract_maker *m, struct link **link, void **far)
{
	struct world *w = m->self;
	struct peer *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->end = mem_open(m->env);
	p->end->window = WINDOW;
	p->base64 = w->flags & WS_LINK_BASE64;
	p->masks = !(w->flags & WS_LINK_CLIENT);
	ws_dec_init(&p->dec, w->flags & WS_LINK_CLIENT);
	p->world = w;
	p->next = w->peers;
	w->peers = p;
	*far = p;
	return ws_link_open(link, m->env, p->end->link, w->flags);
}

static void got_put(struct peer *p, struct span s)
{
	if (p->got_len + s.len > p->got_cap) {
		p->got_cap = (p->got_len + s.len) * 2;
		p->got = realloc(p->got, p->got_cap);
		assert_non_null(p->got);
	}
	memcpy(p->got + p->got_len, s.at, s.len);
	p->got_len += s.len;
}

/* Decodes what has arrived; the decoder works in place, so on a copy. */
static void listen(struct peer *p)
{
	size_t len = p->end->heard_len - p->parsed, n;
	uint8_t *copy = malloc(len + 1);
	struct span in = span_of(copy, len), out;
	enum ws_event e;

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, p->end->heard + p->parsed, len);
	p->parsed += len;
	while ((e = ws_dec_next(&p->dec, &in, &out)) != WS_MORE) {
		assert_true(e != WS_BAD);
		p->closed |= e == WS_CLOSE;
		if (e != WS_DATA)
			continue;
		n = out.len;
		if (p->base64)
			assert_int_equal(b64_dec_next(&p->b64, out, &n), 0);
		got_put(p, span_of(out.at, n));
	}
	free(copy);
}

static void pump(struct peer *p)
{
	while (mem_pump(p->end))
		;
}

static void turn(struct contract_maker *m)
{
	struct world *w = m->self;

	for (struct peer *p = w->peers; p; p = p->next)
		pump(p);
	fake_sleep(&w->fake, 1);
}

static void say_frame(struct peer *p, uint8_t opcode, struct span s)
{
	static const uint8_t mask[4] = {9, 8, 7, 6};
	uint8_t head[WS_HEAD_MAX], copy[FRAME * 2];

	memcpy(copy, s.at ? s.at : head, s.len);
	if (p->masks)
		ws_mask(span_of(copy, s.len), mask, 0);
	mem_say(p->end, span_of(head, ws_enc_head(head, s.len, opcode, p->masks ? mask : NULL)));
	mem_say(p->end, span_of(copy, s.len));
}

static size_t say(void *far, struct span s)
{
	struct peer *p = far;
	size_t n = s.len < FRAME ? s.len : FRAME;
	char text[FRAME * 2];

	if (p->end->said_len > 4 * FRAME) { /* like a socket, it takes only so much unread */
		pump(p);
		return 0;
	}
	if (p->base64) {
		b64_enc(text, span_of(s.at, n));
		say_frame(p, WS_OP_TEXT, span_of(text, b64_enc_len(n)));
	} else {
		say_frame(p, WS_OP_BINARY, span_of(s.at, n));
	}
	pump(p);
	return n;
}

static size_t take(void *far, void *out, size_t max)
{
	struct peer *p = far;

	pump(p);
	mem_take(p->end, WINDOW);
	listen(p);
	size_t n = p->got_len - p->taken < max ? p->got_len - p->taken : max;
	if (n > 0)
		memcpy(out, p->got + p->taken, n);
	p->taken += n;
	return n;
}

static void end(void *far)
{
	struct peer *p = far;

	if (!p->ended && p->end->link) {
		say_frame(p, WS_OP_CLOSE, (struct span){0});
		mem_say_eof(p->end);
	}
	p->ended = true;
	pump(p);
}

static bool saw_end(void *far)
{
	struct peer *p = far;

	pump(p);
	mem_take(p->end, WINDOW);
	listen(p);
	return p->closed && p->end->got_finish && p->end->pending_len == 0;
}

static void reset(void *far)
{
	mem_reset(((struct peer *)far)->end, "peer reset the connection");
}

static void done(void *far)
{
	struct peer *p = far, **at = &p->world->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	mem_free(p->end);
	free(p->got);
	free(p);
}

static int run(const char *name, unsigned flags)
{
	struct world w = {.flags = flags};

	fake_env_init(&w.fake);
	struct contract_maker m = {
		.name = name,
		.env = &w.fake.env,
		.limits = &w.fake.limits,
		.resets = true,
		.close_waits = true,
		.pushes_back = true,
		.self = &w,
		.make = make,
		.turn = turn,
		.say = say,
		.take = take,
		.end = end,
		.saw_end = saw_end,
		.reset = reset,
		.done = done,
	};
	int failed = contract_run(&m);
	fake_env_done(&w.fake);
	return failed;
}

int main(void)
{
	return run("server, binary", 0) + run("server, base64", WS_LINK_BASE64) +
	       run("client, binary", WS_LINK_CLIENT) +
	       run("client, base64", WS_LINK_CLIENT | WS_LINK_BASE64);
}
