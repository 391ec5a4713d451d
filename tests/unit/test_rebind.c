/* What the shim moves, where to, and what it leaves alone. */
#include "rebind_unit.h"

#include <fcntl.h>

static const char *const names[] = {"REBIND_OLD_PORT", "REBIND_NEW_PORT", "REBIND_PORT_OLD",
                                    "REBIND_PORT_NEW"};

static void test_settings(void **state)
{
	static const struct {
		const char *value[4];   /* of `names`, NULL: not set */
		int old_port, new_port; /* 0: the shim is off */
	} rows[] = {
		{{"5901", "41234", NULL, NULL}, 5901, 41234},
		{{NULL, NULL, "5901", "41234"}, 5901, 41234},
		{{"5901", NULL, NULL, "41234"}, 5901, 41234},
		{{NULL, "41234", "5901", NULL}, 5901, 41234},
		{{"1", "2", "3", "4"}, 1, 2},
		{{"1", "65535", NULL, NULL}, 1, 65535},
		{{"65535", "1", NULL, NULL}, 65535, 1},
		{{"0023", "065023", NULL, NULL}, 23, 65023},
		{{"00000000000000000000000023", "1", NULL, NULL}, 23, 1},
		{{NULL, NULL, NULL, NULL}, 0, 0},
		{{"5901", NULL, NULL, NULL}, 0, 0},
		{{NULL, "41234", NULL, NULL}, 0, 0},
		{{"", "41234", NULL, NULL}, 0, 0},
		{{"5901", "", NULL, NULL}, 0, 0},
		{{"0", "41234", NULL, NULL}, 0, 0},
		{{"65536", "41234", NULL, NULL}, 0, 0},
		{{"5901", "65536", NULL, NULL}, 0, 0},
		{{"4294973197", "41234", NULL, NULL}, 0, 0},
		{{"18446744073709557517", "41234", NULL, NULL}, 0, 0},
		{{"5901x", "41234", NULL, NULL}, 0, 0},
		{{" 5901", "41234", NULL, NULL}, 0, 0},
		{{"5901 ", "41234", NULL, NULL}, 0, 0},
		{{"+5901", "41234", NULL, NULL}, 0, 0},
		{{"-1", "41234", NULL, NULL}, 0, 0},
		{{"5901", "-1", NULL, NULL}, 0, 0},
		{{"0x170d", "41234", NULL, NULL}, 0, 0},
		{{"5901\n", "41234", NULL, NULL}, 0, 0},
		/* the first spelling wins even when it is wrong */
		{{"", "41234", "5901", NULL}, 0, 0},
		{{"x", "41234", "5901", NULL}, 0, 0},
		{{"5901", "x", NULL, "41234"}, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct move m;
		unit_note("row %zu", i);
		for (int n = 0; n < 4; n++)
			if (rows[i].value[n])
				setenv(names[n], rows[i].value[n], 1);
			else
				unsetenv(names[n]);
		assert_int_equal(move_asked(&m), rows[i].old_port > 0);
		if (rows[i].old_port) {
			assert_int_equal(m.old_port, rows[i].old_port);
			assert_int_equal(m.new_port, rows[i].new_port);
		}
	}
	unit_note_clear();
}

static void test_moved(void **state)
{
	static const struct {
		const char *asked;
		bool v6only;
		const char *got;
	} rows[] = {
		{"0.0.0.0", false, "127.0.0.1"},
		{"127.0.0.1", false, "127.0.0.1"},
		{"127.0.0.5", false, "127.0.0.1"},
		{"192.0.2.7", false, "127.0.0.1"},
		{"255.255.255.255", false, "127.0.0.1"},
		{"::", true, "::1"},
		{"::", false, "::ffff:127.0.0.1"},
		{"::1", true, "::1"},
		{"::1", false, "::1"},
		{"2001:db8::7", true, "::1"},
		{"2001:db8::7", false, "::1"},
		{"fe80::1", false, "::1"},
		{"::ffff:0.0.0.0", false, "::ffff:127.0.0.1"},
		{"::ffff:192.0.2.7", false, "::ffff:127.0.0.1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("row %zu, %s", i, rows[i].asked);
		shim_on("0");
		int fd = sock_open(strchr(rows[i].asked, ':') ? AF_INET6 : AF_INET, rows[i].v6only);
		errno = 4711;
		assert_int_equal(bind_text(fd, rows[i].asked, OLD), 0);
		assert_int_equal(errno, 4711);
		assert_at(fd, rows[i].got);
		assert_int_not_equal(port_of(fd), OLD);
		assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(errno, 4711);
		close(fd);
	}
	unit_note_clear();
}

/* The forms of an address the kernel takes: longer than needed, IPv6 without its scope, IPv4
 * without a family, at any place in memory. */
static void test_moved_forms(void **state)
{
	union {
		union where w;
		char bytes[sizeof(struct sockaddr_storage) + 1];
	} room;
	(void)state;
	shim_on("0");
	socklen_t len = where_text(&room.w, "::", OLD);
	memset(room.bytes + len, 0xff, sizeof room - len);
	for (len = IN6_SHORT; len <= sizeof(struct sockaddr_storage); len++) {
		unit_note("length %u", len);
		int fd = sock_open(AF_INET6, true);
		assert_int_equal(bind(fd, &room.w.sa, len), 0);
		assert_at(fd, "::1");
		close(fd);
	}
	unit_note_clear();
	len = where_text(&room.w, "0.0.0.0", OLD);
	room.w.sa.sa_family = AF_UNSPEC;
	int fd = sock_open(AF_INET, false);
	assert_int_equal(bind(fd, &room.w.sa, len), 0);
	assert_at(fd, "127.0.0.1");
	close(fd);

	len = where_text(&room.w, "0.0.0.0", OLD);
	memmove(room.bytes + 1, room.bytes, len);
	const void *odd = room.bytes + 1;
	fd = sock_open(AF_INET, false);
	assert_int_equal(bind(fd, odd, len), 0);
	assert_at(fd, "127.0.0.1");
	close(fd);
}

/* A scope or a flow label of the address asked for is not one of loopback. */
static void test_scope(void **state)
{
	union where w;
	(void)state;
	shim_on("0");
	socklen_t len = where_text(&w, "fe80::1", OLD);
	w.in6.sin6_scope_id = 4711;
	w.in6.sin6_flowinfo = htonl(0xfffff);
	int fd = sock_open(AF_INET6, true);
	assert_int_equal(bind(fd, &w.sa, len), 0);
	len = sizeof w;
	assert_int_equal(getsockname(fd, &w.sa, &len), 0);
	assert_int_equal(w.in6.sin6_scope_id, 0);
	assert_true(IN6_IS_ADDR_LOOPBACK(&w.in6.sin6_addr));
	close(fd);
}

static void test_new_port(void **state)
{
	char text[8];
	uint16_t port = port_free("127.0.0.1");
	(void)state;
	snprintf(text, sizeof text, "%u", port);
	shim_on(text);
	int four = sock_open(AF_INET, false), again = sock_open(AF_INET, false);
	assert_int_equal(bind_text(four, "0.0.0.0", OLD), 0);
	assert_at(four, "127.0.0.1");
	assert_int_equal(port_of(four), port);
	errno = 0;
	assert_int_equal(bind_text(again, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(port_of(again), 0);
	assert_int_equal(chosen[0], 0);
	close(again);
	/* a socket that is bound cannot be bound again, moved or not */
	assert_int_equal(bind_text(four, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, EINVAL);
	close(four);
}

static int reuse_of(int fd)
{
	return sock_option(fd, SOL_SOCKET, SO_REUSEADDR);
}

/* -1: somebody else has it. */
static int hold(const char *text, uint16_t port)
{
	union where w;
	socklen_t len = where_text(&w, text, port);
	int fd = sock_open(w.sa.sa_family, true), on = 1;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	if (raw_bind(fd, &w, len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The same number in both families, which the first one's need not be free in. */
static void hold_both(int *four, int *six)
{
	for (int tries = 0; tries < 20; tries++) {
		*four = hold("127.0.0.1", 0);
		assert_true(*four >= 0);
		*six = hold("::1", port_of(*four));
		if (*six >= 0)
			return;
		close(*four);
	}
	fail_msg("no port is free in both families");
}

/* One more socket for the old port; its errno when it is not to be had. */
static int bind_and_listen(int *fd, const char *text, bool v6only)
{
	*fd = sock_open(strchr(text, ':') ? AF_INET6 : AF_INET, v6only);
	return bind_text(*fd, text, OLD) < 0 || listen(*fd, 1) < 0 ? errno : 0;
}

static void test_reserved(void **state)
{
	char text[8];
	int four, six, one, two, three;
	(void)state;
	hold_both(&four, &six);
	snprintf(text, sizeof text, "%u", port_of(four));
	shim_on(text);
	assert_int_equal(bind_and_listen(&one, "0.0.0.0", false), EADDRINUSE);
	assert_int_equal(reuse_of(one), 0);
	close(one);
	setenv("REBIND_RESERVED", "", 1);
	assert_int_equal(bind_and_listen(&one, "0.0.0.0", false), EADDRINUSE);
	close(one);
	setenv("REBIND_RESERVED", "1", 1);
	assert_int_equal(bind_and_listen(&one, "0.0.0.0", false), 0);
	assert_int_equal(bind_and_listen(&two, "::", true), 0);
	assert_int_equal(port_of(one), port_of(four));
	assert_int_equal(port_of(two), port_of(four));
	/* once the program listens, the port is taken, for itself as for others */
	assert_int_equal(bind_and_listen(&three, "0.0.0.0", false), EADDRINUSE);
	close(three);
	assert_int_equal(bind_and_listen(&three, "::", true), EADDRINUSE);
	close(three);
	assert_int_equal(bind_and_listen(&three, "::", false), EADDRINUSE);
	close(three);
	close(one);
	assert_int_equal(bind_and_listen(&three, "::", false), 0);
	assert_at(three, "::ffff:127.0.0.1");
	close(three);
	/* what is not moved is not touched */
	three = sock_open(AF_INET, false);
	assert_int_equal(bind_text(three, "127.0.0.1", 0), 0);
	assert_int_equal(reuse_of(three), 0);
	const int all[] = {two, three, four, six};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		close(all[i]);
}

/* ---- what is left alone ---- */

struct call {
	const char *name;
	int domain, type;
	const char *addr; /* NULL: a null pointer */
	uint16_t port;
	socklen_t len; /* 0: the right one; ZERO for none */
	int family;    /* 0: the address's own */
};
#define ZERO 0xffff
#define HUGE_LEN 0xfffe

static socklen_t call_len(const struct call *c, socklen_t right)
{
	switch (c->len) {
	case 0: return right;
	case ZERO: return 0;
	case HUGE_LEN: return (socklen_t)-1;
	default: return c->len;
	}
}

struct outcome {
	int rc, error;
	char at[INET6_ADDRSTRLEN];
	uint16_t port;
};

static struct outcome call_run(const struct call *c, bool raw)
{
	union {
		union where w;
		char bytes[256];
	} room = {.bytes = {0}};
	struct outcome o = {0};
	socklen_t len = c->addr ? where_text(&room.w, c->addr, c->port) : sizeof room.w.in;
	int fd = socket(c->domain, c->type | SOCK_CLOEXEC, 0);
	int on = 1;
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	if (c->family)
		room.w.sa.sa_family = (sa_family_t)c->family;
	len = call_len(c, len);
	errno = 4711;
	o.rc = raw ? raw_bind(fd, c->addr ? &room : NULL, len)
	           : bind(fd, c->addr ? &room.w.sa : NULL, len);
	o.error = errno;
	if (c->domain != AF_UNIX)
		o.port = sock_at(fd, o.at);
	close(fd);
	return o;
}

static void test_left_alone(void **state)
{
	const uint16_t other = port_free("0.0.0.0");
	const struct call rows[] = {
		{"other port", AF_INET, SOCK_STREAM, "127.0.0.1", other, 0, 0},
		{"other port, any address", AF_INET, SOCK_STREAM, "0.0.0.0", other, 0, 0},
		{"other port, IPv6", AF_INET6, SOCK_STREAM, "::1", other, 0, 0},
		{"UDP", AF_INET, SOCK_DGRAM, "127.0.0.2", OLD, 0, 0},
		{"UDP, IPv6", AF_INET6, SOCK_DGRAM, "::1", OLD, 0, 0},
		{"null address", AF_INET, SOCK_STREAM, NULL, 0, 0, 0},
		{"null address, no length", AF_INET, SOCK_STREAM, NULL, 0, ZERO, 0},
		{"null address, IPv6", AF_INET6, SOCK_STREAM, NULL, 0, sizeof(struct sockaddr_in6),
	         0},
		{"no length", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, ZERO, 0},
		{"only a family", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, 2, 0},
		{"only a family and a port", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, 4, 0},
		{"one byte short", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, 15, 0},
		{"IPv6, one byte short", AF_INET6, SOCK_STREAM, "::", OLD, 23, 0},
		{"IPv6, as short as IPv4", AF_INET6, SOCK_STREAM, "::", OLD, 16, 0},
		{"too long", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, 129, 0},
		{"negative length", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, HUGE_LEN, 0},
		{"no family, but an address", AF_INET, SOCK_STREAM, "127.0.0.1", OLD, 0, 0x10000},
		{"a wrong family", AF_INET, SOCK_STREAM, "0.0.0.0", OLD, 0, AF_PACKET},
		{"IPv6 address, IPv4 socket", AF_INET, SOCK_STREAM, "::", OLD, 0, 0},
		{"IPv4 address, IPv6 socket", AF_INET6, SOCK_STREAM, "0.0.0.0", OLD, 0, 0},
		{"no family, IPv6 socket", AF_INET6, SOCK_STREAM, "0.0.0.0", OLD, 0, 0x10000},
		{"IPv4 address, unix socket", AF_UNIX, SOCK_STREAM, "0.0.0.0", OLD, 0, 0},
		{"IPv6 address, unix socket", AF_UNIX, SOCK_STREAM, "::", OLD, 0, 0},
	};
	(void)state;
	shim_on("0");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("%s", rows[i].name);
		struct outcome want = call_run(&rows[i], true), got = call_run(&rows[i], false);
		assert_int_equal(got.rc, want.rc);
		assert_int_equal(got.error, want.error);
		assert_int_equal(got.port, want.port);
		assert_string_equal(got.at, want.at);
		assert_int_equal(chosen[0] | chosen[1], 0);
	}
	unit_note_clear();
}

/* What is no socket at all: the kernel's errno. */
static void test_no_socket(void **state)
{
	(void)state;
	shim_on("0");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(bind_text(fd, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, ENOTSOCK);
	assert_int_equal(listen(fd, 1), -1);
	assert_int_equal(errno, ENOTSOCK);
	close(fd);
	assert_int_equal(bind_text(fd, "0.0.0.0", OLD), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(listen(-1, 1), -1);
	assert_int_equal(errno, EBADF);
}

static void test_unix_socket(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	(void)state;
	shim_on("0");
	/* the bytes where a port would be say OLD */
	snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "websplice-unit-%d", (int)getpid());
	un.sun_path[0] = OLD >> 8;
	un.sun_path[1] = OLD & 255;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr *sa = (const void *)&un;
	assert_int_equal(bind(fd, sa, sizeof un), 0);
	unlink(un.sun_path);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
}

/* Off, the old port is one like all others. */
static void test_off(void **state)
{
	uint16_t port = port_free("127.0.0.2");
	char text[8];
	(void)state;
	snprintf(text, sizeof text, "%u", port);
	shim_on("0");
	setenv("REBIND_OLD_PORT", text, 1);
	unsetenv("REBIND_NEW_PORT");
	int fd = sock_open(AF_INET, false);
	assert_int_equal(bind_text(fd, "127.0.0.2", port), 0);
	assert_at(fd, "127.0.0.2");
	assert_int_equal(port_of(fd), port);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_settings),   UNIT(test_moved),     UNIT(test_moved_forms),
		UNIT(test_scope),      UNIT(test_new_port),  UNIT(test_reserved),
		UNIT(test_left_alone), UNIT(test_no_socket), UNIT(test_unix_socket),
		UNIT(test_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
