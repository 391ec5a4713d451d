/* The life of an answer: pieces, files that change under it, clients that leave. */
#include "unit.h"
#include "web_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { BIG = 3 * FILE_PIECE + 1000, PIECES = 4 };

static struct web web;
static struct web_reply reply;
static uint8_t big[BIG];
static unsigned fds;

static int open_web(void **state)
{
	struct rng dice = {42};
	unit_begin(state);
	web_init(&web);
	rng_fill(&dice, big, BIG);
	web_write(&web, "root/big", span_of(big, BIG));
	web_write(&web, "root/piece", span_of(big, FILE_PIECE));
	web_write(&web, "root/more", span_of(big, FILE_PIECE + 1));
	web_text(&web, "root/small", "small");
	web_mkdir(&web, "root/sub");
	fds = web_open_fds();
	web_open(&web, true);
	return 0;
}

/* Nothing is left behind, whatever happened. */
static int close_web(void **state)
{
	web_done(&web);
	assert_int_equal(web_open_fds(), fds);
	return unit_end(state);
}

static int start(const char *target)
{
	return web_start(&web, &reply, &(struct web_ask){.target = target});
}

static void set_size(const char *rel, off_t size)
{
	char path[WEB_PATH];
	assert_int_equal(truncate(web_path(&web, rel, path), size), 0);
}

static void test_pieces(void **state)
{
	(void)state;
	static const struct {
		const char *target;
		size_t size;
		unsigned pieces;
	} rows[] = {{"/small", 5, 1},
	            {"/piece", FILE_PIECE, 1},
	            {"/more", FILE_PIECE + 1, 2},
	            {"/big", BIG, PIECES}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned jobs = web.jobs;
		unit_note("%s", rows[i].target);
		web_get(&web, &reply, rows[i].target);
		assert_int_equal(reply.len, rows[i].size);
		assert_int_equal(reply.readies, rows[i].pieces);
		assert_int_equal(web.jobs - jobs, rows[i].pieces); /* none for closing */
		if (i > 0)
			assert_span(span_of(reply.body, reply.len), span_of(big, rows[i].size));
	}
	unit_note_clear();
}

static void test_range_in_pieces(void **state)
{
	(void)state;
	char range[64];
	const size_t from = FILE_PIECE - 1, to = 2 * FILE_PIECE + 1;
	snprintf(range, sizeof(range), "bytes=%zu-%zu", from, to);
	web_fetch(&web, &reply, &(struct web_ask){.target = "/big", .range = range});
	assert_int_equal(reply.status, 206);
	assert_span(span_of(reply.body, reply.len), span_of(big + from, to - from + 1));
	assert_int_equal(reply.readies, 2);
}

/* Was a file in the root opened, read or closed since the last look? */
static bool touched(int watch)
{
	char events[4096];
	bool any = false;
	while (read(watch, events, sizeof(events)) > 0)
		any = true;
	assert_int_equal(errno, EAGAIN);
	return any;
}

/* No call from the loop touches the disk: neither asking nor asking for more nor leaving. */
static void test_disk_only_in_jobs(void **state)
{
	(void)state;
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(inotify_add_watch(watch, web.root, IN_OPEN | IN_ACCESS | IN_CLOSE) >= 0);
	assert_int_equal(start("/big"), 0);
	assert_false(touched(watch));
	web_run_job(&web);
	assert_true(touched(watch));
	assert_int_equal(file_get_more(web.get), 0);
	assert_false(touched(watch));
	web_run_job(&web);
	assert_true(touched(watch));
	file_get_drop(web.get);
	assert_false(touched(watch));
	web_run_job(&web);
	assert_true(touched(watch));
	close(watch);
}

static void test_left_counts_down(void **state)
{
	(void)state;
	assert_int_equal(start("/big"), 0);
	assert_true(web_run_job(&web));
	for (uint64_t left = BIG - FILE_PIECE;; left -= FILE_PIECE) {
		assert_int_equal(reply.left, left);
		assert_int_equal(web.get->left, left);
		if (left < FILE_PIECE)
			break;
		assert_int_equal(file_get_more(web.get), 0);
		assert_int_equal(web.get->left, left); /* as it was, while the job runs */
		assert_true(web_run_job(&web));
	}
	assert_int_equal(file_get_more(web.get), 0);
	assert_true(web_run_job(&web));
	assert_int_equal(web.get->left, 0);
	file_get_drop(web.get);
	assert_null(web.job);
}

/* A small file's descriptor is closed by the time its bytes are handed out, a big one's with its
 * last piece. */
static void test_descriptors_go_early(void **state)
{
	(void)state;
	unsigned before = web_open_fds();
	assert_int_equal(start("/small"), 0);
	web_run_job(&web);
	assert_int_equal(web_open_fds(), before);
	file_get_drop(web.get);
	assert_null(web.job);
	assert_int_equal(start("/more"), 0);
	web_run_job(&web);
	assert_int_equal(web_open_fds(), before + 1);
	assert_int_equal(file_get_more(web.get), 0);
	web_run_job(&web);
	assert_int_equal(web_open_fds(), before);
	file_get_drop(web.get);
	assert_null(web.job);
}

static void test_truncated(void **state)
{
	(void)state;
	static const off_t sizes[] = {0, FILE_PIECE - 1, FILE_PIECE, FILE_PIECE + 1,
	                              2 * FILE_PIECE - 1};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		web_write(&web, "root/big", span_of(big, BIG));
		assert_int_equal(start("/big"), 0);
		web_run_job(&web);
		assert_false(reply.broken);
		set_size("root/big", sizes[i]);
		assert_int_equal(file_get_more(web.get), 0);
		web_run_job(&web);
		assert_true(reply.broken);
		assert_int_equal(reply.len, FILE_PIECE); /* nothing but what was read whole */
		assert_int_equal(reply.left, BIG - FILE_PIECE);
		file_get_drop(web.get);
		assert_null(web.job);
	}
}

