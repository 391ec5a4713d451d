/* Listening: which addresses, what is in the way and how it is said, one socket per worker, unix
 * socket files; and accepting: peers, shortages, pauses.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=socket,--wrap=bind,--wrap=accept4,--wrap=getaddrinfo,--wrap=freeaddrinfo */
#include "io/listen.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- calls that fail when a test says so ---- */

static int no_family;       /* socket() of it: EAFNOSUPPORT */
static int bind_error;      /* the next bind fails so … */
static unsigned bind_skips; /* … after so many that do not */
static int accept_error;    /* the next accept_fails accepts fail so */
static unsigned accept_fails;
static _Atomic unsigned accepts;
static const char *both_families; /* this name has 127.0.0.1 and ::1, in this order: "46", "64" */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __real_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_socket(int family, int type, int protocol)
{
	if (no_family && family == no_family) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	if (bind_error && bind_skips == 0) {
		errno = bind_error;
		bind_error = 0;
		return -1;
	}
	if (bind_error)
		bind_skips--;
	return __real_bind(fd, sa, len);
}

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	accepts++;
	if (accept_fails) {
		accept_fails--;
		errno = accept_error;
		return -1;
	}
	return __real_accept4(fd, sa, len, flags);
}

/* Chains what two numeric look-ups give. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
	struct addrinfo *second = NULL;
	if (!both_families)
		return __real_getaddrinfo(host, service, hints, ret);
	bool six_first = both_families[0] == '6';
	int r = __real_getaddrinfo(six_first ? "::1" : "127.0.0.1", service, hints, ret);
	if (r == 0)
		r = __real_getaddrinfo(six_first ? "127.0.0.1" : "::1", service, hints, &second);
	if (r == 0)
		(*ret)->ai_next = second;
	return r;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (both_families && list && list->ai_next) {
		__real_freeaddrinfo(list->ai_next);
		list->ai_next = NULL;
	}
	__real_freeaddrinfo(list);
}

/* ---- helpers ---- */

static char err[LISTEN_ERR];

static void open_ok(struct listen_set *s, const struct listen_at *at, unsigned workers)
{
	err[0] = 0;
	if (listen_open(s, at, workers, err, sizeof err) < 0)
		fail_msg("cannot listen: %s", err);
}

static int open_tcp(struct listen_set *s, const char *host, uint16_t port, unsigned workers)
{
	const struct listen_at at = {.host = host, .port = port};
	err[0] = 0;
	return listen_open(s, &at, workers, err, sizeof err);
}

/* Connects to the port on 127.0.0.1 or ::1; -errno if that fails. */
static int dial_port(const char *ip, uint16_t port)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to = {.sa.sa_family = strchr(ip, ':') ? AF_INET6 : AF_INET};
	bool six = to.sa.sa_family == AF_INET6;
	if (six) {
		to.in6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, ip, &to.in6.sin6_addr), 1);
	} else {
		to.in.sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, ip, &to.in.sin_addr), 1);
	}
	int fd = __real_socket(to.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, &to.sa, six ? sizeof to.in6 : sizeof to.in) < 0) {
		int e = -errno;
		close(fd);
		return e;
	}
	return fd;
}

static int dial_path(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	int fd = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		int e = -errno;
		close(fd);
		return e;
	}
	return fd;
}

