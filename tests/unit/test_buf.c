/* Chunks, pool and queue: where bytes land, who owns what, and what a failed malloc leaves. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "base/buf.h"
#include "fail_malloc.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#define BUILT_WITH_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define BUILT_WITH_ASAN 1
#else
#define BUILT_WITH_ASAN 0
#endif

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* Bytes from..from+n of the endless pattern; free it. */
static struct span pattern_span(size_t from, size_t n)
{
	struct span s = span_of(malloc(n ? n : 1), n);
	assert_non_null(s.at);
	for (size_t i = 0; i < n; i++)
		s.at[i] = pattern(from + i);
	return s;
}

static void put(struct bufq *q, struct pool *p, size_t from, size_t n)
{
	struct span s = pattern_span(from, n);
	assert_int_equal(bufq_put(q, p, s), 0);
	free(s.at);
}

/* Takes everything out through peek and drop and compares it with the pattern. */
static void expect_and_drain(struct bufq *q, struct pool *p, size_t from, size_t n)
{
	assert_int_equal(q->bytes, n);
	while (n) {
		struct span s = bufq_peek(q);
		assert_true(s.len > 0 && s.len <= n);
		for (size_t i = 0; i < s.len; i++)
			if (s.at[i] != pattern(from + i))
				fail_msg("byte %zu of the stream is wrong", from + i);
		from += s.len;
		n -= s.len;
		bufq_drop(q, p, s.len);
	}
	assert_int_equal(q->bytes, 0);
	assert_null(q->head);
	assert_null(q->tail);
}

static void test_pool_counts(void **state)
{
	(void)state;
	struct pool p;
	struct buf *b[3];
	pool_init(&p, 2);
	for (int i = 0; i < 3; i++) {
		b[i] = pool_take(&p);
		assert_non_null(b[i]);
		assert_int_equal(buf_data(b[i]).len, 0);
	}
	assert_int_equal(p.taken, 3);
	pool_give(&p, b[0]);
	pool_give(&p, b[1]);
	pool_give(&p, NULL);
	assert_int_equal(p.taken, 1);
	assert_int_equal(p.taken_max, 3);
	pool_give(&p, b[2]);
	assert_int_equal(p.taken, 0);
	assert_true(p.spare <= 2);
	pool_done(&p);
	assert_null(p.free);
	assert_int_equal(p.spare, 0);
}

/* Spares come back without malloc, up to the limit, and as they were: 16 KiB nobody cleared. */
static void test_pool_spares(void **state)
{
	(void)state;
	struct pool p;
	struct buf *b[3];
	pool_init(&p, 2);
	if (p.spare_max == 0)
		return; /* under AddressSanitizer none are kept, see the next test */
	for (int i = 0; i < 3; i++)
		b[i] = pool_take(&p);
	b[1]->bytes[BUF_SIZE - 1] = 0x5a;
	b[1]->from = 3;
	b[1]->to = 9;
	for (int i = 0; i < 3; i++)
		pool_give(&p, b[i]);
	assert_int_equal(p.spare, 2);
	fail_malloc_from(1);
	struct buf *again = pool_take(&p);
	assert_ptr_equal(again, b[1]);
	assert_int_equal(again->bytes[BUF_SIZE - 1], 0x5a);
	assert_int_equal(again->from, 0);
	assert_int_equal(again->to, 0);
	assert_null(again->next);
	assert_ptr_equal(pool_take(&p), b[0]);
	assert_int_equal(fail_malloc_calls(), 0);
	assert_null(pool_take(&p));
	fail_malloc_off();
	assert_int_equal(p.taken, 2);
	pool_give(&p, b[0]);
	pool_give(&p, b[1]);
	fail_malloc_from(1);
	for (int i = 0; i < 10; i++) { /* for good, not for the first few times */
		pool_give(&p, pool_take(&p));
		assert_int_equal(p.spare, 2);
	}
	assert_int_equal(fail_malloc_calls(), 0);
	fail_malloc_off();
	pool_done(&p);
}

static void test_pool_keeps_none_under_asan(void **state)
{
	(void)state;
	struct pool p;
	pool_init(&p, POOL_SPARE);
	assert_int_equal(p.spare_max, BUILT_WITH_ASAN ? 0 : POOL_SPARE);
	pool_done(&p);
}

static void test_queue_fills_the_tail_first(void **state)
{
	(void)state;
	struct pool p;
	struct bufq q = {0};
	pool_init(&p, 4);
	put(&q, &p, 0, 10);
	struct buf *first = q.head;
	assert_ptr_equal(q.tail, first);
	put(&q, &p, 10, BUF_SIZE - 10);
	assert_ptr_equal(q.tail, first);
	assert_int_equal(p.taken, 1);
	put(&q, &p, BUF_SIZE, 1);
	assert_int_equal(p.taken, 2);
	put(&q, &p, BUF_SIZE + 1, 2 * BUF_SIZE);
	assert_int_equal(p.taken, 4); /* 3 chunks and a byte, no hole between */
	expect_and_drain(&q, &p, 0, 3 * BUF_SIZE + 1);
	assert_int_equal(p.taken, 0);
	pool_done(&p);
}

