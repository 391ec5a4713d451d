/* Range headers: a table, and the same rules held against every small interval. */
#include "../../src/serve/range.h"

#include "unit.h"

#include <stdio.h>

#define MAX "18446744073709551615"

static const struct {
	const char *value;
	uint64_t size;
	enum range_kind kind;
	uint64_t from, len;
} rows[] = {
	{"bytes=0-0", 10, RANGE_PART, 0, 1},
	{"bytes=0-9", 10, RANGE_PART, 0, 10},
	{"bytes=3-5", 10, RANGE_PART, 3, 3},
	{"bytes=9-", 10, RANGE_PART, 9, 1},
	{"bytes=0-", 10, RANGE_PART, 0, 10},
	{"bytes=5-99", 10, RANGE_PART, 5, 5},
	{"bytes=-1", 10, RANGE_PART, 9, 1},
	{"bytes=-10", 10, RANGE_PART, 0, 10},
	{"bytes=-99", 10, RANGE_PART, 0, 10},
	{"Bytes=1-2", 10, RANGE_PART, 1, 2},
	{"BYTES= 1-2", 10, RANGE_PART, 1, 2},
	{" bytes=1-2\t", 10, RANGE_PART, 1, 2},
	{"bytes=007-008", 10, RANGE_PART, 7, 2},
	/* far away */
	{"bytes=1-" MAX, 10, RANGE_PART, 1, 9},
	{"bytes=1-99999999999999999999999999", 10, RANGE_PART, 1, 9},
	{"bytes=-" MAX, 10, RANGE_PART, 0, 10},
	{"bytes=-99999999999999999999999999", 10, RANGE_PART, 0, 10},
	{"bytes=10-", 10, RANGE_BEYOND, 0, 10},
	{"bytes=10-20", 10, RANGE_BEYOND, 0, 10},
	{"bytes=" MAX "-", 10, RANGE_BEYOND, 0, 10},
	{"bytes=99999999999999999999999999-", 10, RANGE_BEYOND, 0, 10},
	{"bytes=18446744073709551616-18446744073709551617", 10, RANGE_BEYOND, 0, 10},
	{"bytes=-0", 10, RANGE_BEYOND, 0, 10},
	/* nothing to send of an empty file */
	{"bytes=0-", 0, RANGE_BEYOND, 0, 0},
	{"bytes=0-0", 0, RANGE_BEYOND, 0, 0},
	{"bytes=-0", 0, RANGE_BEYOND, 0, 0},
	{"bytes=-5", 0, RANGE_WHOLE, 0, 0},
	/* several, other units and what is no range: ignored */
	{"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0-1,", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0-1 ,5-", 10, RANGE_WHOLE, 0, 10},
	{"bytes=99-,0-1", 10, RANGE_WHOLE, 0, 10},
	{"lines=0-1", 10, RANGE_WHOLE, 0, 10},
	{"bytes", 10, RANGE_WHOLE, 0, 10},
	{"bytes=", 10, RANGE_WHOLE, 0, 10},
	{"bytes= ", 10, RANGE_WHOLE, 0, 10},
	{"bytes=-", 10, RANGE_WHOLE, 0, 10},
	{"bytes=--1", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1", 10, RANGE_WHOLE, 0, 10},
	{"bytes=5-4", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1-2-3", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1-2x", 10, RANGE_WHOLE, 0, 10},
	{"bytes=x1-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=+1-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1 -2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1- 2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=-1x", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0x1-2", 10, RANGE_WHOLE, 0, 10},
	{"", 10, RANGE_WHOLE, 0, 10},
};

static void test_table(void **state)
{
	(void)state;
	struct edge e;
	edge_init(&e, 128);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct range r = {77, 77};
		unit_note("row %zu: \"%s\" of %u", i, rows[i].value, (unsigned)rows[i].size);
		struct span s = edge_copy(&e, span_str(rows[i].value));
		assert_int_equal(range_parse(s, rows[i].size, &r), rows[i].kind);
		assert_int_equal(r.from, rows[i].from);
		assert_int_equal(r.len, rows[i].len);
	}
	unit_note_clear();
	edge_done(&e);
}

/* Every interval over every size up to 8, against the definition. */
static void test_small_intervals(void **state)
{
	(void)state;
	char value[32];
	struct range r;
	for (unsigned size = 0; size < 8; size++)
		for (unsigned a = 0; a < 10; a++)
			for (unsigned b = a; b < 10; b++) {
				unit_note("%u-%u of %u", a, b, size);
				snprintf(value, sizeof(value), "bytes=%u-%u", a, b);
				enum range_kind k = range_parse(span_str(value), size, &r);
				assert_int_equal(k, a < size ? RANGE_PART : RANGE_BEYOND);
				if (k != RANGE_PART)
					continue;
				assert_int_equal(r.from, a);
				assert_int_equal(r.len, (b < size ? b + 1 : size) - a);
			}
	unit_note_clear();
}

/* The largest file there can be: no sum overflows. */
static void test_largest(void **state)
{
	(void)state;
	struct range r;
	assert_int_equal(range_parse(span_str("bytes=0-"), UINT64_MAX, &r), RANGE_PART);
	assert_true(r.from == 0 && r.len == UINT64_MAX);
	assert_int_equal(range_parse(span_str("bytes=-1"), UINT64_MAX, &r), RANGE_PART);
	assert_true(r.from == UINT64_MAX - 1 && r.len == 1);
	assert_int_equal(range_parse(span_str("bytes=" MAX "-"), UINT64_MAX, &r), RANGE_BEYOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_table),
		UNIT(test_small_intervals),
		UNIT(test_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