static void hang_up(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static bool ipv6_works(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int fd = __real_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool works = fd >= 0 && __real_bind(fd, (struct sockaddr *)&in6, sizeof in6) == 0;
	if (fd >= 0)
		close(fd);
	return works;
}

#define NEEDS_IPV6()                                                                               \
	if (!ipv6_works()) {                                                                       \
		print_message("no IPv6 here: not tested\n");                                       \
		return;                                                                            \
	}

/* ---- TCP ---- */

static void test_one_address(void **state)
{
	struct listen_set s;
	char name[64];
	(void)state;
	open_ok(&s, &(struct listen_at){.host = "127.0.0.1"}, 1);
	assert_int_equal(s.n, 1);
	assert_true(s.port > 0);
	snprintf(name, sizeof name, "127.0.0.1:%u", s.port);
	assert_string_equal(s.name, name);
	hang_up(dial_port("127.0.0.1", s.port));
	assert_int_equal(dial_port("127.0.0.2", s.port), -ECONNREFUSED);
	assert_true(fcntl(s.fds[0], F_GETFD) & FD_CLOEXEC);
	listen_close(&s);
	assert_int_equal(s.n, 0);
	assert_int_equal(dial_port("127.0.0.1", s.port), -ECONNREFUSED);
}

static void test_port_is_kept(void **state)
{
	struct listen_set s, again;
	(void)state;
	open_ok(&s, &(struct listen_at){.host = "127.0.0.1"}, 1);
	uint16_t port = s.port;
	int client = dial_port("127.0.0.1", port);
	int server = accept(s.fds[0], NULL, NULL);
	hang_up(server); /* this side has TIME_WAIT now */
	listen_close(&s);
	assert_int_equal(open_tcp(&again, "127.0.0.1", port, 1), 0);
	assert_int_equal(again.port, port);
	listen_close(&again);
	hang_up(client);
}

static void test_all_addresses(void **state)
{
	struct listen_set s;
	(void)state;
	NEEDS_IPV6();
	static const char *const hosts[] = {NULL, "", "::"};
	for (int i = 0; i < 3; i++) {
		open_ok(&s, &(struct listen_at){.host = hosts[i]}, 1);
		assert_memory_equal(s.name, "[::]:", 5);
		hang_up(dial_port("127.0.0.1", s.port));
		hang_up(dial_port("::1", s.port));
		listen_close(&s);
	}
}

static void test_ipv6_alone(void **state)
{
	struct listen_set s;
	(void)state;
	NEEDS_IPV6();
	open_ok(&s, &(struct listen_at){.host = "::1"}, 1);
	assert_memory_equal(s.name, "[::1]:", 6);
	hang_up(dial_port("::1", s.port));
	assert_int_equal(dial_port("127.0.0.1", s.port), -ECONNREFUSED);
	listen_close(&s);
}

static void test_all_addresses_without_ipv6(void **state)
{
	struct listen_set s;
	(void)state;
	no_family = AF_INET6;
	int r = open_tcp(&s, NULL, 0, 1);
	no_family = 0;
	assert_int_equal(r, 0);
	assert_memory_equal(s.name, "0.0.0.0:", 8);
	hang_up(dial_port("127.0.0.1", s.port));
	listen_close(&s);
	/* IPv6 is compiled in, but has no addresses. */
	bind_error = EADDRNOTAVAIL;
	assert_int_equal(open_tcp(&s, NULL, 0, 1), 0);
	assert_memory_equal(s.name, "0.0.0.0:", 8);
	listen_close(&s);
}

static void test_name_with_both_families(void **state)
{
	static const struct {
		const char *order;
		bool prefer;
		const char *first;
	} rows[] = {
		{"64", false, "127.0.0.1:"},
		{"46", false, "127.0.0.1:"},
		{"64", true, "[::1]:"},
		{"46", true, "[::1]:"},
	};
	struct listen_set s;
	(void)state;
	NEEDS_IPV6();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		both_families = rows[i].order;
		open_ok(&s, &(struct listen_at){.host = "name", .prefer_ipv6 = rows[i].prefer}, 1);
		assert_memory_equal(s.name, rows[i].first, strlen(rows[i].first));
		listen_close(&s);
		/* The preferred one is not there: then the other. */
		bind_error = EADDRNOTAVAIL;
		open_ok(&s, &(struct listen_at){.host = "name", .prefer_ipv6 = rows[i].prefer}, 1);
		assert_true(strncmp(s.name, rows[i].first, strlen(rows[i].first)) != 0);
		listen_close(&s);
	}
	both_families = NULL;
	unit_note_clear();
}

static void test_localhost(void **state)
{
	struct listen_set s;
	(void)state;
	open_ok(&s, &(struct listen_at){.host = "localhost"}, 1);
	assert_memory_equal(s.name, "127.0.0.1:", 10);
	listen_close(&s);
}

/* ---- what goes wrong, in sentences ---- */

static void test_port_in_use(void **state)
{
	struct listen_set s, other = {.n = 77};
	char want[128];
	(void)state;
	open_ok(&s, &(struct listen_at){.host = "127.0.0.1"}, 1);
	assert_int_equal(open_tcp(&other, "127.0.0.1", s.port, 1), -EADDRINUSE);
	snprintf(want, sizeof want,
	         "port %u is in use on 127.0.0.1: stop the other program or choose another port",
	         s.port);
	assert_string_equal(err, want);
	assert_int_equal(other.n, 77); /* untouched */
	/* All addresses include that one. */
	assert_int_equal(open_tcp(&other, NULL, s.port, 1), -EADDRINUSE);
	snprintf(want, sizeof want,
	         "port %u is in use: stop the other program or choose another port", s.port);
	assert_string_equal(err, want);
	listen_close(&s);
}