static void test_queue_edges(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, BUF_SIZE - 1, BUF_SIZE, BUF_SIZE + 1, 2 * BUF_SIZE};
	struct pool p;
	pool_init(&p, 4);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
			struct bufq q = {0};
			unit_note("%zu then %zu bytes", sizes[i], sizes[j]);
			put(&q, &p, 0, sizes[i]);
			put(&q, &p, sizes[i], sizes[j]);
			size_t all = sizes[i] + sizes[j];
			assert_int_equal(p.taken, (all + BUF_SIZE - 1) / BUF_SIZE);
			bufq_drop(&q, &p, sizes[i]);
			expect_and_drain(&q, &p, sizes[i], sizes[j]);
			assert_int_equal(p.taken, 0);
		}
	}
	unit_note_clear();
	pool_done(&p);
}

static void test_empty_queue(void **state)
{
	(void)state;
	struct pool p;
	struct bufq q = {0};
	pool_init(&p, 4);
	assert_int_equal(bufq_put(&q, &p, (struct span){NULL, 0}), 0);
	assert_null(q.head);
	assert_int_equal(p.taken, 0);
	assert_int_equal(bufq_peek(&q).len, 0);
	assert_null(bufq_peek(&q).at);
	bufq_drop(&q, &p, 0);
	bufq_clear(&q, &p);
	put(&q, &p, 0, 3 * BUF_SIZE);
	bufq_clear(&q, &p);
	assert_int_equal(q.bytes, 0);
	assert_null(q.head);
	assert_null(q.tail);
	assert_int_equal(p.taken, 0);
	put(&q, &p, 5, 5);
	expect_and_drain(&q, &p, 5, 5);
	pool_done(&p);
}

/* 10 bytes are in; a put that needs three more chunks fails at the first, second, third. */
static void test_put_is_all_or_nothing(void **state)
{
	(void)state;
	for (unsigned long failing = 1; failing <= 3; failing++) {
		struct pool p;
		struct bufq q = {0};
		pool_init(&p, 0);
		put(&q, &p, 0, 10);
		struct span big = pattern_span(10, 3 * BUF_SIZE);
		struct bufq before = q;
		uint32_t to = q.tail->to;
		fail_malloc_at(failing);
		assert_int_equal(bufq_put(&q, &p, big), -ENOMEM);
		assert_int_equal(fail_malloc_calls(), failing);
		fail_malloc_off();
		assert_memory_equal(&q, &before, sizeof q);
		assert_int_equal(q.tail->to, to);
		assert_null(q.tail->next);
		assert_int_equal(p.taken, 1);
		assert_int_equal(bufq_put(&q, &p, big), 0);
		free(big.at);
		expect_and_drain(&q, &p, 0, 10 + 3 * BUF_SIZE);
		assert_int_equal(p.taken, 0);
		pool_done(&p);
	}
}

static void test_put_into_an_empty_queue_without_memory(void **state)
{
	(void)state;
	struct pool p;
	struct bufq q = {0};
	pool_init(&p, 0);
	fail_malloc_from(1);
	assert_int_equal(bufq_put(&q, &p, span_str("x")), -ENOMEM);
	fail_malloc_off();
	assert_null(q.head);
	assert_null(q.tail);
	assert_int_equal(q.bytes, 0);
	assert_int_equal(p.taken, 0);
	pool_done(&p);
}

/* Random puts and drops; the model is two numbers, because the bytes follow from the position. */
static void random_steps(uint64_t seed, struct pool *p)
{
	struct bufq q = {0};
	struct rng rng = {seed};
	size_t in = 0, out = 0;
	for (unsigned step = 0; step < 3000; step++) {
		unit_note("seed %u, step %u", (unsigned)seed, step);
		size_t n = (size_t)rng_below(&rng, rng_below(&rng, 8) ? 700 : 40000);
		bool fails = rng_below(&rng, 16) == 0;
		if (rng_below(&rng, 2)) {
			struct span s = pattern_span(in, n);
			if (fails)
				fail_malloc_from(1 + rng_below(&rng, 3));
			int r = bufq_put(&q, p, s);
			fail_malloc_off();
			free(s.at);
			assert_true(r == 0 || (fails && r == -ENOMEM));
			in += r == 0 ? n : 0;
		} else {
			size_t most = in - out < n ? in - out : n;
			bufq_drop(&q, p, most);
			out += most;
		}
		assert_int_equal(q.bytes, in - out);
		struct span s = bufq_peek(&q);
		assert_int_equal(s.len == 0, in == out);
		for (size_t i = 0; i < s.len; i += 1 + s.len / 16)
			assert_int_equal(s.at[i], pattern(out + i));
		/* No holes: at most a partly used chunk at either end. */
		assert_true(p->taken <= q.bytes / BUF_SIZE + 2);
	}
	expect_and_drain(&q, p, out, in - out);
}

static void test_queue_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct pool p;
		pool_init(&p, (unsigned)seed);
		random_steps(seed, &p);
		assert_int_equal(p.taken, 0);
		assert_true(p.spare <= p.spare_max);
		pool_done(&p);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_pool_counts),
		UNIT(test_pool_spares),
		UNIT(test_pool_keeps_none_under_asan),
		UNIT(test_queue_fills_the_tail_first),
		UNIT(test_queue_edges),
		UNIT(test_empty_queue),
		UNIT(test_put_is_all_or_nothing),
		UNIT(test_put_into_an_empty_queue_without_memory),
		UNIT(test_queue_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
