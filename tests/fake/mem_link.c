/* mem_link: see the header. */
#include "../unit/unit.h"

#include "mem_link.h"
#include "sure.h"

#include "base/list.h"

#include <errno.h>
#include <stdlib.h>

struct mem_link {
	struct link link;
	struct mem_end *end;
	struct defer event;
	struct timer close_timer;
	bool closing, broken, was_high;
};

static struct mem_link *mem_of(struct link *l)
{
	return LIST_OF(l, struct mem_link, link);
}

static void mem_post(struct mem_link *m)
{
	defer_post(m->end->env->defer, &m->event);
}

static bool mem_may_close(const struct mem_link *m)
{
	const struct mem_end *e = m->end;

	return e->got_reset || m->broken ||
	       (e->pending_len == 0 && (e->eof_told || m->link.parted));
}

static void mem_gone(struct mem_link *m)
{
	struct mem_end *e = m->end;

	timer_stop(&m->close_timer);
	defer_drop(&m->event);
	e->closed_told++;
	e->link = NULL;
	m->link.ev->closed(m->link.owner);
	memset(m, 0xdd, sizeof *m);
	free(m);
}

static void on_event(void *owner)
{
	struct mem_link *m = owner;
	struct mem_end *e = m->end;

	if (m->closing) {
		if (mem_may_close(m))
			mem_gone(m);
		return;
	}
	if (m->broken && !e->lost_told) {
		struct why why = why_make(WHY_TCP, 1011, 0, -EPIPE, "memory link broke");
		e->lost_told = true;
		m->link.ev->lost(m->link.owner, &why);
	}
}

static void on_close_timer(void *owner)
{
	mem_gone(owner);
}

static int op_send(struct link *l, struct span s, unsigned flags)
{
	struct mem_link *m = mem_of(l);
	struct mem_end *e = m->end;

	assert_false(e->got_close);
	assert_false(e->got_finish);
	e->sends++;
	if (m->broken || e->heard_len + e->pending_len + s.len > e->fail_after) {
		m->broken = true;
		mem_post(m);
		return -ENOMEM;
	}
	size_t now = e->pending_len ? 0 : s.len < e->window ? s.len : e->window;
	sure_append(&e->heard, e->heard_len + e->pending_len, &e->heard_cap, s);
	e->heard_len += now;
	e->pending_len += s.len - now;
	if (e->window != SIZE_MAX)
		e->window -= now;
	if (e->pending_len > e->queued_max)
		e->queued_max = e->pending_len;
	m->was_high |= e->pending_len >= LINK_LOW;
	l->queued = e->pending_len;
	if ((flags & SEND_ROOM) && s.len > 0)
		memset(s.at - 1, 0xee, 1); /* we may write there */
	return 0;
}

static void op_read(struct link *l, size_t room)
{
	struct mem_link *m = mem_of(l);

	assert_false(m->end->got_close);
	m->end->room = room;
}

static void op_finish(struct link *l, const struct why *why)
{
	(void)why;
	assert_false(mem_of(l)->end->got_close);
	mem_of(l)->end->got_finish = true;
	l->shut = true;
}

static void op_close(struct link *l, bool reset)
{
	struct mem_link *m = mem_of(l);
	struct mem_end *e = m->end;

	e->got_close = true;
	e->got_reset |= reset;
	if (!reset)
		e->got_finish = true;
	if (!m->closing && !reset)
		timer_arm(e->env->timers, &m->close_timer, TIMER_CLOSE, e->env->limits->close_ms);
	m->closing = true;
	e->room = SIZE_MAX; /* reads and drops */
	mem_post(m);
}

static const struct link_ops mem_ops = {
	.send = op_send, .read = op_read, .finish = op_finish, .close = op_close};

struct mem_end *mem_open(struct env *env)
{
	struct mem_end *e = sure_zero(sizeof *e);
	struct mem_link *m = sure_zero(sizeof *m);

	m->link.ops = &mem_ops;
	m->end = e;
	defer_init(&m->event, on_event, m);
	timer_init(&m->close_timer, on_close_timer, m);
	e->link = &m->link;
	e->env = env;
	e->window = e->fail_after = SIZE_MAX;
	return e;
}

void mem_free(struct mem_end *m)
{
	assert_null(m->link);
	assert_int_equal(m->closed_told, 1);
	free(m->heard);
	free(m->said);
	free(m);
}

void mem_say(struct mem_end *m, struct span s)
{
	assert_false(m->says_eof);
	sure_queue(&m->said, &m->said_at, &m->said_len, &m->said_cap, s);
}

void mem_say_eof(struct mem_end *m)
{
	m->says_eof = true;
}

/* Delivers n bytes from a block of their own, which is gone afterwards. */
static void mem_deliver(struct mem_end *e, size_t n)
{
	uint8_t *block = sure_resize(NULL, LINK_HEADROOM + n);

	memset(block, 0xaa, LINK_HEADROOM);
	memcpy(block + LINK_HEADROOM, e->said + e->said_at, n);
	e->said_at += n;
	e->said_len -= n;
	e->link->ev->bytes(e->link->owner, span_of(block + LINK_HEADROOM, n));
	memset(block, 0xbb, LINK_HEADROOM + n);
	free(block);
}

bool mem_pump(struct mem_end *e)
{
	if (!e->link || e->room == 0 || e->eof_told || mem_of(e->link)->broken)
		return false;
	if (e->got_close) { /* lingering: dropped */
		bool had = e->said_len > 0 || e->says_eof;
		e->said_len = 0;
		e->eof_told = e->says_eof;
		mem_post(mem_of(e->link));
		return had && e->eof_told;
	}
	if (e->said_len > 0) {
		size_t n = e->said_len < e->room ? e->said_len : e->room;
		if (e->cut && e->cut < n && e->pieces++ < MEM_PIECES)
			n = e->cut;
		mem_deliver(e, n);
		return true;
	}
	if (!e->says_eof)
		return false;
	e->eof_told = true;
	e->link->ev->eof(e->link->owner);
	return true;
}

void mem_take(struct mem_end *e, size_t n)
{
	struct mem_link *m = e->link ? mem_of(e->link) : NULL;

	if (n > e->pending_len)
		n = e->pending_len;
	if (n == 0 || !m || m->broken)
		return;
	e->heard_len += n;
	e->pending_len -= n;
	m->link.queued = e->pending_len;
	bool low = m->was_high && e->pending_len < LINK_LOW;
	bool done = e->got_finish && e->pending_len == 0;
	m->was_high &= !low;
	if (m->closing)
		mem_post(m);
	else if (low || done)
		m->link.ev->drained(m->link.owner);
}

void mem_reset(struct mem_end *e, const char *text)
{
	struct why why = why_make(WHY_TCP, 1011, 502, -ECONNRESET, "%s", text);
	struct mem_link *m;

	if (!e->link)
		return;
	m = mem_of(e->link);
	m->broken = true;
	m->link.queued = e->pending_len = 0;
	if (m->closing)
		mem_post(m);
	else if (!e->lost_told) {
		e->lost_told = true;
		m->link.ev->lost(m->link.owner, &why);
	}
}
