/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
/* ldflags: -Wl,--wrap=pread,--wrap=__pread_chk */
/* Want of descriptors and memory, reads that come in bits or fail, and roots that are none. */
#include "fail_malloc.h"
#include "unit.h"
#include "web_dir.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BIG = 3 * FILE_PIECE + 1000 };

static struct web web;
static struct web_reply reply;
static uint8_t big[BIG];

static int open_web(void **state)
{
	unit_begin(state);
	web_init(&web);
	web_write(&web, "root/big", span_of(big, BIG));
	web_text(&web, "root/small", "small");
	web_mkdir(&web, "root/sub");
	web_open(&web, true);
	return 0;
}

static int close_web(void **state)
{
	web_done(&web);
	return unit_end(state);
}

/* What reads do: the first `good` give at most `most` bytes, every second one being interrupted
 * first; the next one fails with err (0: ends the file). */
static struct {
	bool on, interrupt;
	unsigned good;
	size_t most;
	int err;
} reads;

ssize_t __real_pread(int fd, void *at, size_t n, off_t from);
ssize_t __wrap_pread(int fd, void *at, size_t n, off_t from);
ssize_t __wrap___pread_chk(int fd, void *at, size_t n, off_t from, size_t size);

ssize_t __wrap_pread(int fd, void *at, size_t n, off_t from)
{
	if (!reads.on)
		return __real_pread(fd, at, n, from);
	reads.interrupt = !reads.interrupt;
	if (reads.interrupt) {
		errno = EINTR;
		return -1;
	}
	if (reads.good == 0) {
		errno = reads.err;
		return reads.err ? -1 : 0;
	}
	reads.good--;
	return __real_pread(fd, at, n < reads.most ? n : reads.most, from);
}

/* The same, as a hardened build calls it. */
ssize_t __wrap___pread_chk(int fd, void *at, size_t n, off_t from, size_t size)
{
	assert_true(n <= size);
	return __wrap_pread(fd, at, n, from);
}

static int start(const char *target)
{
	return web_start(&web, &reply, &(struct web_ask){.target = target});
}

/* No descriptor left: 503 at every step that needs one, and as good as new afterwards. */
static void test_no_descriptors(void **state)
{
	(void)state;
	static const char *const targets[] = {"/small", "/big", "/", "/sub/"};
	struct rlimit old, low;
	unsigned refused = 0;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	int top = dup(0);
	assert_true(top >= 0);
	for (rlim_t room = 0; room < 4; room++)
		for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
			low = (struct rlimit){(rlim_t)top + 1 + room, old.rlim_max};
			assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
			web_get(&web, &reply, targets[i]);
			assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
			unit_note("%s with room for %u", targets[i], (unsigned)room);
			assert_true(reply.status == 503 || (room > 0 && reply.status == 200));
			refused += reply.status == 503;
		}
	unit_note_clear();
	assert_true(refused >= 4);
	close(top);
	web_get(&web, &reply, "/small");
	assert_int_equal(reply.status, 200);
}

static void test_reads_in_bits(void **state)
{
	(void)state;
	struct rng dice = {7};
	rng_fill(&dice, big, BIG);
	web_write(&web, "root/big", span_of(big, BIG));
	reads.on = true;
	reads.good = 1000000;
	reads.most = 777;
	web_get(&web, &reply, "/big");
	reads.on = false;
	assert_false(reply.broken);
	assert_span(span_of(reply.body, reply.len), span_of(big, BIG));
}

/* Before anything was promised: 503. Afterwards: broken. */
static void test_reads_that_fail(void **state)
{
	(void)state;
	static const int errs[] = {EIO, 0, ESTALE};
	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		for (unsigned good = 0; good < 4; good++) {
			unit_note("errno %d after %u reads", errs[i], good);
			reads.on = true;
			reads.good = good;
			reads.most = FILE_PIECE / 2;
			reads.err = errs[i];
			web_get(&web, &reply, "/big");
			reads.on = false;
			assert_int_equal(reply.status, good < 2 ? 503 : 200);
			assert_int_equal(reply.broken, good >= 2);
			assert_int_equal(reply.len, good < 2 ? 0 : FILE_PIECE);
		}
	unit_note_clear();
}

/* One get of target, with one of the allocations failing: refused, 503, or whole. */
static void one_get(void *target, unsigned long failing)
{
	static size_t whole; /* the body, when nothing fails */
	int err = start(target);
	if (err < 0) {
		assert_int_equal(err, -ENOMEM);
		assert_true(failing > 0);
		assert_null(web.job);
		return;
	}
	while (web_run_job(&web) && reply.left > 0)
		assert_int_equal(file_get_more(web.get), 0);
	file_get_drop(web.get);
	assert_null(web.job);
	if (reply.status == 503) {
		assert_true(failing > 0);
		assert_int_equal(reply.len, 0);
		assert_non_null(strstr(reply.head, "\r\n\r\nthe server cannot"));
	} else {
		assert_int_equal(reply.status, 200);
		whole = failing ? whole : reply.len;
		assert_int_equal(reply.len, whole);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	char small[] = "/small", large[] = "/big", list[] = "/";
	unsigned before = web_open_fds();
	assert_int_equal(fail_malloc_each(one_get, small), 2); /* the get and its buffer */
	assert_int_equal(fail_malloc_each(one_get, large), 2);
	assert_true(fail_malloc_each(one_get, list) > 2);
	assert_int_equal(web_open_fds(), before);
}

static void one_open(void *root, unsigned long failing)
{
	struct files *f = NULL;
	int err = files_open(&f, root, false);
	if (err == 0)
		err = files_hide(f, "/nowhere/key.pem");
	assert_int_equal(err, failing ? -ENOMEM : 0);
	files_unref(f);
}

static void test_open_without_memory(void **state)
{
	(void)state;
	assert_true(fail_malloc_each(one_open, web.root) >= 2);
}

static void test_open_errors(void **state)
{
	(void)state;
	struct files *f = NULL;
	char path[WEB_PATH];
	assert_int_equal(files_open(&f, web_path(&web, "missing", path), false), -ENOENT);
	assert_int_equal(files_open(&f, web_path(&web, "root/small", path), false), -ENOTDIR);
	assert_null(f);
}

/* The root is the folder that was opened, wherever it goes. */
static void test_root_moves(void **state)
{
	(void)state;
	char to[WEB_PATH];
	web_path(&web, "elsewhere", to);
	assert_int_equal(rename(web.root, to), 0);
	web_get(&web, &reply, "/small");
	assert_int_equal(reply.status, 200);
}

int main(void)
{
#define WEB(fn) cmocka_unit_test_setup_teardown((fn), open_web, close_web)
	const struct CMUnitTest tests[] = {
		WEB(test_no_descriptors), WEB(test_reads_in_bits),       WEB(test_reads_that_fail),
		WEB(test_no_memory),      WEB(test_open_without_memory), WEB(test_open_errors),
		WEB(test_root_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
