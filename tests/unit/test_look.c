/* What /proc shows of a real process: a child of the test, in a session of its own. */
#include "wrap/look.h"
#include "unit.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct subject {
	pid_t pid;
	uint16_t port;
};

/* A process called "subject" that listens on a port of that address; addr 0: it does not. */
static void subject_start(struct subject *s, uint32_t addr)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
		socklen_t len = sizeof in;
		setsid();
		prctl(PR_SET_NAME, "sub (ject) 1");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&in, len) < 0 || (addr != 1 && listen(fd, 1) < 0) ||
		    getsockname(fd, (struct sockaddr *)&in, &len) < 0)
			_exit(1);
		in.sin_port = ntohs(in.sin_port);
		(void)!write(ends[1], &in.sin_port, sizeof in.sin_port);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ends[0], &s->port, sizeof s->port), sizeof s->port);
	close(ends[0]);
	close(ends[1]);
}

static void subject_stop(struct subject *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static void test_holder(void **state)
{
	static const struct {
		uint32_t addr;
		bool outside;
	} rows[] = {{INADDR_LOOPBACK, false}, {INADDR_ANY, true}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct subject s;
		char at[LOOK_AT];
		subject_start(&s, rows[i].addr);
		struct look l = {.port = s.port, .session = s.pid};
		look_around(&l);
		assert_false(l.blind);
		assert_int_equal(l.n, 1);
		assert_int_equal(l.holders[0].pid, s.pid);
		assert_string_equal(l.holders[0].name, "sub (ject) 1");
		snprintf(at, sizeof at, rows[i].outside ? "0.0.0.0:%u" : "127.0.0.1:%u", s.port);
		assert_string_equal(l.holders[0].at, at);
		assert_int_equal(l.holders[0].outside, rows[i].outside);
		assert_int_equal(l.exposed.pid, 0);
		struct look old = {.port = 1, .old_port = s.port, .session = s.pid};
		look_around(&old);
		assert_int_equal(old.exposed.pid, rows[i].outside ? s.pid : 0);
		if (rows[i].outside)
			assert_string_equal(old.exposed.at, at);
		old.session = getpid(); /* nobody of ours */
		look_around(&old);
		assert_int_equal(old.exposed.pid, 0);
		subject_stop(&s);
		look_around(&l);
		assert_int_equal(l.n, 0);
		assert_string_equal(l.text,
		                    "it has ended, and left nothing behind that could listen");
	}
}

/* A listener on ::1; its port. */
static int listen_six(uint16_t *ret_port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof in6;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&in6, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in6, &len) < 0) {
		close(fd);
		return -1;
	}
	*ret_port = ntohs(in6.sin6_port);
	return fd;
}

/* IPv4 and IPv6 have ports of their own: somebody else may hold the same one of the other. */
static const struct holder *holder_at(const struct look *l, const char *at)
{
	static const struct holder nobody = {.pid = -1};
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->holders[i].at, at) == 0)
			return &l->holders[i];
	return &nobody;
}

/* However many others listen on this host, and whichever table comes first. */
static void test_among_many(void **state)
{
	enum { MANY = 600 };
	const struct sockaddr_in any_port = {.sin_family = AF_INET,
	                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static int fds[MANY];
	struct rlimit files;
	uint16_t port = 0;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	int six = listen_six(&port);
	if (six < 0 || files.rlim_cur < MANY + 64)
		unit_skip(); /* no IPv6 here, or not so many files */
	for (int i = 0; i < MANY; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(fds[i], (const struct sockaddr *)&any_port, sizeof any_port),
		                 0);
		assert_int_equal(listen(fds[i], 1), 0);
	}
	struct look l = {.port = port, .session = 1};
	char at[LOOK_AT];
	look_around(&l);
	snprintf(at, sizeof at, "[::1]:%u", port);
	assert_int_equal(holder_at(&l, at)->pid, getpid());
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	close(six);
}

/* Nobody's descriptor: a listener on its way from one process to another. It stands for one that the
 * system does not show us. */
static void test_stranger(void **state)
{
	const struct sockaddr_in any_port = {.sin_family = AF_INET,
	                                     .sin_addr.s_addr = htonl(INADDR_ANY)};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
	                      .cmsg_level = SOL_SOCKET,
	                      .cmsg_type = SCM_RIGHTS}};
	struct iovec one = {.iov_base = (char[]){0}, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &one,
	                     .msg_iovlen = 1,
	                     .msg_control = &control,
	                     .msg_controllen = sizeof control.room};
	struct sockaddr_in in;
	socklen_t len = sizeof in;
	char at[LOOK_AT];
	int ends[2], fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)state;
	assert_int_equal(bind(fd, (const struct sockaddr *)&any_port, sizeof any_port), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	assert_int_equal(sendmsg(ends[0], &msg, 0), 1);
	close(fd);
	struct look l = {.port = ntohs(in.sin_port), .session = 1};
	look_around(&l);
	snprintf(at, sizeof at, "0.0.0.0:%u", l.port);
	assert_int_equal(holder_at(&l, at)->pid, 0);
	assert_string_equal(holder_at(&l, at)->name, "?");
	assert_true(holder_at(&l, at)->outside);
	close(ends[0]);
	close(ends[1]);
}

static void test_elsewhere(void **state)
{
	struct subject s;
	char want[LOOK_TEXT];
	(void)state;
	subject_start(&s, INADDR_LOOPBACK);
	struct look l = {.port = 1, .old_port = 2, .session = s.pid};
	look_around(&l);
	assert_int_equal(l.n, 0);
	snprintf(want, sizeof want,
	         "sub (ject) 1 listens on 127.0.0.1:%u, not on port 2: give websplice the port "
	         "that the command uses",
	         s.port);
	assert_string_equal(l.text, want);
	l.old_port = 0;
	look_around(&l);
	snprintf(want, sizeof want,
	         "sub (ject) 1 listens on 127.0.0.1:%u, not on port 1 that {port} stood for",
	         s.port);
	assert_string_equal(l.text, want);
	subject_stop(&s);
}

/* This process has libc and lacks the other library; whether it is static cannot be the reason. */
static void test_library(void **state)
{
	struct subject s;
	char want[LOOK_TEXT];
	(void)state;
	subject_start(&s, INADDR_LOOPBACK);
	struct look l = {.port = 1, .old_port = s.port, .session = s.pid, .shim = "/libc.so"};
	look_around(&l);
	snprintf(want, sizeof want,
	         "it has not bound port %u: is that the port it listens on? Or raise "
	         "--wrap-ready-timeout",
	         s.port);
	assert_string_equal(l.text, want);
	l.shim = "/rebind.so";
	look_around(&l);
	snprintf(
		want, sizeof want,
		"sub (ject) 1 (pid %d) was started without LD_PRELOAD, so its port cannot be moved",
		(int)s.pid);
	assert_memory_equal(l.text, want, strlen(want));
	l.old_port = 0;
	l.shim = NULL;
	look_around(&l);
	assert_non_null(strstr(l.text, "not on port 1 that {port} stood for"));
	subject_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_holder), UNIT(test_among_many),
	                                   UNIT(test_stranger), UNIT(test_elsewhere),
	                                   UNIT(test_library)};
	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