static void test_grown(void **state)
{
	(void)state;
	assert_int_equal(start("/more"), 0);
	web_run_job(&web);
	set_size("root/more", BIG);
	assert_int_equal(file_get_more(web.get), 0);
	web_run_job(&web);
	assert_false(reply.broken);
	assert_int_equal(reply.left, 0);
	assert_span(span_of(reply.body, reply.len), span_of(big, FILE_PIECE + 1));
	file_get_drop(web.get);
}

/* What was opened is sent to its end, even if the name is another file's by now, or nobody's. */
static void test_replaced(void **state)
{
	(void)state;
	char from[WEB_PATH], to[WEB_PATH];
	assert_int_equal(start("/big"), 0);
	web_run_job(&web);
	assert_int_equal(rename(web_path(&web, "root/small", from), web_path(&web, "root/big", to)),
	                 0);
	for (int i = 1; i < PIECES; i++) {
		assert_int_equal(file_get_more(web.get), 0);
		web_run_job(&web);
	}
	assert_span(span_of(reply.body, reply.len), span_of(big, BIG));
	file_get_drop(web.get);
}

/* The client leaves: before and after each job, with and without files left open. */
static void test_drop_everywhere(void **state)
{
	(void)state;
	static const char *const targets[] = {"/small", "/big",  "/missing",
	                                      "/sub",   "/sub/", "/../x"};
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(start(targets[i]), 0); /* while the first job runs */
		file_get_drop(web.get);
		assert_true(web_run_job(&web));
		assert_int_equal(reply.readies, 0);
		assert_null(web.job);

		assert_int_equal(start(targets[i]), 0); /* after it */
		web_run_job(&web);
		file_get_drop(web.get);
		web_run_job(&web); /* closes what is open */
		assert_int_equal(reply.readies, 1);
		assert_null(web.job);
	}
	for (int runs = 1; runs < PIECES; runs++) { /* while a later one runs */
		assert_int_equal(start("/big"), 0);
		web_run_job(&web);
		for (int i = 1; i < runs; i++) {
			assert_int_equal(file_get_more(web.get), 0);
			web_run_job(&web);
		}
		assert_int_equal(file_get_more(web.get), 0);
		file_get_drop(web.get);
		web_run_job(&web);
		assert_int_equal(reply.readies, runs);
		assert_null(web.job);
	}
	file_get_drop(NULL);
}

/* A file that is still open is closed by a job, or without one if there is none to be had. */
static void test_drop_closes_in_a_job(void **state)
{
	(void)state;
	unsigned before = web_open_fds();
	assert_int_equal(start("/big"), 0);
	web_run_job(&web);
	file_get_drop(web.get);
	assert_int_equal(web_open_fds(), before + 1);
	assert_true(web_run_job(&web));
	assert_int_equal(web_open_fds(), before);

	assert_int_equal(start("/big"), 0);
	web_run_job(&web);
	web.refuse = 1;
	file_get_drop(web.get);
	assert_null(web.job);
	assert_int_equal(web_open_fds(), before);
}

/* The last reference may be the answer's own. */
static void test_files_go_while_a_job_runs(void **state)
{
	(void)state;
	assert_int_equal(start("/big"), 0);
	files_unref(web.files);
	web.files = NULL;
	web_run_job(&web);
	assert_int_equal(file_get_more(web.get), 0);
	web_run_job(&web);
	assert_int_equal(reply.len, 2 * FILE_PIECE);
	file_get_drop(web.get);
	web_run_job(&web);
}

static void test_references(void **state)
{
	(void)state;
	assert_ptr_equal(files_ref(web.files), web.files);
	files_unref(web.files);
	web_get(&web, &reply, "/small");
	assert_int_equal(reply.status, 200);
	files_unref(NULL);
}

static void test_jobs_refused(void **state)
{
	(void)state;
	web.refuse = 1;
	assert_int_equal(start("/small"), -EAGAIN);
	assert_null(web.get);
	assert_int_equal(start("/big"), 0);
	web_run_job(&web);
	web.refuse = 1;
	assert_int_equal(file_get_more(web.get), -EAGAIN);
	assert_int_equal(reply.readies, 1);
	assert_int_equal(file_get_more(web.get), 0); /* it may be asked again */
	web_run_job(&web);
	assert_int_equal(reply.len, 2 * FILE_PIECE);
	file_get_drop(web.get);
	web_run_job(&web);
}

static void test_other_methods(void **state)
{
	(void)state;
	assert_int_equal(
		web_start(&web, &reply, &(struct web_ask){.method = "POST", .target = "/small"}),
		-EINVAL);
	assert_null(web.job);
}

int main(void)
{
#define WEB(fn) cmocka_unit_test_setup_teardown((fn), open_web, close_web)
	const struct CMUnitTest tests[] = {
		WEB(test_pieces),
		WEB(test_range_in_pieces),
		WEB(test_disk_only_in_jobs),
		WEB(test_left_counts_down),
		WEB(test_descriptors_go_early),
		WEB(test_truncated),
		WEB(test_grown),
		WEB(test_replaced),
		WEB(test_drop_everywhere),
		WEB(test_drop_closes_in_a_job),
		WEB(test_files_go_while_a_job_runs),
		WEB(test_references),
		WEB(test_jobs_refused),
		WEB(test_other_methods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
