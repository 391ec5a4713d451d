/* The frame, the cutter and the dice of the unit tests. */
#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char note[256];
static long files_open; /* when the test began; -1: not to be seen */

static long files_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long n = -1;
	if (!dir)
		return n;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int unit_begin(void **state)
{
	(void)state;
	note[0] = 0;
	files_open = files_count();
	return 0;
}

int unit_end(void **state)
{
	(void)state;
	if (note[0])
		print_error("note: %s\n", note);
	long n = files_count();
	if (n != files_open)
		print_error("%ld files were open before the test, %ld are now\n", files_open, n);
	return n == files_open ? 0 : -1;
}

void unit_note(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(note, sizeof note, fmt, ap);
	va_end(ap);
}

void unit_note_clear(void)
{
	note[0] = 0;
}

/* At most 16 bytes around the difference, in hex and as text. */
static void show(const char *name, struct span s, size_t from)
{
	print_error("%s (%zu bytes) from %zu:", name, s.len, from);
	for (size_t i = from; i < s.len && i < from + 16; i++)
		print_error(" %02x", s.at[i]);
	print_error("  \"");
	for (size_t i = from; i < s.len && i < from + 16; i++)
		print_error("%c", s.at[i] >= 0x20 && s.at[i] < 0x7f ? s.at[i] : '.');
	print_error("\"\n");
}

void unit_assert_span(struct span a, struct span b, const char *file, int line)
{
	if (span_eq(a, b))
		return;
	size_t at = 0;
	while (at < a.len && at < b.len && a.at[at] == b.at[at])
		at++;
	show("have", a, at);
	show("want", b, at);
	print_error("bytes differ from %zu\n", at);
	_fail(file, line);
}

void edge_init(struct edge *e, size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (room + page - 1) / page * page;
	e->room = room;
	e->map_len = body + 2 * page;
	e->map = mmap(NULL, e->map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->map == MAP_FAILED || (body && mprotect(e->map + page, body, PROT_READ | PROT_WRITE)))
		abort();
}

void edge_done(struct edge *e)
{
	if (e->map)
		munmap(e->map, e->map_len);
	*e = (struct edge){0};
}

struct span edge_span(const struct edge *e, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (n > e->room)
		abort();
	return span_of(e->map + e->map_len - page - n, n);
}

struct span edge_copy(const struct edge *e, struct span s)
{
	struct span to = edge_span(e, s.len);
	if (s.len)
		memcpy(to.at, s.at, s.len);
	return to;
}

/* Every piece gets memory of its own, exactly its size. */
static void run_pieces(struct span whole, const size_t *lens, size_t n, unit_run_fn *run, void *ctx)
{
	struct span *pieces = calloc(n + 1, sizeof *pieces);
	if (!pieces)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct span from = span_take(&whole, lens[i]);
		pieces[i] = span_of(malloc(from.len ? from.len : 1), from.len);
		if (!pieces[i].at)
			abort();
		memcpy(pieces[i].at, from.at, from.len);
	}
	run(ctx, pieces, n);
	for (size_t i = 0; i < n; i++)
		free(pieces[i].at);
	free(pieces);
}

static void run_bytes(struct span whole, unit_run_fn *run, void *ctx)
{
	size_t *lens = calloc(whole.len + 1, sizeof *lens);
	if (!lens)
		abort();
	for (size_t i = 0; i < whole.len; i++)
		lens[i] = 1;
	run_pieces(whole, lens, whole.len, run, ctx);
	free(lens);
}

void unit_cuts(struct span whole, unit_run_fn *run, void *ctx)
{
	struct edge a, b;
	edge_init(&a, whole.len);
	edge_init(&b, whole.len);
	unit_note("in one piece");
	struct span one = edge_copy(&a, whole);
	run(ctx, &one, 1);
	unit_note("byte by byte");
	run_bytes(whole, run, ctx);
	for (size_t cut = 0; cut <= whole.len; cut++) {
		unit_note("cut at %zu of %zu", cut, whole.len);
		struct span rest = whole;
		struct span two[2] = {edge_copy(&a, span_take(&rest, cut)), edge_copy(&b, rest)};
		run(ctx, two, 2);
	}
	unit_note_clear();
	edge_done(&a);
	edge_done(&b);
}

void unit_random_cuts(struct span whole, uint64_t seed, unsigned times, unit_run_fn *run, void *ctx)
{
	struct rng rng = {seed};
	size_t *lens = calloc(whole.len + 1, sizeof *lens);
	if (!lens)
		abort();
	for (unsigned t = 0; t < times; t++) {
		unit_note("random cuts, seed %llu, round %u", (unsigned long long)seed, t);
		size_t n = 0, most = 1 + (size_t)rng_below(&rng, whole.len + 1);
		for (size_t left = whole.len; left; left -= lens[n++]) {
			lens[n] = 1 + (size_t)rng_below(&rng, most);
			if (lens[n] > left)
				lens[n] = left;
		}
		run_pieces(whole, lens, n, run, ctx);
	}
	unit_note_clear();
	free(lens);
}

/* splitmix64: a Weyl sequence through a mixer (constants of Steele, Lea and Flood, 2014). */
uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->at += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

void rng_fill(struct rng *r, void *out, size_t n)
{
	uint8_t *to = out;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)rng_next(r);
}
