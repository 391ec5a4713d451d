/* content: files of every size, those that cannot be read, and a write that is whole or not at all. */
#include "../../src/app/content.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[64], file[96];
};

static void place_make(struct place *p)
{
	snprintf(p->dir, sizeof p->dir, "/tmp/websplice-content-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof p->file, "%s/file", p->dir);
}

static void place_remove(struct place *p)
{
	unlink(p->file);
	assert_int_equal(rmdir(p->dir), 0);
}

static void fill(const char *file, size_t n)
{
	struct rng r = {n};
	uint8_t *bytes = malloc(n + 1);
	FILE *f = fopen(file, "w");
	assert_non_null(bytes);
	assert_non_null(f);
	rng_fill(&r, bytes, n);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	free(bytes);
}

static void test_sizes(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 32768, 100000, CONTENT_MOST};
	struct place p;
	place_make(&p);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct content c;
		unit_note("%zu bytes", sizes[i]);
		fill(p.file, sizes[i]);
		assert_int_equal(content_read(&c, p.file), 0);
		assert_int_equal(c.bytes.len, sizes[i]);
		struct rng r = {sizes[i]};
		uint8_t *want = malloc(sizes[i] + 1);
		assert_non_null(want);
		rng_fill(&r, want, sizes[i]);
		assert_span(c.bytes, span_of(want, sizes[i]));
		free(want);
		content_free(&c);
		assert_null(c.bytes.at);
	}
	unit_note_clear();
	struct content c;
	fill(p.file, CONTENT_MOST + 1);
	assert_int_equal(content_read(&c, p.file), -EFBIG);
	assert_null(c.bytes.at);
	assert_int_equal(content_read(&c, p.dir), -EISDIR);
	unlink(p.file);
	assert_int_equal(content_read(&c, p.file), -ENOENT);
	assert_int_equal(content_read(&c, "/dev/zero"), -EFBIG);
	place_remove(&p);
}

static void test_write(void **state)
{
	(void)state;
	struct place p;
	struct content c;
	struct stat st;
	char beside[128], deep[160];
	const struct span parts[] = {span_str("one\n"), span_str(""), span_str("two\n")};
	place_make(&p);
	snprintf(beside, sizeof beside, "%s.new", p.file);
	fill(beside, 7); /* of one that was killed half way */
	fill(p.file, 9);
	chmod(p.file, 0644);
	assert_int_equal(content_write(p.file, parts, 3), 0);
	assert_int_equal(content_read(&c, p.file), 0);
	assert_span_is(c.bytes, "one\ntwo\n");
	content_free(&c);
	assert_int_equal(stat(p.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(beside, F_OK), -1);
	/* it cannot be written: what was there is there */
	snprintf(deep, sizeof deep, "%s/no/file", p.dir);
	assert_int_equal(content_write(deep, parts, 3), -ENOENT);
	assert_int_equal(content_write(p.dir, parts, 3), -EISDIR);
	snprintf(beside, sizeof beside, "%s.new", p.dir);
	assert_int_equal(access(beside, F_OK), -1);
	static char name[5000];
	memset(name, 'a', sizeof name - 1);
	assert_int_equal(content_write(name, parts, 3), -ENAMETOOLONG);
	place_remove(&p);
}

/* What is no file has its bytes once: who wants them again has to keep them. */
static void test_once(void **state)
{
	(void)state;
	struct content c;
	char path[64];
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "sesame\n", 7), 7);
	close(ends[1]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	assert_int_equal(content_read(&c, path), 0);
	assert_true(c.once);
	assert_span_is(c.bytes, "sesame\n");
	content_free(&c);
	close(ends[0]);
	assert_int_equal(content_read(&c, "/proc/self/stat"), 0);
	assert_false(c.once);
	content_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_sizes), UNIT(test_write), UNIT(test_once)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
