/* dial: env->dial for TARGET_TCP and TARGET_UNIX.
 *
 * A numeric address is connected at once; a name is resolved in the thread pool for each session.
 * All addresses are tried, IPv6 and IPv4 interleaved, a new one every 250 ms or as soon as the
 * last one failed (RFC 8305, Happy Eyeballs); the first to connect wins, the others are closed.
 * limits->dial_ms bounds the whole. The reason of a failure names the backend and what happened:
 * "backend 127.0.0.1:5901 refused the connection".
 */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/loop.h"

int dial_start(struct env *env, const struct target *t, struct dialed *d);
void dial_stop(struct env *env, struct dialed *d);

#endif
