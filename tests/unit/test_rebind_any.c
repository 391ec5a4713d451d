/* New port 0: who decides, who follows, and what is reported. */
#include "rebind_unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

/* ---- one port for all ---- */

static int bound(const char *text, bool reuse)
{
	int fd = sock_open(strchr(text, ':') ? AF_INET6 : AF_INET, true);
	int on = reuse;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	assert_int_equal(bind_text(fd, text, OLD), 0);
	return fd;
}

/* The number one family got may be in use in the other, by any program on this machine; then the
 * two differ, rightly. So many times in a row is no accident. */
enum { TRIES = 5 };

static bool one_port(int a, int b)
{
	return port_of(a) == port_of(b);
}

static bool both_families(const char *first, const char *second)
{
	shim_on("0");
	int one = bound(first, false), two = bound(second, false);
	bool same = one_port(one, two);
	assert_at(first[0] == ':' ? two : one, "127.0.0.1");
	assert_at(first[0] == ':' ? one : two, "::1");
	close(one);
	close(two);
	return same;
}

static void test_both_families(void **state)
{
	static const char *const orders[][2] = {{"0.0.0.0", "::"}, {"::", "0.0.0.0"}};
	(void)state;
	for (int i = 0; i < 2; i++) {
		int tries = 1;
		while (!both_families(orders[i][0], orders[i][1]))
			assert_true(tries++ < TRIES);
	}
}

