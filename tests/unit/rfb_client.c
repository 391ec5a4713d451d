/* The viewer: what it says, and when. */
#include "unit/unit.h"

#include "rfb_client.h"

#include "../../src/testcard/keys.h"
#include "testcard/testcard.h"

#include <stdlib.h>

/* ---- the link's owner ---- */

static void on_bytes(void *owner, struct span s)
{
	struct rfb_client *c = owner;

	assert_false(c->inside);
	assert_true(s.len > 0 && s.len <= c->room);
	assert_int_equal(c->eofs + c->losts + c->closes, 0);
	if (c->len + s.len > c->cap) {
		c->cap = (c->len + s.len) * 2;
		c->in = realloc(c->in, c->cap);
		assert_non_null(c->in);
	}
	memcpy(c->in + c->len, s.at, s.len);
	memset(s.at - LINK_HEADROOM, 0xdd, LINK_HEADROOM + s.len);
	c->len += s.len;
	c->events++;
	c->largest = s.len > c->largest ? s.len : c->largest;
	if (c->again)
		rfb_decode(c);
}

static void on_eof(void *owner)
{
	struct rfb_client *c = owner;
	assert_false(c->inside);
	assert_int_equal(c->eofs + c->losts + c->closes, 0);
	c->eofs++;
}

static void on_drained(void *owner)
{
	(void)owner;
	fail_msg("a link that never queues has drained");
}

static void on_lost(void *owner, const struct why *why)
{
	struct rfb_client *c = owner;
	assert_false(c->inside);
	assert_int_equal(c->losts + c->closes, 0);
	c->losts++;
	c->why = *why;
}

static void on_closed(void *owner)
{
	struct rfb_client *c = owner;
	assert_false(c->inside);
	assert_int_equal(c->closes, 0);
	c->closes++;
	c->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, on_drained, on_lost, on_closed};

void rfb_open(struct rfb_client *c, struct fake_env *env, size_t room)
{
	*c = (struct rfb_client){.env = env, .format = rfb_formats[0]};
	picture_init(&c->model);
	c->opened = env->timers.now;
	assert_int_equal(testcard_open(&c->link, &env->env), 0);
	link_own(c->link, &events, c);
	if (room)
		rfb_read(c, room);
}

void rfb_done(struct rfb_client *c)
{
	if (c->link && c->closes == 0) {
		link_close(c->link, true);
		fake_turn(c->env);
	}
	assert_int_equal(c->closes, 1);
	free(c->in);
	free(c->px);
}

void rfb_read(struct rfb_client *c, size_t room)
{
	c->room = room;
	c->inside = true;
	link_read(c->link, room);
	c->inside = false;
}

/* ---- what a viewer says ---- */

int rfb_say(struct rfb_client *c, struct span s)
{
	c->inside = true;
	int r = link_send(c->link, s, 0);
	c->inside = false;
	assert_int_equal(c->link->queued, 0);
	return r;
}

static void put16(uint8_t *at, int v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, (int)(v >> 16));
	put16(at + 2, (int)(v & 0xffff));
}

void rfb_hello(struct rfb_client *c, int minor)
{
	char text[16] = "RFB 003.00?\n\1\1";

	text[10] = (char)('0' + minor);
	c->minor = minor;
	/* 3.3 has no choice of security: one byte less */
	assert_int_equal(rfb_say(c, span_of(text, minor == 3 ? 13 : 14)), 0);
}

void rfb_pixels(struct rfb_client *c, const struct rfb_pixels *f)
{
	uint8_t m[20] = {0, 0, 0, 0, f->bits, f->depth, f->big, f->colour};

	for (int i = 0; i < 3; i++) {
		put16(m + 8 + 2 * i, f->max[i]);
		m[14 + i] = f->shift[i];
	}
	rfb_say(c, span_of(m, sizeof m));
	c->format = *f;
	c->model.bits = f->bits;
	c->model.mapped = !f->colour;
}

void rfb_offer(struct rfb_client *c, const int *encodings, int n)
{
	uint8_t m[4 + 4 * 32] = {2};

	assert_true(n <= 32);
	put16(m + 2, n);
	c->offered = -1;
	c->offered_copy = c->offered_size = c->offered_extended = false;
	for (int i = 0; i < n; i++) {
		int e = encodings[i];
		put32(m + 4 + 4 * i, (uint32_t)e);
		if ((e == 0 || e == 2 || e == 5) && c->offered < 0)
			c->offered = e;
		c->offered_copy |= e == 1;
		c->offered_size |= e == -223;
		c->offered_extended |= e == -308;
	}
	c->offered = c->offered < 0 ? 0 : c->offered;
	c->model.encoding = c->offered == 5 ? "Hextile" : c->offered == 2 ? "RRE" : "Raw";
	rfb_say(c, span_of(m, 4 + 4 * (size_t)n));
}

void rfb_want(struct rfb_client *c, bool incremental, int x, int y, int w, int h)
{
	uint8_t m[10] = {3, incremental};

	put16(m + 2, x);
	put16(m + 4, y);
	put16(m + 6, w);
	put16(m + 8, h);
	c->asked = rect_or(c->asked, (struct rect){x, y, w, h});
	rfb_say(c, span_of(m, sizeof m));
}

void rfb_want_all(struct rfb_client *c, bool incremental)
{
	rfb_want(c, incremental, 0, 0, c->w, c->h);
}

void rfb_key(struct rfb_client *c, uint32_t key, bool down)
{
	uint8_t m[8] = {4, down};

	put32(m + 4, key);
	if (key != KEY_F3)
		keys_take(&c->model, key, down);
	rfb_say(c, span_of(m, sizeof m));
}

void rfb_point(struct rfb_client *c, int x, int y, uint8_t buttons)
{
	uint8_t m[6] = {5, buttons};

	put16(m + 2, x);
	put16(m + 4, y);
	picture_point(&c->model, x, y, buttons);
	rfb_say(c, span_of(m, sizeof m));
}

void rfb_cut(struct rfb_client *c, struct span text)
{
	uint8_t m[8] = {6};

	put32(m + 4, (uint32_t)text.len);
	picture_paste(&c->model, (uint32_t)text.len);
	picture_paste_more(&c->model, text);
	rfb_say(c, span_of(m, sizeof m));
	rfb_say(c, text);
}

void rfb_resize(struct rfb_client *c, int w, int h, uint32_t id, uint32_t flags)
{
	uint8_t m[24] = {251};

	put16(m + 2, w);
	put16(m + 4, h);
	m[6] = 1;
	put32(m + 8, id);
	put16(m + 16, w);
	put16(m + 18, h);
	put32(m + 20, flags);
	rfb_say(c, span_of(m, sizeof m));
}

void rfb_turn(struct rfb_client *c)
{
	fake_sleep(c->env, 0);
	rfb_decode(c);
}

void rfb_sleep(struct rfb_client *c, unsigned ms)
{
	rfb_turn(c);
	for (unsigned i = 0; i < ms; i++) {
		fake_sleep(c->env, 1);
		rfb_decode(c);
	}
}

uint32_t rfb_frame(const struct rfb_client *c)
{
	return (uint32_t)((c->env->timers.now - c->opened) * 30 / 1000);
}
