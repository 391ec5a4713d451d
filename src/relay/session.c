/* session: joins the HTTP phase, the dial and the splice of one client. Each of them knows only
 * its own part; what is here is the order and the log lines.
 */
#include "relay/session.h"

#include "base/str.h"
#include "link/ws_link.h"
#include "relay/front.h"
#include "relay/splice.h"
#include "wire/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum phase { PHASE_FRONT, PHASE_DIAL, PHASE_OPEN, PHASE_REFUSED };

struct client {
	struct session session; /* first: the public part */
	struct env *env;
	struct site *site;
	const struct session_host *host;
	struct link *ws; /* PHASE_REFUSED: the upgraded client that is being told why */
	struct dialed dialed;
	uint64_t since;
	struct addr peer;
	uint8_t phase;
	bool opened;
	union { /* one after the other */
		struct front front;
		struct splice splice;
	};
};

static struct client *client_of(struct session *s)
{
	return (struct client *)s;
}

static void client_free(struct client *c)
{
	metric_sub(c->env->metrics, METRIC_CONNECTIONS, 1);
	list_drop(&c->session.node);
	c->host->ended(c->host->owner, &c->session, c->opened);
	site_unref(c->site);
	free(c);
}

/* --- log lines ------------------------------------------------------------------------------ */

static void log_opened(struct client *c)
{
	char peer[ADDR_TEXT];

	if (!log_wants(c->env->log, LOG_INFO))
		return;
	log_event(c->env->log, LOG_INFO, "session started",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name));
}

static void log_ended(struct client *c, const struct why *why)
{
	char peer[ADDR_TEXT], seconds[32];
	uint64_t ms = c->env->timers->now - c->since;
	struct str s;

	if (!log_wants(c->env->log, LOG_INFO))
		return;
	str_init(&s, seconds, sizeof seconds);
	str_put_number(&s, ms / 1000);
	str_putc(&s, '.');
	str_put_number(&s, ms / 100 % 10);
	str_put_number(&s, ms / 10 % 10);
	str_put_number(&s, ms % 10);
	log_event(c->env->log, LOG_INFO, "session ended",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name), LOG_NUM("up", c->splice.client.bytes),
	          LOG_NUM("down", c->splice.backend.bytes), LOG_TEXT("seconds", seconds),
	          LOG_TEXT("layer", why_layer_name(why->layer)), LOG_TEXT("reason", why->text));
}

static void log_refused(struct client *c, unsigned status, const char *text)
{
	char peer[ADDR_TEXT];

	log_event(c->env->log, LOG_WARN, "session refused",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("backend", c->site->target_name), LOG_NUM("status", status),
	          LOG_TEXT("reason", text));
}

/* Tokens may stand in the query, so only the path is logged. */
static void log_answered(struct client *c, unsigned status, const char *text)
{
	char peer[ADDR_TEXT], method[16], path[256];
	struct span path_span, query;
	enum log_level level = status >= 400 ? LOG_INFO : LOG_DEBUG;
	const struct front *f = &c->front;

	if (!log_wants(c->env->log, level))
		return;
	url_split(f->target, &path_span, &query);
	snprintf(method, sizeof method, "%.*s", (int)f->method.len, (const char *)f->method.at);
	snprintf(path, sizeof path, "%.*s", (int)path_span.len, (const char *)path_span.at);
	log_event(c->env->log, level, status >= 400 ? "request refused" : "request answered",
	          LOG_TEXT("client", addr_text(&c->peer, peer)), LOG_NUM("status", status),
	          LOG_TEXT("method", method), LOG_TEXT("path", path),
	          LOG_TEXT("reason", text ? text : ""));
}

/* A connection that never became a session: health checks and port scans are not news. */
static void log_over(struct client *c, const struct why *why)
{
	char peer[ADDR_TEXT];

	if (!log_wants(c->env->log, LOG_DEBUG))
		return;
	log_event(c->env->log, LOG_DEBUG, "connection ended",
	          LOG_TEXT("client", addr_text(&c->peer, peer)),
	          LOG_TEXT("layer", why_layer_name(why->layer)), LOG_TEXT("reason", why->text));
}

/* --- open: 101, WebSocket, splice ----------------------------------------------------------- */

static void on_spliced_out(void *owner)
{
	struct client *c = owner;
	struct metrics *m = c->env->metrics;

	metric_sub(m, METRIC_SESSIONS, 1);
	metric_add(m, METRIC_BYTES_UP, c->splice.client.bytes);
	metric_add(m, METRIC_BYTES_DOWN, c->splice.backend.bytes);
	log_ended(c, &c->splice.why);
	client_free(c);
}

/* The connection is the WebSocket's from here on. NULL when memory is out: the link is cut, and
 * its closed ends the session. */
static struct link *client_upgrade(struct client *c, struct buf **ret_kept)
{
	struct link *link = c->front.link, *ws;
	unsigned flags = c->front.proto == WS_PROTO_BASE64 ? WS_LINK_BASE64 : 0;

