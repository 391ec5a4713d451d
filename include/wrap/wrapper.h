/* wrapper: the life of the wrapped command, on the main thread.
 *
 *          start ─► RUNS ─ ended ─► LOOKS (who holds its port now?) ─┬─ exit ───► host.ended(code)
 *                    ▲               ▲                               ├─ ignore ─► goes on as it is
 *                    │               └ SWEEPS (respawn: TERM, KILL)  └─ respawn ┐
 *                    └──────────────── WAITS (wrap/respawn) ◄───────────────────┘
 *
 * One that ends well without ever having listened may be on its way into the background: LOOKS then goes
 * on for a moment before that is an exit.
 *
 *   stop ─► SWEEPS: SIGTERM to the group, SIGKILL after stop_ms ─► LOOKS ─► host.stopped
 *
 * Once it is retired its end is ours: whoever stops us may stop the command as well, while our last
 * sessions are still saying goodbye. That is no reason to start it again, nor an exit code.
 *
 * When it is ready is known from three kinds of news, one per kind of command:
 *   moved   rebind.so's report `listen`; a `bind` whose `listen` got lost is looked after, and so is a
 *           program of the command that listens where others reach it: the command is ended
 *   placed  ({port}) somebody listens on the port; on an address that others reach: it is ended
 *   unix    nothing: the socket is just dialled
 * Not ready within ready_ms: one line says why, and clients are told at once; it may still come.
 */
#ifndef WRAP_WRAPPER_H
#define WRAP_WRAPPER_H

#include "base/child.h"
#include "base/env.h"
#include "wrap/gate.h"
#include "wrap/lines.h"
#include "wrap/look.h"
#include "wrap/respawn.h"

enum wrap_mode { WRAP_EXIT, WRAP_IGNORE, WRAP_RESPAWN };
enum wrap_kind { WRAP_MOVED, WRAP_PLACED, WRAP_UNIX };

/* Borrowed for the wrapper's life. */
struct wrapper_setup {
	enum wrap_mode mode;
	bool adapts; /* mode exit unless it ends well with its port in the background: then ignore */
	enum wrap_kind kind;
	struct child_start start;
	uint32_t ready_ms, stop_ms;
	const char *name; /* for logs: the command's first word alone, the others may be secrets */
	const char *key;  /* of the reports */
	uint16_t port;    /* where it is to listen; 0: on a unix socket */
	uint16_t old_port;
	const char *shim;
	struct gate *gate;
	void (*look)(struct look *l); /* look_around */
	void *owner;
	/* It is over, with this exit code for the process: mode exit, or a command that others
	   could reach. Once, never from inside a call. wrapper_stop is still to come. */
	void (*ended)(void *owner, int code);
	void (*stopped)(void *owner); /* answers wrapper_stop; may come from inside it */
};

enum wrapper_phase {
	WRAP_NEW,
	WRAP_RUNS,
	WRAP_SWEEPS,
	WRAP_LOOKS,
	WRAP_WAITS,
	WRAP_REST,
	WRAP_OVER
};

struct wrapper {
	struct env *env;
	struct child *child; /* whose events go to wrapper_child_events */
	const struct wrapper_setup *setup;
	enum wrap_mode mode; /* the setup's, or what it was adapted to */
	enum wrapper_phase phase;
	struct respawn respawn;
	struct lines lines;
	struct timer ready, again, peek, sweep, tell, linger;
	struct list looks; /* jobs under way */
	uint64_t since, kill_at, linger_until;
	int code; /* of the last end */
	int bind_error;
	bool is_ready, is_bound, late, killed;
	bool named;   /* who holds its port after its end */
	bool unheard; /* it ended well and never listened */
	bool retired, hurried, stopping, giving_up;
};

extern const struct child_events wrapper_child_events; /* owner: the wrapper */

void wrapper_init(struct wrapper *w, struct env *env, const struct wrapper_setup *setup);
/* The first start. 0, or -errno of exec: then nothing runs, and nothing has been said. */
int wrapper_start(struct wrapper *w, struct child *child);
/* A letter from rebind.so. */
void wrapper_report(struct wrapper *w, struct span letter);
/* We are about to end: it is not started again, and `ended` does not come for an end from now on.
 * What runs goes on until wrapper_stop. */
void wrapper_retire(struct wrapper *w);
/* Ends what is left of it. */
void wrapper_stop(struct wrapper *w);
/* No more patience: SIGKILL, now and in wrapper_stop, which is still to come or under way. */
void wrapper_kill(struct wrapper *w);
void wrapper_done(struct wrapper *w); /* no more calls; legal at any time after init */

#endif
