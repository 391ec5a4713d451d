/* ws_mask: against the definition (RFC 6455 5.3), for every length, start and alignment, with
 * nothing touched around it.
 */
#include "unit/unit.h"

#include "wire/ws_mask.h"

enum { LEN_MAX = 100 };

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

/* octet j of the result is octet j of the input XOR octet j MOD 4 of the key */
static void by_definition(struct span s, unsigned at)
{
	for (size_t j = 0; j < s.len; j++)
		s.at[j] = (uint8_t)(s.at[j] ^ mask[(j + at) % 4]);
}

static void test_every_length_and_start(void **state)
{
	(void)state;
	struct edge e;
	struct rng rng = {1};
	uint8_t bytes[LEN_MAX], want[LEN_MAX];
	edge_init(&e, LEN_MAX);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (unsigned at = 0; at < 4; at++) {
			unit_note("length %zu from %u", len, at);
			rng_fill(&rng, bytes, len);
			memcpy(want, bytes, len);
			by_definition(span_of(want, len), at);
			struct span s = edge_copy(&e, span_of(bytes, len));
			assert_int_equal(ws_mask(s, mask, at), (at + len) % 4);
			assert_span(s, span_of(want, len));
		}
	}
	unit_note_clear();
	edge_done(&e);
}

/* At every alignment; the bytes around stay what they were. */
static void test_every_alignment(void **state)
{
	(void)state;
	uint8_t room[LEN_MAX], want[LEN_MAX];
	for (size_t from = 0; from < 16; from++) {
		for (size_t len = 0; from + len <= LEN_MAX; len++) {
			memset(room, 0x5a, sizeof room);
			memset(want, 0x5a, sizeof want);
			by_definition(span_of(want + from, len), 1);
			ws_mask(span_of(room + from, len), mask, 1);
			unit_note("from %zu, length %zu", from, len);
			assert_memory_equal(room, want, sizeof room);
		}
	}
	unit_note_clear();
}

/* Masking in pieces is masking in one, if the place in the key is handed on. */
static void test_pieces(void **state)
{
	(void)state;
	struct rng rng = {2};
	uint8_t whole[LEN_MAX], pieces[LEN_MAX];
	for (size_t cut = 0; cut <= LEN_MAX; cut++) {
		for (size_t second = cut; second <= LEN_MAX; second += 7) {
			rng_fill(&rng, whole, LEN_MAX);
			memcpy(pieces, whole, LEN_MAX);
			ws_mask(span_of(whole, LEN_MAX), mask, 0);
			unsigned at = ws_mask(span_of(pieces, cut), mask, 0);
			at = ws_mask(span_of(pieces + cut, second - cut), mask, at);
			ws_mask(span_of(pieces + second, LEN_MAX - second), mask, at);
			assert_memory_equal(pieces, whole, LEN_MAX);
		}
	}
}

static void test_twice_is_nothing(void **state)
{
	(void)state;
	uint8_t bytes[] = "the quick brown fox";
	ws_mask(span_of(bytes, 19), mask, 3);
	assert_memory_not_equal(bytes, "the quick brown fox", 19);
	ws_mask(span_of(bytes, 19), mask, 3);
	assert_memory_equal(bytes, "the quick brown fox", 19);
}

static void test_empty(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 4; at++)
		assert_int_equal(ws_mask(span_of(NULL, 0), mask, at), at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_length_and_start), UNIT(test_every_alignment), UNIT(test_pieces),
		UNIT(test_twice_is_nothing),       UNIT(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