	if (ws_link_open(&ws, c->env, link, flags) < 0) {
		struct why why = why_make(WHY_SERVER, 0, 503, -ENOMEM, "out of memory");
		front_cut(&c->front, &why);
		return NULL;
	}
	*ret_kept = front_accept(&c->front);
	return ws;
}

static void client_open(struct client *c, struct link *backend)
{
	struct buf *kept = NULL;
	struct link *ws = client_upgrade(c, &kept);
	const struct session_host *host = c->host;

	if (!ws) {
		link_abandon(backend);
		return;
	}
	c->phase = PHASE_OPEN;
	c->opened = true;
	c->since = c->env->timers->now;
	metric_add(c->env->metrics, METRIC_SESSIONS, 1);
	metric_add(c->env->metrics, METRIC_SESSIONS_ALL, 1);
	log_opened(c);
	splice_start(&c->splice, c->env, ws, backend, on_spliced_out, c);
	if (host->tap)
		c->splice.tap = host->tap(host->owner, &c->session);
	host->opened(host->owner, &c->session);
	if (kept)
		ws_link_feed(ws, buf_data(kept));
	pool_give(c->env->pool, kept);
}

/* --- refused: the backend is dead ----------------------------------------------------------- */

static void on_refused_closed(void *owner)
{
	client_free(owner);
}

static const struct link_events refused_events = {
	.bytes = link_deaf_bytes,
	.eof = link_deaf_event,
	.drained = link_deaf_event,
	.lost = link_deaf_lost,
	.closed = on_refused_closed,
};

/* A browser shows the reason of a Close frame but nothing of a refused handshake, so the answer
 * is 101 and at once Close with the reason. */
static void client_refuse(struct client *c, const struct why *why)
{
	struct buf *kept = NULL;
	struct link *ws = client_upgrade(c, &kept);

	if (!ws)
		return;
	pool_give(c->env->pool, kept);
	c->phase = PHASE_REFUSED;
	c->ws = ws;
	link_own(ws, &refused_events, c);
	link_finish(ws, why);
	link_close(ws, false);
}

static void on_dialed(void *owner, struct link *backend, const struct why *why)
{
	struct client *c = owner;

	c->phase = PHASE_FRONT;
	if (c->front.state != FRONT_UPGRADE) { /* the client left meanwhile; over is on its way */
		if (backend)
			link_abandon(backend);
		return;
	}
	if (backend) {
		client_open(c, backend);
		return;
	}
	metric_add(c->env->metrics, METRIC_DIAL_FAILED, 1);
	if (c->site->http_errors) {
		front_refuse(&c->front, why->status ? why->status : 502, why->text);
	} else {
		log_refused(c, 101, why->text);
		client_refuse(c, why);
	}
}

/* --- front ---------------------------------------------------------------------------------- */

static void on_upgrade(void *owner, const struct http_head *h)
{
	struct client *c = owner;
	struct why why;

	(void)h;
	c->phase = PHASE_DIAL;
	c->dialed = (struct dialed){.fn = on_dialed, .owner = c};
	int r = c->env->dial(c->env, &c->site->target, &c->dialed);
	if (r < 0) {
		why = why_make(WHY_DIAL, 1011, 503, r, "backend %s: %s", c->site->target_name,
		               why_errno(r));
		on_dialed(c, NULL, &why);
	}
}

static void on_answered(void *owner, unsigned status, const char *text)
{
	log_answered(owner, status, text);
}

static void client_undial(struct client *c)
{
	if (c->phase == PHASE_DIAL)
		c->env->undial(c->env, &c->dialed);
	c->phase = PHASE_FRONT;
}

static void on_over(void *owner, const struct why *why)
{
	struct client *c = owner;

	client_undial(c);
	log_over(c, why);
	client_free(c);
}

static const struct front_events front_events = {
	.upgrade = on_upgrade,
	.answered = on_answered,
	.over = on_over,
};

int session_start(struct list *sessions, struct env *env, struct site *site,
                  const struct session_host *host, struct link *client, const struct addr *peer)
{
	struct client *c = calloc(1, sizeof *c);

	if (!c)
		return -ENOMEM;
	c->env = env;
	c->site = site_ref(site);
	c->host = host;
	c->peer = *peer;
	list_init(&c->session.node);
	list_add(sessions, &c->session.node);
	metric_add(env->metrics, METRIC_CONNECTIONS, 1);
	front_start(&c->front, env, site, client, &front_events, c);
	return 0;
}

void session_stop(struct session *s, const struct why *why)
{
	struct client *c = client_of(s);

	if (c->phase == PHASE_OPEN) {
		splice_stop(&c->splice, why);
	} else if (c->phase != PHASE_REFUSED) {
		client_undial(c);
		front_stop(&c->front, why);
	}
}

void session_cut(struct session *s, const struct why *why)
{
	struct client *c = client_of(s);

	if (c->phase == PHASE_OPEN) {
		splice_cut(&c->splice, why);
	} else if (c->phase == PHASE_REFUSED) {
		link_close(c->ws, true);
	} else {
		client_undial(c);
		front_cut(&c->front, why);
	}
}

void session_retire(struct session *s, const struct why *why)
{
	if (!client_of(s)->opened)
		session_stop(s, why);
}
