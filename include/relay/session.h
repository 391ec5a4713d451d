/* session: the life of one client, from accept to its one log line.
 *
 *   [sniff, TLS] ─► front (HTTP) ─ upgrade ─► dial [TLS] ─► 101, ws_link, splice ─► both closed
 *                        └─ file, error ──────────────────────────────────────────► closed
 *
 * A session owns its links, counts itself in the metrics, logs its start and its end with the
 * reason, and frees itself: session_start's caller keeps the pointer only until `ended`.
 */
#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include "base/addr.h"
#include "base/env.h"
#include "relay/site.h"
#include "relay/tap.h"

struct tls_identity; /* crypt/tls.h */

struct session {
	struct list node; /* the host's list of sessions; on it from start to ended */
};

struct session_host {
	void *owner;
	/* the client was upgraded and a backend answered */
	void (*opened)(void *owner, struct session *s);
	/* last call; opened: it had been */
	void (*ended)(void *owner, struct session *s, bool opened);
	struct tap (*tap)(void *owner, struct session *s); /* NULL: nobody watches */
};

/* Takes the link. 0, or -ENOMEM and the link is still the caller's. The session puts itself at
 * the end of `sessions`. site is referenced for its life. host must outlive it. */
int session_start(struct list *sessions, struct env *env, struct site *site,
                  const struct session_host *host, struct link *client, const struct addr *peer);
/* The same for a client there is no room for: whatever it asks is answered with why (HTTP status,
 * or 101 and Close). It counts as turned away, not as a connection. why must outlive it. */
int session_turn_away(struct list *sessions, struct env *env, struct site *site,
                      const struct session_host *host, struct link *client, const struct addr *peer,
                      const struct why *why);
/* An orderly end from our side: Close frame, 503, or just closed, whatever the phase allows. */
void session_stop(struct session *s, const struct why *why);
/* Ends the connection unless it is an open session, which goes on until it ends by itself. */
void session_retire(struct session *s, const struct why *why);
/* Who the client is by its certificate (TLS with verification): for policies. NULL: it showed none.
 * Lives as long as the session. */
const struct tls_identity *session_identity(struct session *s);
/* Now. */
void session_cut(struct session *s, const struct why *why);

#endif
