/* gate: whether the wrapped command takes connections yet, and a dial that waits until it does.
 *
 *   main thread (wrapper)            worker threads (sessions)
 *   gate_open, gate_shut, gate_fail ──► the gate ◄── gate_dial: waits, dials, tries again
 *
 * Where the command will listen is fixed before there are threads; what changes is one word, and
 * that is atomic. A dial looks at it every GATE_RETRY_MS: nothing has to be woken across threads.
 *
 *   SHUT   nothing is dialled: what answers before the command does is somebody else
 *   OPEN   dialled; a failure is tried again, since the command may be just restarting
 *   FAILED the command will not come up by itself: clients are told at once
 *
 * A client waits no longer than patience_ms. Then, and when the gate has failed, the dial fails
 * with a reason that the client is shown.
 */
#ifndef WRAP_GATE_H
#define WRAP_GATE_H

#include "base/env.h"

#include <stdatomic.h>

enum { GATE_PLACES = 2, GATE_RETRY_MS = 50 };
enum gate_state { GATE_SHUT, GATE_OPEN, GATE_FAILED };

struct gate {
	struct target places[GATE_PLACES]; /* IPv4 and IPv6 of the same port, or one unix socket */
	unsigned places_n;
	uint32_t patience_ms;
	_Atomic unsigned state; /* enum gate_state */
};

/* Set up before there are threads. The gate is shut. */
void gate_port(struct gate *g, uint16_t port, uint32_t patience_ms); /* on 127.0.0.1 and ::1 */
void gate_unix(struct gate *g, const char *path, uint32_t patience_ms);
void gate_set(struct gate *g, enum gate_state s); /* any thread */
enum gate_state gate_now(const struct gate *g);

/* As env->dial and env->undial; env's own dial is used for the places. The gate must outlive it. */
int gate_dial(struct env *env, const struct gate *g, struct dialed *d);
void gate_undial(struct env *env, struct dialed *d);

#endif