/* Closed and bound again, it is the same port: who was told of it still finds it. */
static void test_again(void **state)
{
	(void)state;
	shim_on("0");
	int fd = bound("0.0.0.0", false);
	uint16_t port = port_of(fd);
	for (int i = 0; i < 10; i++) {
		close(fd);
		fd = bound("0.0.0.0", false);
		assert_int_equal(port_of(fd), port);
	}
	int second = sock_open(AF_INET, false);
	assert_int_equal(bind_text(second, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(second);
	close(fd);
}

/* A dual-stack socket has IPv4's port: a second one for IPv4 collides, as without the shim. */
static bool dual_then_ipv4(void)
{
	shim_on("0");
	int dual = sock_open(AF_INET6, false), four = sock_open(AF_INET, false);
	assert_int_equal(bind_text(dual, "::", OLD), 0);
	assert_at(dual, "::ffff:127.0.0.1");
	assert_int_equal(bind_text(four, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, EADDRINUSE);
	int six = bound("::", false);
	bool same = one_port(six, dual);
	assert_at(six, "::1");
	close(dual);
	close(four);
	close(six);
	return same;
}

static void test_dual_then_ipv4(void **state)
{
	int tries = 1;
	(void)state;
	while (!dual_then_ipv4())
		assert_true(tries++ < TRIES);
}

/* The number IPv4 has is somebody else's in IPv6: then it is another one, and stays that. */
static void test_taken_in_the_other(void **state)
{
	union where w;
	(void)state;
	shim_on("0");
	int theirs = sock_open(AF_INET6, true);
	socklen_t len = where_text(&w, "::1", 0);
	assert_int_equal(raw_bind(theirs, &w, len), 0);
	chosen[0] = port_of(theirs);
	int six = sock_open(AF_INET6, true);
	errno = 4711;
	assert_int_equal(bind_text(six, "::", OLD), 0);
	assert_int_equal(errno, 4711);
	assert_at(six, "::1");
	assert_int_not_equal(port_of(six), chosen[0]);
	assert_int_equal(port_of(six), chosen[1]);
	int second = sock_open(AF_INET6, true);
	assert_int_equal(bind_text(second, "::", OLD), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(theirs);
	close(six);
	close(second);
}

/* A bind that fails decides nothing. */
static void test_failure_decides_nothing(void **state)
{
	(void)state;
	shim_on("0");
	int fd = sock_open(AF_INET, false);
	assert_int_equal(bind_text(fd, "::", OLD), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(chosen[0] | chosen[1], 0);
	close(fd);
	fd = bound("0.0.0.0", false);
	assert_int_equal(port_of(fd), chosen[0]);
	close(fd);
}

/* What the parent chose holds in a child, in IPv4 as in IPv6. */
static bool forked(void)
{
	int status;
	shim_on("0");
	int fd = bound("0.0.0.0", true);
	pid_t pid = fork();
	if (pid == 0) {
		bool four = one_port(bound("0.0.0.0", true), fd);
		_exit(!four ? 1 : one_port(bound("::", false), fd) ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 0;
}

static void test_forked(void **state)
{
	int tries = 1;
	(void)state;
	while (!forked())
		assert_true(tries++ < TRIES);
}

enum { THREADS = 16, ROUNDS = 40 };

struct crowd {
	pthread_barrier_t start;
	int fd[THREADS];
};

struct one {
	pthread_t thread;
	struct crowd *crowd;
	int i;
};

static void *crowd_bind(void *arg)
{
	struct one *o = arg;
	int fd = sock_open(o->i % 2 ? AF_INET6 : AF_INET, true), on = 1;
	o->crowd->fd[o->i] = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	pthread_barrier_wait(&o->crowd->start);
	if (bind_text(fd, o->i % 2 ? "::" : "0.0.0.0", OLD) < 0 || listen(fd, 1) < 0)
		o->crowd->fd[o->i] = -1;
	return NULL;
}

static bool crowd_run(struct crowd *c)
{
	struct one all[THREADS];
	shim_on("0");
	for (int i = 0; i < THREADS; i++) {
		all[i] = (struct one){.crowd = c, .i = i};
		assert_int_equal(pthread_create(&all[i].thread, NULL, crowd_bind, &all[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_true(c->fd[i] >= 0);
		assert_at(c->fd[i], i % 2 ? "::1" : "127.0.0.1");
		assert_true(one_port(c->fd[i], c->fd[i % 2]));
	}
	bool same = one_port(c->fd[0], c->fd[1]);
	for (int i = 0; i < THREADS; i++)
		close(c->fd[i]);
	return same;
}

/* 16 threads, none before the other: one port in a family, and the same in both. */
static void test_threads(void **state)
{
	struct crowd c;
	int apart = 0;
	(void)state;
	assert_int_equal(pthread_barrier_init(&c.start, NULL, THREADS), 0);
	for (int round = 0; round < ROUNDS; round++) {
		unit_note("round %d", round);
		apart += !crowd_run(&c);
		assert_true(apart < TRIES);
	}
	unit_note_clear();
	pthread_barrier_destroy(&c.start);
}

/* Whoever had the turn is gone (a fork beside it, a handler above it): late, but bound. */
static void test_turn_lost(void **state)
{
	(void)state;
	shim_on("0");
	assert_false(atomic_flag_test_and_set(&choosing));
	int fd = bound("0.0.0.0", false);
	assert_int_equal(port_of(fd), chosen[0]);
	assert_false(atomic_flag_test_and_set(&choosing));
	atomic_flag_clear(&choosing);
	close(fd);
}

static void *bind_one(void *arg)
{
	*(int *)arg = bound("0.0.0.0", false);
	return NULL;
}

/* Somebody else's turn stays his, also when he has chosen meanwhile. */
static void test_turn_of_another(void **state)
{
	pthread_t thread;
	int fd;
	(void)state;
	shim_on("0");
	assert_false(atomic_flag_test_and_set(&choosing));
	assert_int_equal(pthread_create(&thread, NULL, bind_one, &fd), 0);
	for (int i = 0; i < 5; i++)
		nap();
	chosen[0] = port_free("127.0.0.1");
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(port_of(fd), chosen[0]);
	assert_true(atomic_flag_test_and_set(&choosing));
	atomic_flag_clear(&choosing);
	close(fd);
}

/* ---- reports ---- */

struct receiver {
	int fd;
	char name[64];
};

static void receiver_open(struct receiver *r, bool abstract)
{
	static int serial;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	snprintf(r->name, sizeof r->name, "%s/websplice-unit-%d-%d", abstract ? "@" : "/tmp",
	         (int)getpid(), ++serial);
	memcpy(un.sun_path, r->name, strlen(r->name));
	if (abstract)
		un.sun_path[0] = 0;
	r->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t len = offsetof(struct sockaddr_un, sun_path) + strlen(r->name) + !abstract;
	assert_int_equal(raw_bind(r->fd, &un, (socklen_t)len), 0);
	setenv("REBIND_REPORT", r->name, 1);
}

static void receiver_close(struct receiver *r)
{
	close(r->fd);
	if (r->name[0] == '/')
		unlink(r->name);
}

/* The next report is this one. */
__attribute__((format(printf, 2, 3))) static void heard(struct receiver *r, const char *fmt, ...)
{
	char got[512], want[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(want, sizeof want, fmt, args);
	va_end(args);
	ssize_t n = recv(r->fd, got, sizeof got - 1, 0);
	assert_true(n >= 0);
	got[n] = 0;
	assert_string_equal(got, want);
}

static void heard_nothing(struct receiver *r)
{
	char got[512];
	assert_int_equal(recv(r->fd, got, sizeof got, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static unsigned descriptors(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_reports(void **state)
{
	struct receiver r;
	(void)state;
	for (int abstract = 0; abstract < 2; abstract++) {
		shim_on("0");
		receiver_open(&r, abstract);
		int pid = (int)getpid();
		int dual = sock_open(AF_INET6, false);
		unsigned before = descriptors();
		errno = 4711;
		assert_int_equal(bind_text(dual, "::", OLD), 0);
		assert_int_equal(errno, 4711);
		unsigned port = port_of(dual);
		heard(&r, "bind 127.0.0.1 %u pid=%d family=6\n", port, pid);
		heard_nothing(&r);
		setenv("REBIND_REPORT_KEY", "8c1f-A_z", 1);
		errno = 4711;
		assert_int_equal(listen(dual, 1), 0);
		assert_int_equal(errno, 4711);
		heard(&r, "listen 127.0.0.1 %u pid=%d family=6 key=8c1f-A_z\n", port, pid);
		int four = sock_open(AF_INET, false);
		assert_int_equal(bind_text(four, "0.0.0.0", OLD), -1);
		assert_int_equal(errno, EADDRINUSE);
		heard(&r, "fail 127.0.0.1 %u pid=%d family=4 errno=%d key=8c1f-A_z\n", port, pid,
		      EADDRINUSE);
		close(four);
		assert_int_equal(descriptors(), before);
		int six = bound("::", false);
		port = port_of(six); /* as a rule the same */
		heard(&r, "bind ::1 %u pid=%d family=6 key=8c1f-A_z\n", port, pid);
		assert_int_equal(listen(six, 1), 0);
		heard(&r, "listen ::1 %u pid=%d family=6 key=8c1f-A_z\n", port, pid);
		heard_nothing(&r);
		close(six);
		close(dual);
		receiver_close(&r);
	}
}

/* A fixed port is reported the same way. */
static void test_reports_fixed(void **state)
{
	struct receiver r;
	char text[8];
	uint16_t port = port_free("127.0.0.1");
	(void)state;
	snprintf(text, sizeof text, "%u", port);
	shim_on(text);
	receiver_open(&r, true);
	int fd = bound("0.0.0.0", false);
	assert_int_equal(listen(fd, 1), 0);
	heard(&r, "bind 127.0.0.1 %u pid=%d family=4\n", port, (int)getpid());
	heard(&r, "listen 127.0.0.1 %u pid=%d family=4\n", port, (int)getpid());
	close(fd);
	receiver_close(&r);
}

/* Only what was moved is reported. */
static void test_reports_nothing_else(void **state)
{
	struct receiver r;
	union where w;
	(void)state;
	shim_on("0");
	receiver_open(&r, true);
	int moved = bound("0.0.0.0", false);
	char line[512];
	assert_true(recv(r.fd, line, sizeof line, 0) > 0);
	int other = sock_open(AF_INET, false), other6 = sock_open(AF_INET6, true);
	int unnamed = sock_open(AF_INET, false),
	    local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind_text(other, "127.0.0.1", 0), 0);
	assert_int_equal(bind_text(other6, "::1", 0), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(listen(other6, 1), 0);
	assert_int_equal(listen(unnamed, 1), 0);
	assert_int_equal(listen(local, 1), -1);
	/* the moved port's number on an address that is not loopback's first */
	socklen_t len = where_text(&w, "127.0.0.2", port_of(moved));
	int near = sock_open(AF_INET, false);
	assert_int_equal(raw_bind(near, &w, len), 0);
	assert_int_equal(listen(near, 1), 0);
	heard_nothing(&r);
	unsetenv("REBIND_REPORT");
	assert_int_equal(listen(moved, 1), 0);
	heard_nothing(&r);
	const int all[] = {moved, other, other6, unnamed, local, near};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		close(all[i]);
	receiver_close(&r);
}

/* Names that are none, and a receiver that is gone or does not read: no report, no delay, and the
 * call is none the worse. */
static void test_reports_lost(void **state)
{
	char lengthy[200] = "@";
	const char *const names[] = {"",  "@",     "/",          "relative/path",
	                             "7", lengthy, "/not/there", "@websplice-unit-nobody"};
	struct receiver r;
	(void)state;
	memset(lengthy + 1, 'x', sizeof lengthy - 2);
	shim_on("0");
	int fd = bound("0.0.0.0", false);
	unsigned before = descriptors();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		unit_note("receiver %s", names[i]);
		setenv("REBIND_REPORT", names[i], 1);
		errno = 4711;
		assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(errno, 4711);
		int again = sock_open(AF_INET, false);
		assert_int_equal(bind_text(again, "0.0.0.0", OLD), -1);
		assert_int_equal(errno, EADDRINUSE);
		close(again);
		assert_int_equal(descriptors(), before);
	}
	unit_note_clear();
	receiver_open(&r, true);
	for (int i = 0; i < 2000; i++) {
		errno = 4711;
		assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(errno, 4711);
	}
	heard(&r, "listen 127.0.0.1 %u pid=%d family=4\n", port_of(fd), (int)getpid());
	receiver_close(&r);
	close(fd);
}

/* The longest report there can be fits, and a key that is too long is cut. */
static void test_line(void **state)
{
	char line[REPORT_MAX], key[REPORT_KEY_MAX + 8], want[REPORT_MAX * 2];
	union where w;
	struct report rep = {.event = "listen", .where = &w, .error = INT32_MAX};
	(void)state;
	where_text(&w, "127.0.0.1", 65535);
	memset(key, 'k', sizeof key - 1);
	key[sizeof key - 1] = 0;
	size_t n = report_line(line, &rep, key);
	snprintf(want, sizeof want, "listen 127.0.0.1 65535 pid=%d family=4 errno=%d key=%.64s\n",
	         (int)getpid(), INT32_MAX, key);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(line, want, n);
	assert_true(n + sizeof "4294967295" <= REPORT_MAX);
	rep = (struct report){.event = "bind", .where = &w};
	where_text(&w, "::1", 0);
	n = report_line(line, &rep, "");
	snprintf(want, sizeof want, "bind ::1 0 pid=%d family=6\n", (int)getpid());
	assert_int_equal(n, strlen(want));
	assert_memory_equal(line, want, n);
}

/* bind and listen are no cancellation points, with a report neither. */
static void *cancelled(void *arg)
{
	int *reached = arg, fd;
	pthread_cancel(pthread_self());
	fd = bound("0.0.0.0", false);
	if (listen(fd, 1) == 0)
		*reached = fd;
	pthread_testcancel();
	return NULL;
}

static void test_not_cancelled(void **state)
{
	struct receiver r;
	pthread_t thread;
	void *result;
	int reached = -1;
	(void)state;
	shim_on("0");
	receiver_open(&r, true);
	assert_int_equal(pthread_create(&thread, NULL, cancelled, &reached), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_true(reached >= 0);
	close(reached);
	receiver_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_both_families),
		UNIT(test_again),
		UNIT(test_dual_then_ipv4),
		UNIT(test_taken_in_the_other),
		UNIT(test_failure_decides_nothing),
		UNIT(test_forked),
		UNIT(test_threads),
		UNIT(test_turn_lost),
		UNIT(test_turn_of_another),
		UNIT(test_reports),
		UNIT(test_reports_fixed),
		UNIT(test_reports_nothing_else),
		UNIT(test_reports_lost),
		UNIT(test_line),
		UNIT(test_not_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
