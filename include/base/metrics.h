/* metrics: plain counters, one block per worker, written only by that worker's thread and summed
 * by whoever reads (relaxed atomics, so a reader in another thread sees whole numbers).
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

enum metric {
	METRIC_ACCEPTED,     /* connections accepted */
	METRIC_SHED,         /* connections turned away for want of descriptors or by a limit */
	METRIC_CONNECTIONS,  /* gauge: connections open now, without those: */
	METRIC_TURNED_AWAY,  /* gauge: clients being told that there are too many */
	METRIC_SESSIONS,     /* gauge: WebSocket sessions open now */
	METRIC_SESSIONS_ALL, /* WebSocket sessions ever */
	METRIC_REQUESTS,     /* HTTP requests answered */
	METRIC_REFUSED,      /* HTTP answers with a status of 400 or more */
	METRIC_DIAL_FAILED,  /* sessions whose backend could not be reached; relay/session counts */
	METRIC_DEADLINE,     /* connections ended by one of our deadlines */
	METRIC_BYTES_UP,
	METRIC_BYTES_DOWN,
	METRIC_LOG_DROPPED, /* log lines lost because nobody read them */
	METRICS
};

struct metrics {
	_Atomic uint64_t value[METRICS];
};

static inline void metric_add(struct metrics *m, enum metric which, uint64_t n)
{
	uint64_t v = atomic_load_explicit(&m->value[which], memory_order_relaxed);
	atomic_store_explicit(&m->value[which], v + n, memory_order_relaxed);
}

static inline void metric_sub(struct metrics *m, enum metric which, uint64_t n)
{
	metric_add(m, which, (uint64_t)0 - n);
}

static inline uint64_t metric_get(const struct metrics *m, enum metric which)
{
	return atomic_load_explicit(&m->value[which], memory_order_relaxed);
}

/* "accepted", "bytes_up", … */
const char *metric_name(enum metric which);

#endif