static void test_other_failures(void **state)
{
	static const struct {
		const char *host;
		uint16_t port;
		int bind_error, result;
		const char *says;
	} rows[] = {
		{"192.0.2.1", 6080, EADDRNOTAVAIL, -EADDRNOTAVAIL,
	         "192.0.2.1 is not an address of this machine: choose one that `ip addr` shows, or "
	         "none for all"},
		{"127.0.0.1", 80, EACCES, -EACCES,
	         "no permission to listen on port 80 on 127.0.0.1: choose a port from 1024 up, or "
	         "grant CAP_NET_BIND_SERVICE"},
		{"127.0.0.1", 6080, ENOMEM, -ENOMEM,
	         "cannot listen on port 6080 on 127.0.0.1: out of memory"},
		{"bad..name", 6080, 0, -EADDRNOTAVAIL,
	         "the address bad..name to listen on cannot be found"},
	};
	struct listen_set s;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu", i);
		bind_error = rows[i].bind_error;
		assert_int_equal(open_tcp(&s, rows[i].host, rows[i].port, 1), rows[i].result);
		assert_memory_equal(err, rows[i].says, strlen(rows[i].says));
		bind_error = 0;
	}
	unit_note_clear();
	/* A sentence that does not fit is cut, not written past the end. */
	char small[20];
	bind_error = EACCES;
	assert_true(listen_open(&s, &(struct listen_at){.host = "127.0.0.1", .port = 80}, 1, small,
	                        sizeof small) < 0);
	assert_int_equal(strlen(small), sizeof small - 1);
	assert_int_equal(open_tcp(&s, NULL, 0, 0), -EINVAL);
	assert_int_equal(open_tcp(&s, NULL, 0, LISTEN_WORKERS + 1), -EINVAL);
}

/* ---- several workers ---- */

static unsigned drain_accepts(int fd)
{
	unsigned n = 0;
	int c;
	while ((c = accept(fd, NULL, NULL)) >= 0) {
		close(c);
		n++;
	}
	return n;
}

static void test_workers_share_a_port(void **state)
{
	struct listen_set s, second;
	int clients[200];
	unsigned all = 0;
	(void)state;
	open_ok(&s, &(struct listen_at){.host = NULL}, 4);
	assert_int_equal(s.n, 4);
	for (int i = 0; i < 200; i++)
		clients[i] = dial_port("127.0.0.1", s.port);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned n = drain_accepts(s.fds[i]);
		assert_true(n > 0); /* by chance none: one in 10^24 */
		all += n;
	}
	assert_int_equal(all, 200);
	for (int i = 0; i < 200; i++)
		hang_up(clients[i]);
	/* A second instance of us, whatever its number of workers. */
	assert_int_equal(open_tcp(&second, NULL, s.port, 4), -EADDRINUSE);
	assert_int_equal(open_tcp(&second, NULL, s.port, 1), -EADDRINUSE);
	listen_close(&s);
	assert_int_equal(open_tcp(&second, NULL, s.port, LISTEN_WORKERS), 0);
	assert_int_equal(second.n, LISTEN_WORKERS);
	listen_close(&second);
}

