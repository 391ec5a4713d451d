/* front: the order of things on one connection in its HTTP phase: bytes, states, deadlines. */
#include "front_priv.h"

#include "base/str.h"
#include "link/sniff.h"
#include "wire/http_reply.h"

#include <errno.h>

static void front_work(struct front *f);
static void front_next(struct front *f);

void front_wait(struct front *f, enum timer_class c, uint32_t ms)
{
	timer_arm(f->env->timers, &f->timer, c, ms);
}

static void front_release(struct front *f)
{
	timer_stop(&f->timer);
	defer_drop(&f->again);
	if (f->get)
		file_get_drop(f->get);
	f->get = NULL;
	pool_give(f->env->pool, f->buf);
	f->buf = NULL;
}

void front_end(struct front *f, bool reset)
{
	f->state = FRONT_END;
	front_release(f);
	link_close(f->link, reset);
}

void front_fail(struct front *f, int err, const char *text)
{
	struct why why = why_make(WHY_SERVER, 0, 0, err, "%s", text);

	why_first(&f->why, &why);
	front_end(f, true);
}

/* Room for the rest of this head and what is pipelined behind it; 0 when the chunk is full. */
static size_t front_room(const struct front *f)
{
	return f->buf ? BUF_SIZE - f->buf->to : BUF_SIZE;
}

/* After a reply: the connection ends or the next request is looked for, but not before the client
 * has taken most of what it asked for: a pipeline of requests must not become a pile of answers. */
void front_replied(struct front *f)
{
	struct why why = why_make(WHY_HTTP, 0, 0, 0, "closed after the answer");

	if (f->close_next) {
		why_first(&f->why, &why);
		front_end(f, false);
	} else if (link_queued(f->link) < LINK_LOW) {
		front_next(f);
	}
}

static void front_overlong(struct front *f)
{
	struct span data = buf_data(f->buf);
	bool line = memchr(data.at, '\n', data.len) != NULL;

	front_error(f, line ? 431 : 414,
	            line ? "the request head is larger than 16 KiB"
	                 : "the request line is larger than 16 KiB",
	            true, NULL);
}

/* Looks at what has come. Called with state FRONT_HEAD and a chunk. */
static void front_work(struct front *f)
{
	struct span data = buf_data(f->buf);
	size_t n = data.len ? http_head_end(data, f->seen, &f->seen) : 0;

	defer_drop(&f->again);
	if (n > 0) {
		timer_stop(&f->timer);
		link_read(f->link, 0);
		f->buf->from += (uint32_t)n;
		f->seen = 0;
		front_decide(f, span_of(data.at, n));
	} else if (f->eof) {
		front_end(f, false);
	} else if (front_room(f) == 0) {
		front_overlong(f);
	} else {
		link_read(f->link, front_room(f));
	}
}

/* The next request of a kept connection. Its first bytes may be here already; they move to the
 * start of the chunk, so that every head has all of it. */
static void front_next(struct front *f)
{
	struct buf *b = f->buf;
	size_t len = b->to - b->from;

	memmove(b->bytes, b->bytes + b->from, len);
	b->from = 0;
	b->to = (uint32_t)len;
	f->state = FRONT_HEAD;
	f->target = f->method = (struct span){0};
	if (len > 0) {
		front_wait(f, TIMER_HEAD, f->env->limits->head_ms);
		defer_post(f->env->defer, &f->again);
	} else if (f->eof) {
		front_end(f, false);
	} else {
		pool_give(f->env->pool, b);
		f->buf = NULL;
		front_wait(f, TIMER_IDLE, f->env->limits->keepalive_ms);
		link_read(f->link, BUF_SIZE);
	}
}

static void on_again(void *owner)
{
	front_work(owner);
}

/* An answer in HTTP would be no answer to whoever speaks TLS. */
static void front_is_not_tls(struct front *f)
{
	struct why why = why_make(WHY_TLS, 0, 0, -EPROTO,
	                          "TLS on a port that has no certificate (see --cert)");

	why_first(&f->why, &why);
	front_end(f, false);
}

static void on_bytes(void *owner, struct span s)
{
	struct front *f = owner;

	if (f->state == FRONT_END)
		return;
	if (f->state == FRONT_FIRST && sniff_is_tls(s.at[0])) {
		front_is_not_tls(f);
		return;
	}
	if (!f->buf) {
		f->buf = pool_take(f->env->pool);
		if (!f->buf) {
			front_fail(f, -ENOMEM, "out of memory");
			return;
		}
		f->state = FRONT_HEAD;
		front_wait(f, TIMER_HEAD, f->env->limits->head_ms);
	}
	if (s.len > front_room(f)) { /* a link that breaks its promise */
		front_end(f, true);
		return;
	}
	memcpy(f->buf->bytes + f->buf->to, s.at, s.len);
	f->buf->to += (uint32_t)s.len;
	if (front_room(f) > 0)
		link_read(f->link, front_room(f));
	if (f->state == FRONT_HEAD)
		front_work(f);
	else
		link_read(f->link, 0);
}

