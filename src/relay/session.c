/* session: joins the HTTP phase, the dial and the splice of one client. Each of them knows only
 * its own part; what is here is the order and the log lines.
 */
#include "session_priv.h"

#include "link/ws_link.h"

#include <errno.h>
#include <stdlib.h>

static void client_free(struct client *c)
{
	if (c->left)
		link_abandon(c->left);
	metric_sub(c->env->metrics, c->full ? METRIC_TURNED_AWAY : METRIC_CONNECTIONS, 1);
	list_drop(&c->session.node);
	c->host->ended(c->host->owner, &c->session, c->opened);
	site_unref(c->site);
	free(c);
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

static void client_deny(struct client *c, const struct why *why)
{
	if (c->site->http_errors) {
		front_refuse(&c->front, why->status ? why->status : 502, why->text);
	} else {
		log_refused(c, 101, why->text);
		client_refuse(c, why);
	}
}

void client_dialed(struct client *c, struct link *backend, const struct why *why)
{
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
	client_deny(c, why);
}

static void on_dialed(void *owner, struct link *backend, const struct why *why)
{
	struct client *c = owner;

	if (backend && c->site->backend_tls && c->front.state == FRONT_UPGRADE)
		client_secure(c, backend);
	else
		client_dialed(c, backend, why);
}

/* --- front ---------------------------------------------------------------------------------- */

static void on_upgrade(void *owner, const struct http_head *h)
{
	struct client *c = owner;
	struct why why;

	(void)h;
	if (c->full) {
		client_deny(c, c->full);
		return;
	}
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
	else if (c->phase == PHASE_DIAL_SHAKE)
		client_unsecure(c);
	c->phase = PHASE_FRONT;
}

void client_over(struct client *c, const struct why *why)
{
	log_over(c, why);
	client_free(c);
}

static void on_over(void *owner, const struct why *why)
{
	client_undial(owner);
	client_over(owner, why);
}

static const struct front_events front_events = {
	.upgrade = on_upgrade,
	.answered = on_answered,
	.over = on_over,
};

void client_front(struct client *c, struct link *link)
{
	c->phase = PHASE_FRONT;
	front_start(&c->front, c->env, c->site, link, &front_events, c);
	c->front.full = c->full;
}

int session_turn_away(struct list *sessions, struct env *env, struct site *site,
                      const struct session_host *host, struct link *client, const struct addr *peer,
                      const struct why *why)
{
	struct client *c = calloc(1, sizeof *c);

	if (!c)
		return -ENOMEM;
	c->env = env;
	c->site = site_ref(site);
	c->host = host;
	c->peer = *peer;
	c->full = why;
	list_init(&c->session.node);
	list_add(sessions, &c->session.node);
	metric_add(env->metrics, why ? METRIC_TURNED_AWAY : METRIC_CONNECTIONS, 1);
	if (site->tls)
		client_sniff(c, client);
	else
		client_front(c, client);
	return 0;
}

int session_start(struct list *sessions, struct env *env, struct site *site,
                  const struct session_host *host, struct link *client, const struct addr *peer)
{
	return session_turn_away(sessions, env, site, host, client, peer, NULL);
}

void session_stop(struct session *s, const struct why *why)
{
	struct client *c = client_of(s);

	if (c->phase == PHASE_OPEN) {
		splice_stop(&c->splice, why);
	} else if (c->phase <= PHASE_SHAKE) {
		client_sniff_stop(c, why, false);
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
	} else if (c->phase <= PHASE_SHAKE) {
		client_sniff_stop(c, why, true);
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
