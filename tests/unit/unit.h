/* unit: the one door to cmocka, and what our unit tests share.
 *
 *   static void test_thing(void **state) { … }
 *   int main(void)
 *   {
 *           const struct CMUnitTest tests[] = {UNIT(test_thing)};
 *           return cmocka_run_group_tests(tests, NULL, NULL);
 *   }
 *
 * A parser's vector goes through unit_cuts, which feeds it whole, byte by byte and cut at every
 * place. unit_note says where a test is; the note is printed when the test fails there.
 * cmocka's macros `fail` and `skip` are taken away, their names are too good to lose: use fail_msg and
 * unit_skip.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#undef fail
#undef skip
#undef fail_msg /* is made of fail */
#define fail_msg(...)                                                                              \
	do {                                                                                       \
		print_error(__VA_ARGS__);                                                          \
		print_error("\n");                                                                 \
		_fail(__FILE__, __LINE__);                                                         \
	} while (0)

/* Not here and now: the rest of the test is left out, and it counts as skipped. */
#define unit_skip() _skip(__FILE__, __LINE__)

#include "base/span.h"

/* One test. The frame around it prints the note of a test that failed, and fails a test that leaves a
 * file open. */
#define UNIT(fn) cmocka_unit_test_setup_teardown((fn), unit_begin, unit_end)
int unit_begin(void **state);
int unit_end(void **state);

/* Says where the test is ("row 7, cut at 3"). */
void unit_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Nowhere in particular. */
void unit_note_clear(void);

/* Equal bytes, or a failure that shows the first difference. */
#define assert_span(a, b) unit_assert_span((a), (b), __FILE__, __LINE__)
/* A span against a string literal, which may hold NULs. */
#define assert_span_is(a, literal)                                                                 \
	unit_assert_span((a), span_of((literal), sizeof(literal) - 1), __FILE__, __LINE__)
void unit_assert_span(struct span a, struct span b, const char *file, int line);

/* A place whose bytes end where an unmapped page begins (and begin where one ends, if their
 * number is a multiple of the page size): reading or writing one too far is a crash, with and
 * without a sanitizer. */
struct edge {
	uint8_t *map;
	size_t map_len, room;
};
void edge_init(struct edge *e, size_t room);
void edge_done(struct edge *e);
/* The last n <= room bytes. Earlier spans of the same edge overlap it. */
struct span edge_span(const struct edge *e, size_t n);
/* The same, filled with a copy of s. */
struct span edge_copy(const struct edge *e, struct span s);

/* Told the pieces of a vector, in order. The pieces are the receiver's to overwrite. */
typedef void unit_run_fn(void *ctx, const struct span *pieces, size_t n);
/* Calls run with `whole` in one piece, in single bytes and once for every cut in two (an empty
 * first or last piece included); every time with fresh copies. Pieces in one or two lie against
 * unmapped pages, single bytes are allocated one by one. run starts afresh each time. */
void unit_cuts(struct span whole, unit_run_fn *run, void *ctx);
/* Calls run `times` times with `whole` cut at random places; the same places for the same seed. */
void unit_random_cuts(struct span whole, uint64_t seed, unsigned times, unit_run_fn *run,
                      void *ctx);

/* Random numbers that are the same on every run (splitmix64). */
struct rng {
	uint64_t at;
};
uint64_t rng_next(struct rng *r);
/* 0 … n - 1; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
void rng_fill(struct rng *r, void *out, size_t n);

#endif
