/* buf: one owned chunk of 16 KiB; pool: where they come from; bufq: a FIFO of them.
 *
 *   buf   [ unused | data from..to | room to..BUF_SIZE ]
 *   bufq  head -> buf -> buf -> tail      bytes = sum of all data
 *
 * A pool belongs to one worker (no locks). It keeps at most `spare` free chunks and gives the
 * rest back to malloc at once; under AddressSanitizer it keeps none, so that a use after free is
 * seen. `taken` counts the chunks that are out: tests demand 0 at the end.
 * An empty bufq owns no memory.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

enum { BUF_SIZE = 16384, POOL_SPARE = 256 };

struct buf {
	struct buf *next;
	uint32_t from, to;
	uint8_t bytes[BUF_SIZE];
};

struct pool {
	struct buf *free;
	unsigned spare, spare_max;
	size_t taken, taken_max; /* chunks out now; the most there ever were */
};

struct bufq {
	struct buf *head, *tail;
	size_t bytes;
};

void pool_init(struct pool *p, unsigned spare_max);
/* Frees the spares. Chunks still out are their owners' (and a leak if nobody is left). */
void pool_done(struct pool *p);
/* An empty chunk, or NULL when memory is out. */
struct buf *pool_take(struct pool *p) __attribute__((warn_unused_result));
/* Takes the chunk back; NULL is legal. */
void pool_give(struct pool *p, struct buf *b);

static inline struct span buf_data(const struct buf *b)
{
	return span_of(b->bytes + b->from, b->to - b->from);
}

/* Copies s to the end of q. All or nothing: 0 or -ENOMEM. */
int bufq_put(struct bufq *q, struct pool *p, struct span s) __attribute__((warn_unused_result));
/* The first stretch of data; {NULL, 0} when empty. */
struct span bufq_peek(const struct bufq *q);
/* Drops n <= q->bytes bytes from the front. */
void bufq_drop(struct bufq *q, struct pool *p, size_t n);
/* Drops everything. */
void bufq_clear(struct bufq *q, struct pool *p);

#endif
