/* Chunks, the pool they come from, and the queue of them. */
#include "base/buf.h"

#include "base/bug.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
enum { KEEP_SPARES = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { KEEP_SPARES = 0 };
#else
enum { KEEP_SPARES = 1 };
#endif
#else
enum { KEEP_SPARES = 1 };
#endif

void pool_init(struct pool *p, unsigned spare_max)
{
	*p = (struct pool){.spare_max = KEEP_SPARES ? spare_max : 0};
}

void pool_done(struct pool *p)
{
	while (p->free) {
		struct buf *b = p->free;
		p->free = b->next;
		free(b);
	}
	p->spare = 0;
}

struct buf *pool_take(struct pool *p)
{
	struct buf *b = p->free;
	if (b) {
		p->free = b->next;
		p->spare--;
	} else {
		b = malloc(sizeof *b);
		if (!b)
			return NULL;
	}
	b->next = NULL;
	b->from = b->to = 0;
	p->taken++;
	if (p->taken > p->taken_max)
		p->taken_max = p->taken;
	return b;
}

void pool_give(struct pool *p, struct buf *b)
{
	if (!b)
		return;
	BUG_ON(p->taken == 0);
	p->taken--;
	if (p->spare >= p->spare_max) {
		free(b);
		return;
	}
	b->next = p->free;
	p->free = b;
	p->spare++;
}

/* Gives back a whole chain. */
static void give_all(struct pool *p, struct buf *b)
{
	while (b) {
		struct buf *next = b->next;
		pool_give(p, b);
		b = next;
	}
}

/* Appends as many empty chunks as n bytes need; none at all if one cannot be had. */
static int grow(struct bufq *q, struct pool *p, size_t n)
{
	struct buf *first = NULL, **end = &first, *last = NULL;
	for (size_t have = 0; have < n; have += BUF_SIZE) {
		last = pool_take(p);
		if (!last) {
			give_all(p, first);
			return -ENOMEM;
		}
		*end = last;
		end = &last->next;
	}
	if (q->tail)
		q->tail->next = first;
	else
		q->head = first;
	q->tail = last;
	return 0;
}

/* Moves what fits from the front of s to the end of b. */
static void fill(struct buf *b, struct span *s)
{
	size_t n = BUF_SIZE - b->to;
	if (n > s->len)
		n = s->len;
	memcpy(b->bytes + b->to, span_take(s, n).at, n);
	b->to += (uint32_t)n;
}

int bufq_put(struct bufq *q, struct pool *p, struct span s)
{
	if (s.len == 0)
		return 0;
	struct buf *b = q->tail;
	size_t room = b ? BUF_SIZE - b->to : 0;
	if (s.len > room) {
		int r = grow(q, p, s.len - room);
		if (r < 0)
			return r;
	}
	q->bytes += s.len;
	if (!b)
		b = q->head;
	for (; s.len; b = b->next)
		fill(b, &s);
	return 0;
}

struct span bufq_peek(const struct bufq *q)
{
	return q->head ? buf_data(q->head) : (struct span){NULL, 0};
}

void bufq_drop(struct bufq *q, struct pool *p, size_t n)
{
	BUG_ON(n > q->bytes);
	q->bytes -= n;
	while (n) {
		struct buf *b = q->head;
		size_t here = b->to - b->from;
		if (n < here) {
			b->from += (uint32_t)n;
			return;
		}
		n -= here;
		q->head = b->next;
		if (!q->head)
			q->tail = NULL;
		pool_give(p, b);
	}
}

void bufq_clear(struct bufq *q, struct pool *p)
{
	give_all(p, q->head);
	*q = (struct bufq){0};
}
