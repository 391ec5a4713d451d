/* Log lines on descriptors of every kind: whole, in order, never blocking, losses confessed. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=write */
#include "io/log_file.h"
#include "../../src/io/loop_priv.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes of ours, to count them. */
static _Atomic unsigned writes;
ssize_t __real_write(int fd, const void *at, size_t n);
ssize_t __wrap_write(int fd, const void *at, size_t n);
ssize_t __wrap_write(int fd, const void *at, size_t n)
{
	writes++;
	return __real_write(fd, at, n);
}

struct sink {
	struct log log;
	struct log_file *file;
	struct metrics metrics;
};

static void sink_open(struct sink *s, const int *fds, unsigned n)
{
	*s = (struct sink){.log = {.level = LOG_INFO, .plain_time = true}};
	assert_int_equal(log_file_new(&s->file, &s->log, fds, n, &s->metrics), 0);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static uint64_t dropped(const struct sink *s)
{
	return metric_get(&s->metrics, METRIC_LOG_DROPPED);
}

static void line(struct sink *s, unsigned number)
{
	log_event(&s->log, LOG_INFO, "line", LOG_NUM("number", number));
}

/* A line of about half a kilobyte. */
static void long_line(struct sink *s, unsigned number)
{
	char text[301];
	memset(text, 'x', 300);
	text[300] = 0;
	log_event(&s->log, LOG_INFO, "line", LOG_NUM("number", number), LOG_TEXT("text", text));
}

struct text {
	char at[600000];
	size_t len;
};

/* Reads what is there, up to max bytes. */
static void sip(int fd, struct text *t, size_t max)
{
	ssize_t n;
	assert_true(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	assert_true(t->len + max < sizeof t->at);
	while (max && (n = read(fd, t->at + t->len, max)) > 0) {
		t->len += (size_t)n;
		max -= (size_t)n;
	}
	t->at[t->len] = 0;
}

static void slurp(int fd, struct text *t)
{
	sip(fd, t, sizeof t->at - 1 - t->len);
}

/* Lines "… number=N …" in order from 0, each whole; how many. confessed: the sum of the losses. */
static unsigned check_lines(const struct text *t, unsigned *confessed)
{
	unsigned next = 0;
	const char *at = t->at;
	*confessed = 0;
	while (*at) {
		const char *end = strchr(at, '\n');
		assert_non_null(end);
		const char *number = strstr(at, "number="), *lost = strstr(at, "lines=");
		if (number && number < end) {
			assert_int_equal(strtoul(number + 7, NULL, 10), next + *confessed);
			next++;
		} else {
			assert_true(lost && lost < end);
			assert_memory_equal(at, "warn", 4);
			*confessed += (unsigned)strtoul(lost + 6, NULL, 10);
		}
		at = end + 1;
	}
	return next;
}

static int temp_file(char path[64])
{
	snprintf(path, 64, "/tmp/test_log_file.XXXXXX");
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_file(void **state)
{
	struct sink s;
	static struct text t;
	char path[64];
	unsigned lost;
	int fd = temp_file(path);
	(void)state;
	t.len = 0;
	sink_open(&s, &fd, 1);
	for (unsigned i = 0; i < 500; i++) {
		long_line(&s, i);
		if (i % 100 == 99) /* 100 lines of 330 bytes fit */
			log_file_flush(s.file);
	}
	log_file_free(s.file);
	assert_null(s.log.sink); /* a line now goes nowhere, instead of into freed memory */
	line(&s, 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	slurp(fd, &t);
	assert_int_equal(check_lines(&t, &lost), 500);
	assert_int_equal(lost, 0);
	assert_int_equal(dropped(&s), 0);
	close(fd);
	unlink(path);
}

/* Lines are kept, not written, until flush: a line costs no system call. */
static void test_collects(void **state)
{
	struct sink s;
	static struct text t;
	int p[2];
	(void)state;
	t.len = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	sink_open(&s, &p[1], 1);
	line(&s, 0);
	line(&s, 1);
	slurp(p[0], &t);
	assert_int_equal(t.len, 0);
	log_file_flush(s.file);
	slurp(p[0], &t);
	assert_string_equal(t.at, "info  line number=0\ninfo  line number=1\n");
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

/* Nobody reads: lines are kept up to LOG_KEEP, then counted; nothing blocks, nothing is torn; the
 * loss is confessed at its place. `p`: read end, write end. */
static void nobody_reads(int p[2])
{
	struct sink s;
	static struct text t;
	unsigned lost, i = 0;
	t.len = 0;
	sink_open(&s, &p[1], 1);
	for (; i < 5000; i++) {
		long_line(&s, i);
		if (i % 10 == 0)
			log_file_flush(s.file);
	}
	assert_true(dropped(&s) > 1000);
	/* Somebody reads again, slowly, and lines keep coming: those are lost, too, until the loss
	 * has been confessed, or they would stand before it. */
	for (int round = 0; round < 300; round++) {
		sip(p[0], &t, 1000);
		log_file_flush(s.file);
		line(&s, i++);
	}
	for (int round = 0; round < 300; round++) {
		slurp(p[0], &t);
		log_file_flush(s.file);
	}
	uint64_t gone = dropped(&s);
	line(&s, i++);
	log_file_flush(s.file);
	slurp(p[0], &t);
	unsigned read = check_lines(&t, &lost);
	assert_int_equal(lost, dropped(&s));
	assert_int_equal(dropped(&s), gone);
	assert_int_equal(read + lost, i);
	/* What was kept is what the descriptor took, and LOG_KEEP. */
	assert_true(t.len >= LOG_KEEP - LOG_LINE);
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

static void test_pipe_that_nobody_reads(void **state)
{
	int p[2];
	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	nobody_reads(p);
}

static void test_socket_that_nobody_reads(void **state)
{
	const int few = 65536; /* what it takes by default differs from host to host */
	int p[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	assert_int_equal(setsockopt(p[1], SOL_SOCKET, SO_SNDBUF, &few, sizeof few), 0);
	nobody_reads(p);
}

/* The flags of a descriptor that others share stay what they were. */
static void test_leaves_flags_alone(void **state)
{
	struct sink s;
	int p[2];
	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	int before = fcntl(p[1], F_GETFL);
	sink_open(&s, &p[1], 1);
	line(&s, 1);
	log_file_flush(s.file);
	assert_int_equal(fcntl(p[1], F_GETFL), before);
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

static void check_whole(const struct text *t)
{
	static const char head[] = "info  line text=";
	const char *at = t->at;
	while (*at) {
		const char *end = strchr(at, '\n');
		assert_non_null(end);
		assert_int_equal(end - at, sizeof head - 1 + 300);
		assert_memory_equal(at, head, sizeof head - 1);
		for (const char *c = at + sizeof head - 1; c < end; c++)
			assert_int_equal(*c, at[sizeof head - 1]);
		at = end + 1;
	}
}

/* Two workers on one pipe that is always full: what each writes arrives in whole lines. */
static void test_two_writers(void **state)
{
	static struct text t;
	struct sink two[2];
	int p[2];
	(void)state;
	t.len = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true(fcntl(p[1], F_SETPIPE_SZ, 8192) >= 8192);
	for (int i = 0; i < 2; i++) {
		char text[301];
		memset(text, 'a' + i, 300);
		text[300] = 0;
		sink_open(&two[i], &p[1], 1);
		for (int k = 0; k < 100; k++)
			log_event(&two[i].log, LOG_INFO, "line", LOG_TEXT("text", text));
	}
	/* Whenever there is a little room, the other one may write first. */
	for (int turn = 0; turn < 200; turn++) {
		log_file_flush(two[turn % 2].file);
		log_file_flush(two[!(turn % 2)].file);
		sip(p[0], &t, 1500);
	}
	for (int i = 0; i < 2; i++) {
		log_file_free(two[i].file);
		assert_int_equal(dropped(&two[i]), 0);
	}
	slurp(p[0], &t);
	check_whole(&t);
	assert_int_equal(t.len, 200 * (16 + 300 + 1));
	close(p[0]);
	close(p[1]);
}

/* The reader is gone for good: no more tries, and every line is a lost one, counted once. */
static void test_reader_gone(void **state)
{
	struct sink s;
	int p[2];
	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	sink_open(&s, &p[1], 1);
	close(p[0]);
	writes = 0;
	for (unsigned i = 0; i < 10; i++) {
		line(&s, i);
		log_file_flush(s.file);
		log_file_flush(s.file);
	}
	assert_int_equal(dropped(&s), 10);
	assert_int_equal(writes, 1);
	log_file_free(s.file);
	close(p[1]);
}

/* A full disk: lines are lost, counted once, and no confession is counted. */
static void test_disk_full(void **state)
{
	struct sink s;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	(void)state;
	assert_true(fd >= 0);
	sink_open(&s, &fd, 1);
	for (unsigned i = 0; i < 10; i++) {
		line(&s, i);
		log_file_flush(s.file);
		log_file_flush(s.file);
	}
	assert_int_equal(dropped(&s), 10);
	log_file_free(s.file);
	close(fd);
}

/* One descriptor that blocks does not hold up the other. */
static void test_two_descriptors(void **state)
{
	struct sink s;
	static struct text t;
	char path[64];
	unsigned lost;
	int p[2], fds[2];
	(void)state;
	t.len = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[0] = p[1];
	fds[1] = temp_file(path);
	sink_open(&s, fds, 2);
	for (unsigned i = 0; i < 1000; i++) {
		long_line(&s, i);
		log_file_flush(s.file);
	}
	assert_true(dropped(&s) > 100);
	assert_int_equal(lseek(fds[1], 0, SEEK_SET), 0);
	slurp(fds[1], &t);
	assert_int_equal(check_lines(&t, &lost), 1000);
	assert_int_equal(lost, 0);
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
	close(fds[1]);
	unlink(path);
}

/* The confession is one of the log's own lines, JSON if the others are, and is not lost to the
 * level. */
static void test_confesses_in_the_logs_form(void **state)
{
	struct sink s;
	static struct text t;
	int p[2];
	(void)state;
	t.len = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	sink_open(&s, &p[1], 1);
	s.log.json = true;
	s.log.level = LOG_ERROR;
	for (unsigned i = 0; i < 5000; i++)
		log_event(&s.log, LOG_ERROR, "line", LOG_NUM("number", i));
	assert_true(dropped(&s) > 0);
	for (int i = 0; i < 100; i++) {
		log_file_flush(s.file);
		slurp(p[0], &t);
	}
	char want[128];
	snprintf(want, sizeof want,
	         "{\"level\":\"warn\",\"event\":\"log lines were lost\",\"lines\":%llu}\n",
	         (unsigned long long)dropped(&s));
	assert_non_null(strstr(t.at, want));
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

/* ---- with a loop ---- */

/* The loop flushes each turn, and comes back for lines that had to wait. */
static void test_loop_flushes(void **state)
{
	struct sink s;
	struct real_loop w;
	static struct text t;
	unsigned lost, i = 0;
	int p[2];
	(void)state;
	t.len = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s = (struct sink){.log = {.level = LOG_INFO, .plain_time = true}};
	assert_int_equal(log_file_new(&s.file, &s.log, &p[1], 1, NULL), 0);
	real_open(&w, &s.log);
	line(&s, i++);
	real_until(&w, (slurp(p[0], &t), t.len > 0));
	while (metric_get(w.env->metrics, METRIC_LOG_DROPPED) == 0) {
		long_line(&s, i++); /* losses are counted in the loop's metrics */
		if (i % 100 == 0)
			real_turn(&w);
		assert_true(i < 10000);
	}
	real_until(&w, (slurp(p[0], &t), strstr(t.at, "lost")));
	assert_int_equal(check_lines(&t, &lost) + lost, i);
	real_close(&w);
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

/* Nothing but waiting lines: the loop wakes by itself and tries again. */
struct reader {
	struct loop *loop;
	int fd;
	pthread_t thread;
	bool stopped, late;
};

/* Reads everything up to the last line, then wakes the loop. */
static void *read_to_the_end(void *arg)
{
	struct reader *r = arg;
	char buf[4096], tail[8] = "";
	ssize_t n;
	while (!strstr(tail, "END") && (n = read(r->fd, buf, sizeof buf)) > 4)
		memcpy(tail, buf + n - 5, 5);
	loop_wake(r->loop);
	return NULL;
}

static void on_woken(void *owner)
{
	struct reader *r = owner;
	r->stopped = true;
	loop_stop(r->loop);
}

static void on_late(void *owner)
{
	struct reader *r = owner;
	r->late = true;
	loop_stop(r->loop);
}

static void comes_back(unsigned lines)
{
	struct sink s = {.log = {.level = LOG_INFO, .plain_time = true}};
	struct real_loop w;
	struct timer late;
	int p[2];
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true(fcntl(p[1], F_SETPIPE_SZ, 4096) >= 4096);
	assert_int_equal(log_file_new(&s.file, &s.log, &p[1], 1, NULL), 0);
	real_open(&w, &s.log);
	struct reader r = {.loop = w.loop, .fd = p[0]};
	loop_on_wake(w.loop, on_woken, &r);
	for (unsigned i = 0; i < lines; i++)
		long_line(&s, i);
	real_turn(&w);
	log_event(&s.log, LOG_INFO, "line", LOG_TEXT("text", "END"));
	timer_init(&late, on_late, &r);
	timer_arm(w.env->timers, &late, TIMER_DIAL, 60000);
	assert_int_equal(pthread_create(&r.thread, NULL, read_to_the_end, &r), 0);
	loop_run(w.loop);
	assert_true(r.stopped && !r.late);
	timer_stop(&late);
	assert_int_equal(pthread_join(r.thread, NULL), 0);
	real_close(&w);
	assert_int_equal(dropped(&s), 0);
	log_file_free(s.file);
	close(p[0]);
	close(p[1]);
}

/* More than the pipe holds, less than LOG_KEEP; and just one line, with the last one behind it. */
static void test_loop_comes_back(void **state)
{
	(void)state;
	comes_back(60);
	comes_back(1);
}

static void make_one(void *ctx, unsigned long failing)
{
	struct log log = {.level = LOG_INFO};
	struct log_file *f = NULL;
	int *fds = ctx;
	int r = log_file_new(&f, &log, fds, 2, NULL);
	assert_int_equal(r, failing ? -ENOMEM : 0);
	assert_true((log.sink != NULL) == !failing);
	log_file_free(f);
}

static void test_without_memory(void **state)
{
	int p[2], fds[2];
	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[0] = fds[1] = p[1];
	assert_int_equal(fail_malloc_each(make_one, fds), 3);
	close(p[0]);
	close(p[1]);
}

static void test_bad_descriptors(void **state)
{
	struct log log = {.level = LOG_INFO};
	struct log_file *f = NULL;
	int fds[LOG_FDS + 1] = {2, 2, 2, 2, 2}, bad = 99999;
	(void)state;
	assert_int_equal(log_file_new(&f, &log, &bad, 1, NULL), -EBADF);
	assert_int_equal(log_file_new(&f, &log, fds, LOG_FDS + 1, NULL), -EINVAL);
	assert_null(f);
	assert_null(log.sink);
	log_file_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_file),
		UNIT(test_collects),
		UNIT(test_pipe_that_nobody_reads),
		UNIT(test_socket_that_nobody_reads),
		UNIT(test_leaves_flags_alone),
		UNIT(test_two_writers),
		UNIT(test_reader_gone),
		UNIT(test_disk_full),
		UNIT(test_two_descriptors),
		UNIT(test_confesses_in_the_logs_form),
		UNIT(test_loop_flushes),
		UNIT(test_loop_comes_back),
		UNIT(test_without_memory),
		UNIT(test_bad_descriptors),
	};
	return cmocka_run_group_tests_name("log_file", tests, NULL, NULL);
}