/* One of the workers' sockets cannot be had: none is left open. */
static void test_workers_all_or_none(void **state)
{
	struct listen_set s;
	(void)state;
	int before = dup(0);
	close(before);
	bind_error = ENOBUFS;
	bind_skips = 2;
	assert_int_equal(open_tcp(&s, "127.0.0.1", 0, 4), -ENOBUFS);
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

/* Another program of ours (the same user) that lets the port be shared: still somebody else. */
static void test_port_shared_by_others(void **state)
{
	struct listen_set s;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	const int on = 1;
	(void)state;
	int fd = __real_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	assert_int_equal(__real_bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(open_tcp(&s, "127.0.0.1", ntohs(in.sin_port), 4), -EADDRINUSE);
	assert_int_equal(open_tcp(&s, NULL, ntohs(in.sin_port), 2), -EADDRINUSE);
	hang_up(fd);
}

/* What accepted sockets inherit, so that it is set once and not for each. */
static void test_inherited_options(void **state)
{
	static const struct {
		int level, name;
	} rows[] = {
		{IPPROTO_TCP, TCP_NODELAY},
		{SOL_SOCKET, SO_KEEPALIVE},
		{IPPROTO_TCP, TCP_NOTSENT_LOWAT},
		{IPPROTO_TCP, TCP_USER_TIMEOUT},
	};
	struct listen_set s;
	(void)state;
	open_ok(&s, &(struct listen_at){.host = "127.0.0.1"}, 2);
	int client = dial_port("127.0.0.1", s.port), server = -1;
	for (unsigned i = 0; i < s.n && server < 0; i++)
		server = accept(s.fds[i], NULL, NULL);
	assert_true(server >= 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int value = 0;
		socklen_t len = sizeof value;
		unit_note("row %zu", i);
		assert_int_equal(getsockopt(server, rows[i].level, rows[i].name, &value, &len), 0);
		assert_true(value > 0);
		if (rows[i].name == TCP_NOTSENT_LOWAT)
			assert_true(value <= LINK_HIGH);
	}
	unit_note_clear();
	hang_up(client);
	hang_up(server);
	listen_close(&s);
}

/* ---- unix sockets ---- */

struct place {
	char dir[64], path[128];
};

static void place_open(struct place *p)
{
	snprintf(p->dir, sizeof p->dir, "/tmp/test_listen.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/socket", p->dir);
}

static void place_close(struct place *p)
{
	unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

static int open_path(struct listen_set *s, const char *path, unsigned mode)
{
	const struct listen_at at = {.path = path, .mode = mode};
	err[0] = 0;
	return listen_open(s, &at, 4, err, sizeof err);
}

static bool exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static void test_unix_mode(void **state)
{
	static const unsigned modes[] = {0600, 0660, 0666, 0777, 0700};
	static const mode_t umasks[] = {022, 077, 0};
	struct listen_set s;
	struct place p;
	struct stat st;
	(void)state;
	place_open(&p);
	for (size_t i = 0; i < 15; i++) {
		mode_t old = umask(umasks[i % 3]);
		assert_int_equal(open_path(&s, p.path, modes[i / 3]), 0);
		assert_int_equal(umask(old), umasks[i % 3]); /* put back */
		assert_int_equal(lstat(p.path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i / 3]);
		assert_int_equal(s.n, 1);
		assert_string_equal(s.name, p.path);
		hang_up(dial_path(p.path));
		listen_close(&s);
		assert_false(exists(p.path));
	}
	place_close(&p);
}

static void test_unix_stale_file_is_replaced(void **state)
{
	struct listen_set s;
	struct place p;
	(void)state;
	place_open(&p);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	close(s.fds[0]); /* as a crash would: the file stays */
	assert_true(exists(p.path));
	assert_int_equal(dial_path(p.path), -ECONNREFUSED);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	hang_up(dial_path(p.path));
	listen_close(&s);
	place_close(&p);
}

static void test_unix_live_server_is_left_alone(void **state)
{
	struct listen_set s, second;
	struct place p;
	char want[256];
	int clients[8], n = 0;
	(void)state;
	place_open(&p);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	assert_int_equal(open_path(&second, p.path, 0600), -EADDRINUSE);
	snprintf(want, sizeof want, "%s is in use: stop the other program or choose another path",
	         p.path);
	assert_string_equal(err, want);
	hang_up(dial_path(p.path));
	drain_accepts(s.fds[0]);
	/* Likewise when it is too busy to accept. */
	assert_int_equal(listen(s.fds[0], 1), 0);
	while (n < 2)
		clients[n++] = dial_path(p.path);
	assert_int_equal(open_path(&second, p.path, 0600), -EADDRINUSE);
	while (n)
		hang_up(clients[--n]);
	listen_close(&s);
	place_close(&p);
}

static void test_unix_other_files_are_left_alone(void **state)
{
	struct listen_set s;
	struct place p;
	char target[160], text[8] = "";
	(void)state;
	place_open(&p);
	int fd = open(p.path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "data", 4), 4);
	close(fd);
	assert_int_equal(open_path(&s, p.path, 0600), -EEXIST);
	assert_non_null(strstr(err, "is not a socket: remove it or choose another path"));
	fd = open(p.path, O_RDONLY);
	assert_int_equal(read(fd, text, 4), 4);
	assert_string_equal(text, "data");
	close(fd);
	/* Nor are symbolic links followed, even to a stale socket. */
	unlink(p.path);
	snprintf(target, sizeof target, "%s/other", p.dir);
	assert_int_equal(open_path(&s, target, 0600), 0);
	close(s.fds[0]);
	assert_int_equal(symlink(target, p.path), 0);
	assert_int_equal(open_path(&s, p.path, 0600), -EEXIST);
	assert_true(exists(p.path));
	assert_true(exists(target));
	unlink(target);
	place_close(&p);
}

static void test_unix_bad_paths(void **state)
{
	struct listen_set s;
	char path[200];
	(void)state;
	assert_int_equal(open_path(&s, "/tmp/no such directory/socket", 0600), -ENOENT);
	assert_string_equal(err, "cannot listen on /tmp/no such directory/socket: no such file "
	                         "(does its directory exist?)");
	assert_int_equal(open_path(&s, "", 0600), -ENAMETOOLONG);
	memset(path, 'x', sizeof path);
	memcpy(path, "/tmp/", 5);
	path[108] = 0;
	assert_int_equal(open_path(&s, path, 0600), -ENAMETOOLONG);
	path[107] = 0; /* the longest there is */
	assert_int_equal(open_path(&s, path, 0600), 0);
	assert_string_equal(s.name, path);
	listen_close(&s);
	assert_false(exists(path));
}

/* Many may come before anybody is accepted. */
static void test_unix_backlog(void **state)
{
	struct listen_set s;
	struct place p;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int clients[100];
	(void)state;
	place_open(&p);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	memcpy(un.sun_path, p.path, strlen(p.path));
	for (int i = 0; i < 100; i++) {
		clients[i] = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&un, sizeof un), 0);
	}
	for (int i = 0; i < 100; i++)
		hang_up(clients[i]);
	listen_close(&s);
	place_close(&p);
}

