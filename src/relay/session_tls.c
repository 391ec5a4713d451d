/* session_tls: TLS on either side of a session, before there is one: the client's handshake comes
 * before the HTTP phase, the backend's between the dial and the 101.
 */
#include "session_priv.h"

#include "link/tls_link.h"

#include <errno.h>

/* --- the client's side ------------------------------------------------------------------------ */

static void on_shake_lost(void *owner, const struct why *why)
{
	struct client *c = owner;

	why_first(&c->why, why);
	link_close(c->tls, false); /* the alert still goes out */
}

static void on_shake_closed(void *owner)
{
	struct client *c = owner;

	client_over(c, &c->why);
}

/* Until the HTTP phase takes over. */
static const struct link_events shake_events = {
	.bytes = link_deaf_bytes,
	.eof = link_deaf_event,
	.drained = link_deaf_event,
	.lost = on_shake_lost,
	.closed = on_shake_closed,
};

static void on_shaken(void *owner)
{
	struct client *c = owner;

	client_front(c, c->tls);
	log_secure(c);
}

static void client_shake(struct client *c, struct link *link, struct span first)
{
	struct tls_link_setup setup = {.site = c->site->tls, .peer = "client", .ready = on_shaken};
	int r = tls_link_open(&c->tls, c->env, link, &setup);

	c->phase = PHASE_SHAKE;
	if (r < 0) {
		c->why = why_make(WHY_TLS, 0, 0, r, "TLS cannot be started: %s", why_errno(r));
		c->tls = link; /* all that is left of it is its end */
		link_own(link, &shake_events, c);
		link_close(link, true);
		return;
	}
	link_own(c->tls, &shake_events, c);
	tls_link_feed(c->tls, first);
}

static void on_sniffed(void *owner, struct link *link, bool tls, struct span first)
{
	struct client *c = owner;

	if (tls) {
		client_shake(c, link, first);
		return;
	}
	client_front(c, link);
	c->front.tls_only = c->site->tls_only;
	front_feed(&c->front, first);
}

static void on_sniff_over(void *owner, const struct why *why)
{
	client_over(owner, why);
}

static const struct sniff_events sniff_events = {.done = on_sniffed, .over = on_sniff_over};

void client_sniff(struct client *c, struct link *link)
{
	c->phase = PHASE_SNIFF;
	sniff_start(&c->sniff, c->env, link, FRONT_ROOM, &sniff_events, c);
}

void client_sniff_stop(struct client *c, const struct why *why, bool reset)
{
	if (c->phase == PHASE_SNIFF) {
		sniff_stop(&c->sniff, why, reset);
		return;
	}
	why_first(&c->why, why);
	link_close(c->tls, reset);
}

const struct tls_identity *session_identity(struct session *s)
{
	const struct client *c = client_of(s);

	return c->tls && c->phase != PHASE_SHAKE ? tls_link_identity(c->tls) : NULL;
}

/* --- the backend's side ----------------------------------------------------------------------- */

static void on_secure(void *owner)
{
	struct client *c = owner;
	struct link *backend = c->backend;

	c->backend = NULL;
	client_dialed(c, backend, NULL);
}

static void on_left_closed(void *owner)
{
	struct client *c = owner;

	c->left = NULL;
}

static const struct link_events left_events = {
	.bytes = link_deaf_bytes,
	.eof = link_deaf_event,
	.drained = link_deaf_event,
	.lost = link_deaf_lost,
	.closed = on_left_closed,
};

/* The client is told at once; the link lingers until its alert is out, or the client is gone. */
static void on_insecure(void *owner, const struct why *why)
{
	struct client *c = owner;
	struct link *backend = c->backend;

	c->backend = NULL;
	c->left = backend;
	link_own(backend, &left_events, c);
	link_close(backend, false);
	client_dialed(c, NULL, why);
}

static const struct link_events secure_events = {
	.bytes = link_deaf_bytes,
	.eof = link_deaf_event,
	.drained = link_deaf_event,
	.lost = on_insecure,
	.closed = link_deaf_event,
};

void client_secure(struct client *c, struct link *backend)
{
	const struct target *t = &c->site->target;
	struct tls_link_setup setup = {.site = c->site->backend_tls,
	                               .peer = "backend",
	                               .name = t->kind == TARGET_TCP ? t->host : NULL,
	                               .ready = on_secure};
	struct why why;
	int r = tls_link_open(&c->backend, c->env, backend, &setup);

	if (r < 0) {
		link_abandon(backend);
		why = why_make(WHY_TLS, 1011, 503, r, "TLS to the backend cannot be started: %s",
		               r == -EINVAL ? "no name to expect in its certificate"
		                            : why_errno(r));
		client_dialed(c, NULL, &why);
		return;
	}
	c->phase = PHASE_DIAL_SHAKE;
	link_own(c->backend, &secure_events, c);
}

void client_unsecure(struct client *c)
{
	link_abandon(c->backend);
	c->backend = NULL;
}
