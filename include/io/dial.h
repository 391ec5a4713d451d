/* dial: env->dial for TARGET_TCP and TARGET_UNIX.
 *
 * A numeric address is connected at once; a name is resolved in the thread pool for each session.
 * Addresses (16 at most) are tried IPv6 and IPv4 interleaved, in the resolver's order otherwise,
 * a new one every 250 ms or as soon as one has failed (RFC 8305, Happy Eyeballs); the first to
 * connect wins, the others are closed. limits->dial_ms bounds the whole. The link's peer is called
 * "backend"; TCP_NODELAY is set, and keep-alive unless it is on this machine.
 *
 * The reason of a failure names the backend and what happened, "backend 127.0.0.1:5901 refused the
 * connection", with layer WHY_DIAL, Close code 1011 and HTTP status 504 after a timeout, 502
 * otherwise. When addresses failed differently it is the first one that says more than
 * "unreachable".
 */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/loop.h"

/* -EINVAL: not a target of these kinds, or a path too long for a socket. */
int dial_start(struct env *env, const struct target *t, struct dialed *d);
/* At any time before fn, also while a name is being resolved. Legal when nothing is under way. */
void dial_stop(struct env *env, struct dialed *d);

#endif