/* Somebody has put another file there since: it is not ours to remove. */
static void test_unix_removes_only_its_own(void **state)
{
	struct listen_set s, second;
	struct place p;
	char other[160];
	(void)state;
	place_open(&p);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(open_path(&second, p.path, 0600), 0);
	listen_close(&s);
	hang_up(dial_path(p.path));
	snprintf(other, sizeof other, "%s.other", p.path);
	assert_int_equal(link(p.path, other), 0);
	listen_close(&second);
	assert_false(exists(p.path));
	/* Twice does no harm, even to a file that happens to have the number of ours. */
	assert_int_equal(rename(other, p.path), 0);
	listen_close(&second);
	assert_int_equal(unlink(p.path), 0);
	place_close(&p);
}

/* ---- accepting ---- */

enum { HALL = 256 };

struct hall {
	struct real_loop w;
	struct listen_set set;
	struct listener *listener;
	struct link *links[HALL];
	struct addr peers[HALL];
	unsigned n, closed, sheds;
	int shed_error;
	unsigned stop_at; /* in the nth accepted */
	struct defer turn_over;
	unsigned this_turn, most_in_a_turn;
};

static void guest_closed(void *owner)
{
	((struct hall *)owner)->closed++;
}

static const struct link_events guest_events = {.closed = guest_closed};

static void on_accepted(void *owner, struct link *link, const struct addr *peer)
{
	struct hall *h = owner;
	assert_true(h->n < HALL);
	h->links[h->n] = link;
	h->peers[h->n++] = *peer;
	link_own(link, &guest_events, h);
	h->this_turn++;
	defer_post(h->w.env->defer, &h->turn_over);
	if (h->n == h->stop_at) {
		listener_stop(h->listener);
		h->listener = NULL;
	}
}

static void on_turn_over(void *owner)
{
	struct hall *h = owner;
	if (h->this_turn > h->most_in_a_turn)
		h->most_in_a_turn = h->this_turn;
	h->this_turn = 0;
}

static void on_shed(void *owner, int e)
{
	struct hall *h = owner;
	h->sheds++;
	h->shed_error = e;
}

static void hall_open(struct hall *h, const struct listen_at *at)
{
	*h = (struct hall){0};
	real_open(&h->w, NULL);
	defer_init(&h->turn_over, on_turn_over, h);
	open_ok(&h->set, at, 1);
	assert_int_equal(listener_start(&h->listener, h->w.loop, h->set.fds[0], on_accepted, h), 0);
	listener_on_shed(h->listener, on_shed);
}

static void hall_close(struct hall *h)
{
	listener_stop(h->listener);
	for (unsigned i = 0; i < h->n; i++)
		link_close(h->links[i], true);
	real_until(&h->w, h->closed == h->n);
	listen_close(&h->set);
	real_close(&h->w);
}

