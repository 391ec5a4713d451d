/* rebind_unit: the shim itself, compiled into the test so that sanitizers and coverage see it: the
 * test's own bind() and listen() are the shim's, raw_bind() is the kernel's.
 */
#ifndef UNIT_REBIND_UNIT_H
#define UNIT_REBIND_UNIT_H

#include "../../src/rebind/rebind.c"
#include "../../src/rebind/report.c"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Nothing binds it in earnest. */
enum { OLD = 5901 };

static inline int raw_bind(int fd, const void *addr, socklen_t len)
{
	return (int)syscall(SYS_bind, fd, addr, len);
}

/* The environment of a run: OLD and `new_port`, no reports, nothing chosen yet. */
static inline void shim_on(const char *new_port)
{
	setenv("REBIND_OLD_PORT", "5901", 1);
	setenv("REBIND_NEW_PORT", new_port, 1);
	unsetenv("REBIND_PORT_OLD");
	unsetenv("REBIND_PORT_NEW");
	unsetenv("REBIND_RESERVED");
	unsetenv("REBIND_REPORT");
	unsetenv("REBIND_REPORT_KEY");
	chosen[0] = chosen[1] = 0;
}

static inline int sock_open(int family, bool v6only)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = v6only;
	assert_true(fd >= 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
	return fd;
}

/* An address of IPv4, or of IPv6 when it has a colon. */
static inline socklen_t where_text(union where *w, const char *text, uint16_t port)
{
	memset(w, 0, sizeof *w);
	if (strchr(text, ':')) {
		w->sa.sa_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &w->in6.sin6_addr), 1);
	} else {
		w->sa.sa_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &w->in.sin_addr), 1);
	}
	where_set_port(w, port);
	return where_len(w);
}

static inline int bind_text(int fd, const char *text, uint16_t port)
{
	union where w;
	socklen_t len = where_text(&w, text, port);
	return bind(fd, &w.sa, len);
}

/* Where the socket is, for the test to compare; its port. */
static inline uint16_t sock_at(int fd, char text[INET6_ADDRSTRLEN])
{
	union where w;
	socklen_t len = sizeof w;
	assert_int_equal(getsockname(fd, &w.sa, &len), 0);
	assert_int_equal(len, where_len(&w));
	const void *at = w.sa.sa_family == AF_INET ? (void *)&w.in.sin_addr : &w.in6.sin6_addr;
	assert_non_null(inet_ntop(w.sa.sa_family, at, text, INET6_ADDRSTRLEN));
	return where_port(&w);
}

static inline void assert_at(int fd, const char *text)
{
	char got[INET6_ADDRSTRLEN];
	assert_int_not_equal(sock_at(fd, got), 0);
	assert_string_equal(got, text);
}

static inline uint16_t port_of(int fd)
{
	char got[INET6_ADDRSTRLEN];
	return sock_at(fd, got);
}

/* A port of `text` that nobody uses: none of those that the kernel gives away (32768 and up), so that
 * nobody has it by accident a moment later either. */
static inline uint16_t port_free(const char *text)
{
	enum { FIRST = 20000, PORTS = 12000 };

	for (unsigned i = 0; i < PORTS; i++) {
		uint16_t port = (uint16_t)(FIRST + ((unsigned)getpid() * 7 + i) % PORTS);
		union where w;
		socklen_t len = where_text(&w, text, port);
		int fd = sock_open(w.sa.sa_family, true), r = raw_bind(fd, &w, len);
		close(fd);
		if (r == 0)
			return port;
	}
	fail_msg("no free port of %s", text);
	return 0;
}

#endif
