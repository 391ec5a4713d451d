/* Spans: taking, comparing, trimming; nothing outside is read. */
#include "base/span.h"
#include "unit.h"

static void test_take(void **state)
{
	(void)state;
	struct span s = span_str("hello");
	assert_span_is(span_take(&s, 0), "");
	assert_span_is(span_take(&s, 2), "he");
	assert_span_is(s, "llo");
	assert_span_is(span_take(&s, 3), "llo");
	assert_int_equal(s.len, 0);
}

static void test_eq(void **state)
{
	(void)state;
	struct span none = {NULL, 0};
	assert_true(span_eq(none, none));
	assert_true(span_eq(none, span_str("")));
	assert_true(span_eq(span_str("ab"), span_str("ab")));
	assert_false(span_eq(span_str("ab"), span_str("aB")));
	assert_false(span_eq(span_str("ab"), span_str("abc")));
	assert_false(span_eq(none, span_str("a")));
}

/* All 65536 pairs of bytes: equal, or the two cases of one ASCII letter. */
static void test_ieq_every_pair(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			uint8_t x = (uint8_t)a, y = (uint8_t)b;
			bool letter = ((a | 32) >= 'a' && (a | 32) <= 'z');
			bool want = a == b || (letter && (a ^ b) == 32);
			if (span_ieq(span_of(&x, 1), span_of(&y, 1)) != want)
				fail_msg("%02x and %02x", a, b);
		}
	}
}

static void test_ieq_words(void **state)
{
	(void)state;
	assert_true(span_ieq(span_str("Upgrade"), span_str("uPGRADE")));
	assert_false(span_ieq(span_str("Upgrade"), span_str("Upgrad")));
	assert_true(span_ieq((struct span){NULL, 0}, span_str("")));
}

static void test_trim(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", ""},       {" ", ""},    {"\t \t", ""},        {"a", "a"},
		{" a", "a"},    {"a\t", "a"}, {" \ta b\t ", "a b"}, {"\na\r", "\na\r"},
		{"\va", "\va"},
	};
	struct edge e;
	edge_init(&e, 16);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span s = span_trim(edge_copy(&e, span_str(rows[i].in)));
		assert_span(s, span_str(rows[i].out));
	}
	edge_done(&e);
	assert_int_equal(span_trim((struct span){NULL, 0}).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_take),      UNIT(test_eq),   UNIT(test_ieq_every_pair),
		UNIT(test_ieq_words), UNIT(test_trim),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