static uint64_t metric(const struct hall *h, enum metric m)
{
	return metric_get(h->w.env->metrics, m);
}

static void some_turns(struct hall *h)
{
	for (int i = 0; i < 20; i++)
		real_turn(&h->w);
}

/* Fires what is due within ms, and comes back to the loop's own time. */
static void jump(struct hall *h, uint64_t ms)
{
	uint64_t now = h->w.env->timers->now;
	timers_run(h->w.env->timers, now + ms);
	h->w.env->timers->now = now;
}

static uint16_t own_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	return ntohs(((struct sockaddr_in *)(void *)&ss)->sin_port); /* the same place in both */
}

static void test_accepts_with_peer(void **state)
{
	struct hall h;
	char text[ADDR_TEXT], want[ADDR_TEXT];
	(void)state;
	NEEDS_IPV6();
	hall_open(&h, &(struct listen_at){.host = NULL});
	int four = dial_port("127.0.0.1", h.set.port);
	real_until(&h.w, h.n == 1);
	int six = dial_port("::1", h.set.port);
	real_until(&h.w, h.n == 2);
	snprintf(want, sizeof want, "127.0.0.1:%u", own_port(four));
	assert_string_equal(addr_text(&h.peers[0], text), want);
	snprintf(want, sizeof want, "[::1]:%u", own_port(six));
	assert_string_equal(addr_text(&h.peers[1], text), want);
	assert_int_equal(metric(&h, METRIC_ACCEPTED), 2);
	assert_int_equal(metric(&h, METRIC_SHED), 0);
	hall_close(&h);
	hang_up(four);
	hang_up(six);
}

static void test_accepts_unix(void **state)
{
	struct hall h;
	struct place p;
	char text[ADDR_TEXT];
	(void)state;
	place_open(&p);
	hall_open(&h, &(struct listen_at){.path = p.path, .mode = 0600});
	int c = dial_path(p.path);
	real_until(&h.w, h.n == 1);
	assert_int_equal(h.peers[0].kind, ADDR_UNIX);
	assert_string_equal(addr_text(&h.peers[0], text), "unix");
	assert_int_equal(link_send(h.links[0], span_str("hello"), 0), 0);
	assert_int_equal(read(c, text, sizeof text), 5);
	hall_close(&h);
	hang_up(c);
	place_close(&p);
}

/* Many at once: all are accepted, but no turn belongs to accepting alone. */
static void test_many_at_once(void **state)
{
	struct hall h;
	int clients[200];
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	for (int i = 0; i < 200; i++)
		clients[i] = dial_port("127.0.0.1", h.set.port);
	real_until(&h.w, h.n == 200);
	assert_true(h.most_in_a_turn <= 64);
	for (int i = 0; i < 200; i++)
		hang_up(clients[i]);
	hall_close(&h);
}

static void test_stop_inside(void **state)
{
	struct hall h;
	int clients[10];
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	h.stop_at = 2; /* the first of those that are taken in one turn */
	for (int i = 0; i < 10; i++)
		clients[i] = dial_port("127.0.0.1", h.set.port);
	real_until(&h.w, h.n == 2);
	some_turns(&h);
	assert_int_equal(h.n, 2);
	/* The others wait in the caller's descriptor. */
	assert_int_equal(drain_accepts(h.set.fds[0]), 8);
	for (int i = 0; i < 10; i++)
		hang_up(clients[i]);
	hall_close(&h);
}

