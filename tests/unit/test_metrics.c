/* Counters: names for all of them, sums, gauges, and a reader in another thread. */
#include "base/metrics.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < METRICS; i++) {
		const char *name = metric_name((enum metric)i);
		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_true(*name);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, metric_name((enum metric)j));
	}
	assert_string_equal(metric_name(METRIC_ACCEPTED), "accepted");
	assert_string_equal(metric_name(METRIC_BYTES_UP), "bytes_up");
	assert_string_equal(metric_name(METRIC_LOG_DROPPED), "log_dropped");
}

static void test_counting(void **state)
{
	(void)state;
	static struct metrics m;
	metric_add(&m, METRIC_SESSIONS, 3);
	metric_sub(&m, METRIC_SESSIONS, 2);
	metric_add(&m, METRIC_BYTES_UP, UINT64_C(1) << 40);
	metric_add(&m, METRIC_BYTES_UP, 5);
	for (int i = 0; i < METRICS; i++) {
		uint64_t want = i == METRIC_SESSIONS   ? 1
		                : i == METRIC_BYTES_UP ? (UINT64_C(1) << 40) + 5
		                                       : 0;
		assert_true(metric_get(&m, (enum metric)i) == want);
	}
}

enum { ROUNDS = 100000 };

static void *writer(void *arg)
{
	/* Both halves of the number change every time: a torn read would show. */
	for (int i = 0; i < ROUNDS; i++)
		metric_add(arg, METRIC_BYTES_DOWN, UINT64_C(0x100000001));
	return NULL;
}

static void test_reader_sees_whole_numbers(void **state)
{
	(void)state;
	static struct metrics m;
	pthread_t thread;
	uint64_t last = 0;
	assert_int_equal(pthread_create(&thread, NULL, writer, &m), 0);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t now = metric_get(&m, METRIC_BYTES_DOWN);
		if (now >> 32 != (now & UINT32_MAX) || now < last)
			fail_msg("read %llx", (unsigned long long)now);
		last = now;
	}
	pthread_join(thread, NULL);
	assert_true(metric_get(&m, METRIC_BYTES_DOWN) == ROUNDS * UINT64_C(0x100000001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_names),
		UNIT(test_counting),
		UNIT(test_reader_sees_whole_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
