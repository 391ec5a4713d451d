/* front_answer: what a request head deserves: a file, an error, or an upgrade. */
#include "front_priv.h"

#include "base/str.h"
#include "policy/origin.h"
#include "wire/http_reply.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static const char no_files[] =
	"nothing to read here: this port carries WebSocket connections to a TCP service; point a "
	"WebSocket client, such as noVNC, at it";

static const char no_files_1_0[] =
	"nothing to read here: this port carries WebSocket connections, which need HTTP/1.1; a "
	"reverse proxy in front must speak it (nginx: proxy_http_version 1.1) and pass Upgrade on";

static int64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

void front_error(struct front *f, unsigned status, const char *text, bool close, const char *extra)
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

/* A disk may hang; it gets as long as a peer that takes nothing. */
static void front_wait_disk(struct front *f)
{
	front_wait(f, TIMER_STALL, f->env->limits->stall_ms);
}

/* The next piece is read from disk when the client has taken most of the last ones. */
void front_more(struct front *f)
{
	f->hungry = link_queued(f->link) >= LINK_LOW;
	if (f->hungry)
		return;
	int r = file_get_more(f->get);
	if (r < 0)
		front_fail(f, r, why_errno(r));
	else
		front_wait_disk(f);
}

static void front_file_send(struct front *f, struct file_get *g)
{
	struct span s = g->body;

	if (g->head.len > 0) /* the first piece follows it in memory */
		s = span_of(g->head.at, g->head.len + g->body.len);
	if (s.len > 0 && link_send(f->link, s, 0) < 0)
		return;
	if (g->broken) {
		front_fail(f, -EIO, "the file could not be read to its promised end");
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

	timer_stop(&f->timer);
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
	else
		front_wait_disk(f);
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
		front_error(f, status, error, status != 426, upgrade_extra(status));
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

/* The address that works instead, as the client knows us. A link may carry secrets behind its path: they
 * are not needed. */
static void front_tls_only(struct front *f, const struct http_head *h)
{
	char text[512];

	if (h->host.len > 0 && h->host.len < 256)
		snprintf(text, sizeof text, "this port speaks TLS only: use https://%.*s/",
		         (int)h->host.len, (const char *)h->host.at);
	else
		snprintf(text, sizeof text,
		         "this port speaks TLS only: use the same address with https:// in front");
	front_error(f, 400, text, true, NULL);
}

void front_decide(struct front *f, struct span head)
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
	else if (f->tls_only)
		front_tls_only(f, &h);
	else if (h.method == HTTP_OTHER)
		front_error(f, 405, "only GET and HEAD are served here", true,
		            "Allow: GET, HEAD\r\n");
	else if (h.upgrade)
		front_upgrade(f, &h);
	else if (f->full)
		front_error(f, f->full->status, f->full->text, true, "Retry-After: 5\r\n");
	else
		front_get(f, &h);
}