static unsigned open_fds(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Opened, a stale socket file asked whether it is somebody's, listened, stopped: nothing is left. */
static void test_leaves_no_descriptor(void **state)
{
	struct place p;
	unsigned fds = 0;
	(void)state;
	place_open(&p);
	for (int i = 0; i < 3; i++) {
		struct hall h;
		struct listen_set stale;
		assert_int_equal(open_path(&stale, p.path, 0600), 0);
		close(stale.fds[0]);
		hall_open(&h, &(struct listen_at){.path = p.path, .mode = 0600});
		int c = dial_path(p.path);
		real_until(&h.w, h.n == 1);
		hall_close(&h);
		hang_up(c);
		if (i > 0) /* the first one opens what libuv keeps */
			assert_int_equal(open_fds(), fds);
		fds = open_fds();
	}
	place_close(&p);
}

/* ---- shortages ---- */

/* Leaves room for n more descriptors; the old limit. */
static struct rlimit leave_descriptors(unsigned n)
{
	struct rlimit old, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	int fd = -1;
	for (unsigned i = 0; i <= n; i++) { /* the number that the nth next one would get */
		int last = fd;
		fd = fcntl(0, F_DUPFD_CLOEXEC, last + 1);
		assert_true(fd >= 0);
		close(fd);
	}
	few.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	return old;
}

/* How many of the clients have been turned away, which is not to be mistaken for waiting. */
static unsigned turned_away(const int *clients, unsigned n)
{
	unsigned away = 0;
	for (unsigned i = 0; i < n; i++) {
		struct pollfd p = {.fd = clients[i], .events = POLLIN};
		away += poll(&p, 1, 0) == 1;
	}
	return away;
}

static void test_out_of_descriptors(void **state)
{
	struct hall h;
	int clients[10], first;
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	first = dial_port("127.0.0.1", h.set.port); /* libuv's first link opens a descriptor more */
	real_until(&h.w, h.n == 1);
	for (int i = 0; i < 10; i++)
		clients[i] = dial_port("127.0.0.1", h.set.port);
	struct rlimit old = leave_descriptors(3);
	real_until(&h.w, h.sheds == 1);
	assert_int_equal(h.shed_error, -EMFILE);
	assert_int_equal(h.n, 4);
	assert_int_equal(metric(&h, METRIC_SHED), 1);
	assert_int_equal(turned_away(clients, 10), 1);
	assert_true(timers_next(h.w.env->timers) > 0); /* pausing */
	/* Nobody else gets the descriptor of the one turned away: it is the next reserve. */
	assert_true(open("/dev/null", O_RDONLY | O_CLOEXEC) < 0);
	jump(&h, 1000);
	real_until(&h.w, h.sheds == 2); /* still none: one more is turned away, the others wait */
	assert_int_equal(h.n, 4);
	assert_int_equal(metric(&h, METRIC_SHED), 2);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	jump(&h, 1000);
	real_until(&h.w, h.n == 9);
	assert_int_equal(turned_away(clients, 10), 2);
	assert_int_equal(metric(&h, METRIC_ACCEPTED), 9);
	for (int i = 0; i < 10; i++)
		hang_up(clients[i]);
	hang_up(first);
	hall_close(&h);
}

/* Short of memory: nothing is taken until the pause is over, and then all is as before. */
static void test_out_of_memory(void **state)
{
	struct hall h;
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	int c = dial_port("127.0.0.1", h.set.port);
	unsigned at_first = accepts;
	accept_error = ENOMEM;
	accept_fails = UINT_MAX;
	real_until(&h.w, h.sheds == 1);
	assert_int_equal(h.shed_error, -ENOMEM);
	assert_int_equal(metric(&h, METRIC_SHED), 0); /* a descriptor would not help */
	unsigned before = accepts;
	assert_int_equal(before - at_first, 1);
	some_turns(&h);
	assert_int_equal(accepts, before);
	accept_fails = 0;
	jump(&h, 1000);
	real_until(&h.w, h.n == 1);
	hang_up(c);
	hall_close(&h);
}

/* Stopped during the pause. */
static void test_stop_while_pausing(void **state)
{
	struct hall h;
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	int c = dial_port("127.0.0.1", h.set.port);
	accept_error = ENOMEM;
	accept_fails = 1;
	real_until(&h.w, h.sheds == 1);
	listener_stop(h.listener);
	h.listener = NULL;
	assert_int_equal(timers_next(h.w.env->timers), -1);
	some_turns(&h);
	assert_int_equal(h.n, 0);
	hang_up(c);
	hall_close(&h);
}

/* What happened to one connection is no reason to pause. */
static void test_passing_errors(void **state)
{
	static const int errors[] = {ECONNABORTED, EINTR,        EPROTO,     EPERM,
	                             ENETDOWN,     EHOSTUNREACH, ENETUNREACH};
	struct hall h;
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
		unit_note("errno %d", errors[i]);
		accept_error = errors[i];
		accept_fails = 3;
		int c = dial_port("127.0.0.1", h.set.port);
		real_until(&h.w, h.n == i + 1);
		assert_int_equal(accept_fails, 0);
		assert_int_equal(h.sheds, 0);
		hang_up(c);
	}
	unit_note_clear();
	hall_close(&h);
}

