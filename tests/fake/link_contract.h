/* link_contract: base/link.h as a test suite. The same cases run on every implementation: a socket,
 * a memory link, a WebSocket, the test card's link.
 *
 *   a case ─ ops ─► link ═══ whatever is between ═══ far ◄─ contract_maker's calls ─ the case
 *
 * Who tests a link writes a contract_maker: how one is made, and what the other side of it can do.
 * Time passes only in `turn`, one step a call, and no case depends on how long a step is: a case
 * waits for something by turning until it is there, TURNS times at most.
 *
 *   int main(void)
 *   {
 *           struct contract_maker m = {.name = "tcp", .env = …, .limits = …, .make = …, …};
 *           return contract_run(&m);
 *   }
 */
#ifndef FAKE_LINK_CONTRACT_H
#define FAKE_LINK_CONTRACT_H

#include "base/env.h"

struct contract_maker {
	const char *name;
	struct env *env; /* what the links are made with; its pool must be whole after each case */
	struct limits *limits; /* env's, for the cases to set; each case starts from a copy */

	/* What this kind of link can do. */
	bool half_close;  /* eof leaves the output open, and finish the input */
	bool resets;      /* the far end can break the connection: lost */
	bool stalls;      /* TIMER_STALL ends a link whose bytes nobody takes */
	bool close_waits; /* close(false) waits for the far end's own end, close_ms at most */
	bool pushes_back; /* a far end that does not take makes bytes queue up */

	void *self;
	/* A new link, not reading; *far is its other side. 0 or negative. */
	int (*make)(struct contract_maker *m, struct link **link, void **far);
	/* Lets the world move one step: events, deferred calls, and a bit of time. */
	void (*turn)(struct contract_maker *m);
	/* The far end says up to s.len bytes; how many it could. */
	size_t (*say)(void *far, struct span s);
	/* The far end takes up to max bytes of what the link sent; 0: nothing there now. */
	size_t (*take)(void *far, void *out, size_t max);
	/* The far end ends its direction in order. */
	void (*end)(void *far);
	/* All bytes were taken and the link's own end has arrived. */
	bool (*saw_end)(void *far);
	/* The far end is gone, not in order. With `resets`. */
	void (*reset)(void *far);
	/* The link has been closed; frees the far end. */
	void (*done)(void *far);
};

/* Runs all cases as one cmocka group; the number of those that failed. */
int contract_run(struct contract_maker *m);

#endif
