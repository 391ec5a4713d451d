/* tcp_link: a connected TCP or unix socket as a link (base/link.h).
 *
 * Reading: into the loop's scratch, LINK_HEADROOM bytes in, no allocation. Sending: tried at
 * once; only what the socket does not take is copied into chunks and written by the loop.
 * Deadlines: TIMER_STALL while bytes are queued and none are taken, TIMER_CLOSE after
 * close(false). Half-close is FIN both ways.
 */
#ifndef IO_TCP_LINK_H
#define IO_TCP_LINK_H

#include "io/loop.h"

/* Adopts fd (connected, non-blocking, close-on-exec). is_unix: AF_UNIX. `peer` names the other
 * side in reasons: "client", "backend 127.0.0.1:5901"; copied only when it is not a constant is
 * not needed: it must outlive the link. 0 or -errno, then fd is still the caller's. */
int tcp_link_open(struct link **ret, struct loop *l, int fd, bool is_unix, const char *peer);

#endif