static void test_link_without_memory(void **state)
{
	struct hall h;
	(void)state;
	hall_open(&h, &(struct listen_at){.host = "127.0.0.1"});
	int c = dial_port("127.0.0.1", h.set.port);
	fail_malloc_at(1);
	real_until(&h.w, metric(&h, METRIC_SHED) == 1);
	fail_malloc_off();
	assert_int_equal(h.n, 0);
	char byte;
	assert_int_equal(read(c, &byte, 1), 0);
	hang_up(c);
	hall_close(&h);
}

static void test_start_fails(void **state)
{
	struct real_loop w;
	struct listener *s = NULL;
	struct listen_set set;
	(void)state;
	real_open(&w, NULL);
	open_ok(&set, &(struct listen_at){.host = "127.0.0.1"}, 1);
	fail_malloc_at(1);
	assert_int_equal(listener_start(&s, w.loop, set.fds[0], on_accepted, NULL), -ENOMEM);
	fail_malloc_off();
	struct rlimit old = leave_descriptors(0);
	assert_int_equal(listener_start(&s, w.loop, set.fds[0], on_accepted, NULL), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_null(s);
	listener_stop(NULL);
	listen_close(&set);
	real_close(&w);
}

/* ---- two workers on one unix socket ---- */

struct worker {
	struct loop *loop;
	struct listener *listener;
	struct limits limits;
	pthread_t thread;
	unsigned n;
};

static void nothing(void *owner)
{
	(void)owner;
}

static const struct link_events ignored = {.closed = nothing};

static void on_worker_accepted(void *owner, struct link *link, const struct addr *peer)
{
	struct worker *k = owner;
	(void)peer;
	k->n++;
	link_own(link, &ignored, NULL);
	link_send(link, span_str("!"), 0);
	link_close(link, true);
}

static void on_worker_woken(void *owner)
{
	struct worker *k = owner;
	listener_stop(k->listener);
	loop_stop(k->loop);
}

static void *run_worker(void *arg)
{
	loop_run(((struct worker *)arg)->loop);
	return NULL;
}

static void test_two_workers_one_descriptor(void **state)
{
	struct worker all[2] = {0};
	struct listen_set s;
	struct place p;
	(void)state;
	place_open(&p);
	assert_int_equal(open_path(&s, p.path, 0600), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(loop_new(&all[i].loop, &all[i].limits, NULL), 0);
		assert_int_equal(listener_start(&all[i].listener, all[i].loop, s.fds[0],
		                                on_worker_accepted, &all[i]),
		                 0);
		loop_on_wake(all[i].loop, on_worker_woken, &all[i]);
		assert_int_equal(pthread_create(&all[i].thread, NULL, run_worker, &all[i]), 0);
	}
	for (int i = 0; i < 300; i++) {
		char c = 0;
		int fd = dial_path(p.path);
		assert_int_equal(read(fd, &c, 1), 1); /* answered, by one of them */
		assert_int_equal(c, '!');
		hang_up(fd);
	}
	for (int i = 0; i < 2; i++) {
		loop_wake(all[i].loop);
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		assert_int_equal(loop_free(all[i].loop), 0);
	}
	assert_int_equal(all[0].n + all[1].n, 300);
	listen_close(&s);
	place_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_one_address),
		UNIT(test_port_is_kept),
		UNIT(test_all_addresses),
		UNIT(test_ipv6_alone),
		UNIT(test_all_addresses_without_ipv6),
		UNIT(test_name_with_both_families),
		UNIT(test_localhost),
		UNIT(test_port_in_use),
		UNIT(test_other_failures),
		UNIT(test_workers_share_a_port),
		UNIT(test_workers_all_or_none),
		UNIT(test_port_shared_by_others),
		UNIT(test_inherited_options),
		UNIT(test_unix_mode),
		UNIT(test_unix_stale_file_is_replaced),
		UNIT(test_unix_live_server_is_left_alone),
		UNIT(test_unix_other_files_are_left_alone),
		UNIT(test_unix_bad_paths),
		UNIT(test_unix_backlog),
		UNIT(test_unix_removes_only_its_own),
		UNIT(test_accepts_with_peer),
		UNIT(test_accepts_unix),
		UNIT(test_many_at_once),
		UNIT(test_stop_inside),
		UNIT(test_leaves_no_descriptor),
		UNIT(test_out_of_descriptors),
		UNIT(test_out_of_memory),
		UNIT(test_stop_while_pausing),
		UNIT(test_passing_errors),
		UNIT(test_link_without_memory),
		UNIT(test_start_fails),
		UNIT(test_two_workers_one_descriptor),
	};
	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
