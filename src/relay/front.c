/* front: reads request heads and decides. Parsing is wire's, files are serve's; this file is the
 * order of things on one connection.
 */
#include "relay/front.h"

#include "base/str.h"
#include "policy/origin.h"
#include "wire/http_reply.h"

#include <errno.h>
#include <time.h>

static const char no_files[] =
	"nothing to read here: this port carries WebSocket connections to a TCP service,\n"
	"such as a VNC server; point a WebSocket client (noVNC, for one) at it";

static const char no_files_1_0[] =
	"nothing to read here: this port carries WebSocket connections, which need HTTP/1.1; a\n"
	"reverse proxy in front must be told so (nginx: proxy_http_version 1.1) and pass Upgrade "
        "on";

static void front_work(struct front *f);
static void front_next(struct front *f);

static int64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static void why_first(struct front *f, const struct why *why)
{
	if (f->why.layer == WHY_NONE && why)
		f->why = *why;
}

static void front_wait(struct front *f, enum timer_class c, uint32_t ms)
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

static void front_end(struct front *f, bool reset)
{
	f->state = FRONT_END;
	front_release(f);
	link_close(f->link, reset);
}

/* Room for the rest of this head and what is pipelined behind it; 0 when the chunk is full. */
static size_t front_room(const struct front *f)
{
	return f->buf ? BUF_SIZE - f->buf->to : BUF_SIZE;
}

/* After a reply: the connection ends or the next request is looked for, but not before the client
 * has taken most of what it asked for: a pipeline of requests must not become a pile of answers. */
static void front_replied(struct front *f)
{
	if (f->close_next)
		front_end(f, false);
	else if (link_queued(f->link) < LINK_LOW)
		front_next(f);
}

static void front_error(struct front *f, unsigned status, const char *text, bool close,
                        const char *extra)
{
	char bytes[LINK_HEADROOM + 1024];
	struct str s;

	str_init(&s, bytes + LINK_HEADROOM, sizeof bytes - LINK_HEADROOM);
	f->close_next = f->close_next || close;
	http_reply_error(&s, status, text, wall_clock(), f->head_only, f->close_next, extra);
	metric_add(f->env->metrics, METRIC_REFUSED, 1);
	f->ev->answered(f->owner, status, text);
	f->state = FRONT_REPLY;
	if (link_send(f->link, str_span(&s), SEND_ROOM) == 0)
		front_replied(f);
}

/* The next piece is read from disk when the client has taken most of the last ones. */
static void front_more(struct front *f)
{
	f->hungry = link_queued(f->link) >= LINK_LOW;
	if (!f->hungry && file_get_more(f->get) < 0)
		front_end(f, true);
}

static void front_file_send(struct front *f, struct file_get *g)
{
	struct span s = g->body;

	if (g->head.len > 0) /* the first piece follows it in memory */
		s = span_of(g->head.at, g->head.len + g->body.len);
	if (s.len > 0 && link_send(f->link, s, 0) < 0)
		return;
	if (g->broken) {
		front_end(f, true); /* the promised length cannot be kept */
	} else if (g->left == 0) {
		file_get_drop(f->get);
		f->get = NULL;
		front_replied(f);
	} else {
		front_more(f);
	}
}

static void on_file(void *owner, struct file_get *g)
{
	struct front *f = owner;

	if (g->head.len > 0) {
		f->ev->answered(f->owner, g->status, g->error);
		metric_add(f->env->metrics, METRIC_REFUSED, g->status >= 400);
	}
	front_file_send(f, g);
}

static void front_get(struct front *f, const struct http_head *h)
{
	if (!f->site->files) {
		front_error(f, 404, h->minor == 0 ? no_files_1_0 : no_files, false, NULL);
		return;
	}
	f->state = FRONT_REPLY;
	if (file_get_start(&f->get, f->site->files, f->env, h, f->close_next, on_file, f) < 0)
		front_error(f, 503, "the server is short of memory; try again", true, NULL);
}

/* Header lines that an answer to a handshake must have. */
static const char *upgrade_extra(unsigned status)
{
	if (status == 426)
		return WS_UPGRADE_426;
	return status == 405 ? "Allow: GET\r\n" : NULL;
}

static void front_upgrade(struct front *f, const struct http_head *h)
{
	enum ws_proto proto;
	unsigned status = 0;
	const char *error = NULL;

	if (ws_upgrade_check(h, &proto, &status, &error) < 0) {
		front_error(f, status, error, true, upgrade_extra(status));
	} else if (!origin_allowed(h->origin, h->host, f->site->origins, f->site->origins_n)) {
		front_error(f, 403,
		            "pages of this origin may not connect here; the server can allow "
		            "them with --allow-origin",
		            true, NULL);
	} else if (ws_key_accept(h->ws_key, f->accept) < 0) {
		front_error(f, 503, "the server cannot compute SHA-1", true, NULL);
	} else {
		f->proto = (uint8_t)proto;
		f->state = FRONT_UPGRADE;
		f->ev->upgrade(f->owner, h);
	}
}

static void front_decide(struct front *f, struct span head)
{
	struct http_head h;
	int r = http_head_parse(&h, head);

	metric_add(f->env->metrics, METRIC_REQUESTS, 1);
	f->method = h.method_text;
	f->target = h.target;
	f->head_only = h.method == HTTP_HEAD;
	f->close_next = f->close_next || r < 0 || !h.keep_alive || h.minor == 0;
	if (r < 0)
		front_error(f, h.status, h.error, true, NULL);
	else if (h.method == HTTP_OTHER)
		front_error(f, 405, "only GET and HEAD are served here", true,
		            "Allow: GET, HEAD\r\n");
	else if (h.upgrade)
		front_upgrade(f, &h);
	else
		front_get(f, &h);
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

static void on_bytes(void *owner, struct span s)
{
	struct front *f = owner;

	if (f->state == FRONT_END)
		return;
	if (!f->buf) {
		f->buf = pool_take(f->env->pool);
		if (!f->buf) {
			front_end(f, true);
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
	why_first(f, &why);
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

	why_first(f, why);
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

static void on_timer(void *owner)
{
	struct front *f = owner;
	struct why why;

	metric_add(f->env->metrics, METRIC_DEADLINE, 1);
	if (f->state == FRONT_FIRST || !f->buf) {
		why = why_make(WHY_SESSION, 0, 0, -ETIMEDOUT,
		               f->state == FRONT_FIRST ? "client said nothing"
		                                       : "no further request");
		why_first(f, &why);
		front_end(f, false);
		return;
	}
	why = why_make(WHY_SESSION, 0, 408, -ETIMEDOUT, "request head did not end in time");
	why_first(f, &why);
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
	front_release(f);
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
	why_first(f, why);
	f->close_next = true;
	if (f->state == FRONT_UPGRADE)
		front_refuse(f, 503, why->text);
	else if (f->state == FRONT_FIRST || f->state == FRONT_HEAD)
		front_end(f, false);
}

void front_cut(struct front *f, const struct why *why)
{
	why_first(f, why);
	front_end(f, true);
}
