/* env: all of the outside world a worker has, as one value. io and app supply the real one,
 * tests their own. One per worker, never shared between threads.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/buf.h"
#include "base/defer.h"
#include "base/limits.h"
#include "base/link.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/target.h"
#include "base/timers.h"
#include "base/why.h"

/* A dial under way. Embedded in its owner, which fills fn and owner. fn is called exactly once,
 * never from inside dial: with a link (now the owner's) or with NULL and the reason. After undial
 * it is not called at all. */
struct dialed {
	void (*fn)(void *owner, struct link *link, const struct why *why);
	void *owner;
	enum target_kind kind; /* of the target; set by dial, for undial */
	void *dial;            /* the dialler's own */
};

/* Work that may block, done in another thread. `work` runs there and touches nothing but the
 * job's own data; `done` runs on the loop, exactly once, also at shutdown. A job cannot be taken
 * back: whoever loses interest leaves a mark in it and lets done free it. */
struct job {
	void (*work)(struct job *j);
	void (*done)(struct job *j);
	void *io; /* io's own */
};

enum { ENV_PLAIN = LINK_HEADROOM + READ_ROOM, ENV_SEALED = READ_ROOM + 32768 };

struct env {
	struct pool *pool;
	struct deferq *defer;
	struct timers *timers; /* timers->now is the time, ms */
	struct metrics *metrics;
	struct log *log;
	const struct limits *limits;
	/* Scratch for the layer that turns bytes into others (TLS), valid within one call: what
	 * comes in decrypted, ENV_PLAIN bytes, and what goes out encrypted, ENV_SEALED. Two,
	 * because what one connection has decrypted is what another encrypts. */
	uint8_t *plain, *sealed;
	void (*random)(struct env *e, void *out, size_t n);
	/* 0, or -errno and fn is not called. t must live until fn or undial. */
	int (*dial)(struct env *e, const struct target *t, struct dialed *d);
	void (*undial)(struct env *e, struct dialed *d);
	int (*job)(struct env *e, struct job *j); /* 0, or -errno and nothing runs */
	void *self;
};

#endif
