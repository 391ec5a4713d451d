/* tap: somebody who watches a session's bytes and never changes them.
 *
 * Called on the worker's loop before the bytes go on, in order. Must not block and must copy
 * what it wants to keep. `end` is the last call; the tap frees itself in it.
 */
#ifndef RELAY_TAP_H
#define RELAY_TAP_H

#include "base/span.h"
#include "base/why.h"

enum tap_dir { TAP_UP, TAP_DOWN };

struct tap_ops {
	void (*bytes)(void *self, enum tap_dir dir, uint64_t ms, struct span s);
	/* after the send: all = the sink's socket took everything at once */
	void (*sent)(void *self, enum tap_dir dir, bool all);
	void (*end)(void *self, const struct why *why);
};

struct tap {
	const struct tap_ops *ops; /* NULL: nobody watches */
	void *self;
};

#endif
