/* Entity tags: what makes them differ, and how conditions name them. */
#include "../../src/serve/etag.h"

#include "unit.h"

#define TAG "\"abc\""

static const struct {
	const char *list;
	bool named;
} rows[] = {
	{TAG, true},
	{"W/" TAG, true},
	{"*", true},
	{" * ", true},
	{" " TAG "\t", true},
	{"\"x\", " TAG, true},
	{"\"x\"," TAG ",\"y\"", true},
	{"\"x\" ,\t W/\"y\" , W/" TAG, true},
	{", ,," TAG, true},
	{"\"a,b\", " TAG, true},
	{"\"\", " TAG, true},
	{"\"x\"", false},
	{"", false},
	{",", false},
	{"abc", false},
	{"\"ABC\"", false},
	{"\"abc", false},
	{"abc\"", false},
	{"\"", false},
	{"W/", false},
	{"W/abc", false},
	{"w/" TAG, false}, /* the mark is case-sensitive (RFC 9110 8.8.3) */
	{"W/ " TAG, false},
	{"*, \"x\"", false},   /* neither a list nor the star */
	{"\"x\" " TAG, false}, /* no comma */
	{"\"x\"" TAG, false},
	{"x, " TAG, false}, /* reading stops at nonsense */
	{"\"abc \"", false},
	{"\"a\",\"b\",\"c\"", false},
};

static void test_listed(void **state)
{
	(void)state;
	struct edge e;
	edge_init(&e, 128);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_note("row %zu: %s", i, rows[i].list);
		struct span s = edge_copy(&e, span_str(rows[i].list));
		assert_int_equal(etag_listed(s, TAG), rows[i].named);
	}
	unit_note_clear();
	edge_done(&e);
}

static void test_same_is_strong(void **state)
{
	(void)state;
	assert_true(etag_same(span_str(TAG), TAG));
	assert_true(etag_same(span_str(" " TAG " "), TAG));
	assert_false(etag_same(span_str("W/" TAG), TAG));
	assert_false(etag_same(span_str(TAG ", \"x\""), TAG));
	assert_false(etag_same(span_str("*"), TAG));
	assert_false(etag_same(span_str(""), TAG));
}

static struct stat stat_of(ino_t ino, off_t size, time_t sec, long nsec)
{
	struct stat st = {0};
	st.st_ino = ino;
	st.st_size = size;
	st.st_mtim = (struct timespec){sec, nsec};
	return st;
}

static void test_make(void **state)
{
	(void)state;
	struct stat st[] = {
		stat_of(1, 2, 3, 4), stat_of(2, 2, 3, 4), stat_of(1, 3, 3, 4),
		stat_of(1, 2, 4, 4), stat_of(1, 2, 3, 5), stat_of(2, 1, 3, 4),
	};
	enum { N = sizeof(st) / sizeof(st[0]) };
	char tags[2 * N][ETAG_TEXT];
	for (size_t i = 0; i < N; i++) {
		etag_make(tags[i], &st[i], false);
		etag_make(tags[N + i], &st[i], true);
	}
	for (size_t i = 0; i < 2 * N; i++) {
		size_t n = strlen(tags[i]);
		assert_true(n < ETAG_TEXT && tags[i][0] == '"' && tags[i][n - 1] == '"');
		assert_true(etag_listed(span_str(tags[i]), tags[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tags[i], tags[j]);
	}
	char again[ETAG_TEXT];
	etag_make(again, &st[0], false);
	assert_string_equal(again, tags[0]);
}

/* The tag shows no inode number, in no base that is likely. */
static void test_hides_the_inode(void **state)
{
	(void)state;
	struct stat st = stat_of(0x123456, 10, 1700000000, 0);
	char tag[ETAG_TEXT];
	etag_make(tag, &st, false);
	assert_null(strstr(tag, "123456"));
	assert_null(strstr(tag, "1193046"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_listed),
		UNIT(test_same_is_strong),
		UNIT(test_make),
		UNIT(test_hides_the_inode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