/* A client may end its direction after its last request; the answer still goes out. */
static void on_eof(void *owner)
{
	struct front *f = owner;
	struct why why = why_make(WHY_HTTP, 0, 0, 0, "client closed the connection");

	f->eof = true;
	why_first(&f->why, &why);
	if (f->state != FRONT_REPLY && f->state != FRONT_END)
		front_end(f, false);
}

static void on_drained(void *owner)
{
	struct front *f = owner;

	if (f->state != FRONT_REPLY || link_queued(f->link) >= LINK_LOW)
		return;
	if (!f->get)
		front_replied(f);
	else if (f->hungry)
		front_more(f);
}

static void on_lost(void *owner, const struct why *why)
{
	struct front *f = owner;

	why_first(&f->why, why);
	front_end(f, true);
}

static void on_closed(void *owner)
{
	struct front *f = owner;

	f->link = NULL;
	f->ev->over(f->owner, &f->why);
}

static const struct link_events front_link_events = {
	.bytes = on_bytes,
	.eof = on_eof,
	.drained = on_drained,
	.lost = on_lost,
	.closed = on_closed,
};

/* The disk hangs. Once a length was promised nothing else can be said. */
static void front_disk_late(struct front *f)
{
	struct why why =
		why_make(WHY_SERVER, 0, 503, -ETIMEDOUT, "the file could not be read in time");
	bool promised = f->get->status != 0;

	why_first(&f->why, &why);
	if (promised) {
		front_end(f, true);
		return;
	}
	file_get_drop(f->get);
	f->get = NULL;
	front_error(f, 503, why.text, true, NULL);
}

static void on_timer(void *owner)
{
	struct front *f = owner;
	struct why why;

	metric_add(f->env->metrics, METRIC_DEADLINE, 1);
	if (f->state == FRONT_REPLY) {
		front_disk_late(f);
		return;
	}
	if (f->state == FRONT_FIRST || !f->buf) {
		why = why_make(WHY_SESSION, 0, 0, -ETIMEDOUT,
		               f->state == FRONT_FIRST ? "client said nothing"
		                                       : "no further request");
		why_first(&f->why, &why);
		front_end(f, false);
		return;
	}
	why = why_make(WHY_SESSION, 0, 408, -ETIMEDOUT, "request head did not end in time");
	why_first(&f->why, &why);
	front_error(f, 408, "the request head did not end in time", true, NULL);
}

void front_start(struct front *f, struct env *env, const struct site *site, struct link *link,
                 const struct front_events *ev, void *owner)
{
	*f = (struct front){.env = env, .site = site, .link = link, .ev = ev, .owner = owner};
	timer_init(&f->timer, on_timer, f);
	defer_init(&f->again, on_again, f);
	link_own(link, &front_link_events, f);
	front_wait(f, TIMER_FIRST_BYTE, env->limits->first_byte_ms);
	link_read(link, BUF_SIZE);
}

void front_feed(struct front *f, struct span s)
{
	on_bytes(f, s);
}

struct buf *front_accept(struct front *f)
{
	char bytes[512];
	struct str s;
	struct buf *kept = f->buf;

	str_init(&s, bytes, sizeof bytes);
	http_reply_upgrade(&s, f->accept, (enum ws_proto)f->proto);
	/* a failed send is followed by the link's lost, which its next owner gets */
	(void)!link_send(f->link, str_span(&s), 0);
	f->buf = NULL;
	front_release(f); /* nothing is armed now, and nothing may be: the memory is the splice's */
	if (kept->from < kept->to)
		return kept;
	pool_give(f->env->pool, kept);
	return NULL;
}

void front_refuse(struct front *f, unsigned status, const char *text)
{
	front_error(f, status, text, true, NULL);
}

void front_stop(struct front *f, const struct why *why)
{
	why_first(&f->why, why);
	f->close_next = true;
	if (f->state == FRONT_UPGRADE)
		front_refuse(f, 503, why->text);
	else if (f->state == FRONT_FIRST || f->state == FRONT_HEAD)
		front_end(f, false);
}

void front_cut(struct front *f, const struct why *why)
{
	why_first(&f->why, why);
	front_end(f, true);
}
