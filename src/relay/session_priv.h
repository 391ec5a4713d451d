/* session_priv: what the files of session share.
 *
 *   session.c  the order of a session     session_tls.c  TLS on either side     session_log.c
 */
#ifndef RELAY_SESSION_PRIV_H
#define RELAY_SESSION_PRIV_H

#include "link/sniff.h"
#include "relay/front.h"
#include "relay/session.h"
#include "relay/splice.h"

enum phase {
	PHASE_SNIFF, /* waiting for the first byte: TLS or not? */
	PHASE_SHAKE, /* TLS handshake with the client */
	PHASE_FRONT,
	PHASE_DIAL,
	PHASE_DIAL_SHAKE, /* TLS handshake with the backend; the client waits in front */
	PHASE_OPEN,
	PHASE_REFUSED,
};

struct client {
	struct session session; /* first: the public part */
	struct env *env;
	struct site *site;
	const struct session_host *host;
	struct link *tls;     /* the client's TLS link; NULL: plain */
	struct link *backend; /* PHASE_DIAL_SHAKE */
	struct link *left;    /* a backend that was not believed, until its alert is out */
	struct link *ws;      /* PHASE_REFUSED: the upgraded client that is being told why */
	struct dialed dialed;
	const struct why *full; /* what it is told instead of being served; NULL: there is room */
	uint64_t since;
	struct addr peer;
	uint8_t phase;
	bool opened;
	struct why why; /* PHASE_SHAKE: why it failed */
	union {         /* one after the other */
		struct sniff sniff;
		struct front front;
		struct splice splice;
	};
};

static inline struct client *client_of(struct session *s)
{
	return (struct client *)s;
}

/* ---- session.c ---- */

/* The HTTP phase begins. */
void client_front(struct client *c, struct link *link);
/* The link is closed, nothing has become of it. */
void client_over(struct client *c, const struct why *why);
/* A backend, or NULL and why. */
void client_dialed(struct client *c, struct link *backend, const struct why *why);

/* ---- session_tls.c ---- */

/* A client of a site with certificates. */
void client_sniff(struct client *c, struct link *link);
/* Ends PHASE_SNIFF and PHASE_SHAKE. */
void client_sniff_stop(struct client *c, const struct why *why, bool reset);
/* TLS towards the backend that was dialled; client_dialed follows. */
void client_secure(struct client *c, struct link *backend);
/* The client left meanwhile. */
void client_unsecure(struct client *c);

/* ---- session_log.c ---- */

void log_opened(struct client *c);
void log_ended(struct client *c, const struct why *why);
void log_refused(struct client *c, unsigned status, const char *text);
void log_answered(struct client *c, unsigned status, const char *text);
void log_over(struct client *c, const struct why *why);
void log_secure(struct client *c);

#endif
