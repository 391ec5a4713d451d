/* listen: listening sockets, and connections as links.
 *
 * listen_open is called once, before anything is announced and before there are threads, and
 * blocks. With several workers a TCP address gets one SO_REUSEPORT socket per worker, but only
 * after a bind without it has proved that nobody else has the port; a unix socket is one
 * descriptor that all workers share (n is 1 then: worker i takes fds[i % n]). All of them are
 * listening when listen_open returns, so each must soon find its listener: the kernel spreads
 * connections over them, ready or not.
 * Options that accepted sockets inherit (TCP_NODELAY, SO_KEEPALIVE, TCP_NOTSENT_LOWAT, …) are set
 * on the listening socket once.
 *
 * Accepting: several per turn. Out of descriptors or memory: one connection is turned away with
 * the descriptor kept in reserve for that (METRIC_SHED), then accepting pauses for a second.
 */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include "base/addr.h"
#include "io/loop.h"

enum { LISTEN_WORKERS = 64, LISTEN_ERR = 256 };

struct listen_at {
	const char *host; /* NULL, "" or "::": all addresses, IPv6 and IPv4 */
	uint16_t port;    /* 0: any */
	bool prefer_ipv6; /* of a name with both */
	const char *path; /* a unix socket instead; a stale socket file is replaced, any other file
	                     and a socket somebody still serves are errors */
	unsigned mode;    /* its permissions */
};

struct listen_set {
	int fds[LISTEN_WORKERS];
	unsigned n;
	uint16_t port;     /* the real one */
	char name[160];    /* "[::]:6080", "127.0.0.1:6080", a path */
	uint64_t dev, ino; /* of the unix socket's file; 0: none */
};

/* 0, or -errno with a sentence in err (what, and what to do); *ret is then untouched. err_cap:
 * LISTEN_ERR is enough. workers is 1 … LISTEN_WORKERS. */
int listen_open(struct listen_set *ret, const struct listen_at *at, unsigned workers, char *err,
                size_t err_cap);
/* Closes the descriptors once every listener has its own: a port must be gone when the last
 * listener stops, not when the process ends. listen_close is still needed. */
void listen_let_go(struct listen_set *s);
/* Closes the descriptors; removes a unix socket's file if it is still ours. */
void listen_close(struct listen_set *s);

struct listener;
/* Accepts on fd (dup'ed; stays the caller's) until stopped. accepted gets a new link, not
 * reading, with the peer's address; it must take the link, and may stop the listener. Connections
 * are counted as METRIC_ACCEPTED; the links' peer is called "client". 0 or -errno. */
int listener_start(struct listener **ret, struct loop *l, int fd,
                   void (*accepted)(void *owner, struct link *link, const struct addr *peer),
                   void *owner);
/* Told once per pause for want of descriptors or memory, with -errno: for a log line. */
void listener_on_shed(struct listener *s, void (*fn)(void *owner, int err));
/* Stops and frees it; NULL is legal. */
void listener_stop(struct listener *s);

#endif
