/* rebind: bind() for LD_PRELOAD. A program that wants the old port on any address gets the new port
 * on loopback instead, where nobody outside reaches it and a proxy takes its place on the old one.
 *
 *   REBIND_OLD_PORT=5901 REBIND_NEW_PORT=41234 LD_PRELOAD=…/rebind.so Xvnc :1
 *
 *   the program binds                       the kernel is asked for
 *     0.0.0.0:5901, 192.0.2.7:5901            127.0.0.1:41234
 *     [::]:5901 with IPV6_V6ONLY, [::1]:5901  [::1]:41234
 *     [::]:5901 without it                    [::ffff:127.0.0.1]:41234
 *     [::ffff:192.0.2.7]:5901                 [::ffff:127.0.0.1]:41234
 *     anything else                           the same
 *
 * A socket for [::] that takes IPv4 as well cannot be bound to both loopback addresses. It keeps
 * IPv4, so that 127.0.0.1 is where to connect to, whatever kind of socket the program uses; and a
 * later bind to 0.0.0.0 fails with EADDRINUSE, as it does without the shim. Programs that want
 * both families on sockets of their own (Xvnc, x11vnc, sshd) set IPV6_V6ONLY and keep both.
 *
 * Both variables are also known as REBIND_PORT_OLD and REBIND_PORT_NEW; the first spelling wins.
 * They are read at every call. OLD is 1 to 65535, NEW 0 to 65535, digits and nothing else, or the
 * shim does nothing. NEW 0 is a free port: the first bind decides which, later ones and those of
 * forked children take the same number, in the other family as well unless it is taken there.
 * Programs it executes know nothing of that; where several look at one port (vncserver sees whether
 * its Xvnc is up by trying to bind), NEW has to be a number. What was decided is reported (report.h).
 *
 * REBIND_RESERVED, when not empty, says that whoever set the variables keeps NEW from being given to
 * somebody else, on 127.0.0.1 and on ::1, by sockets that are bound with SO_REUSEADDR and never
 * listen. Then moved sockets get SO_REUSEADDR too, so that they may be bound beside those; a second
 * bind fails as before once the first socket listens.
 *
 * getsockname is left to tell the truth, for programs that say where they are or connect to
 * themselves, although the few that compare it with what they asked for give up.
 *
 * Moved are stream sockets only. What the kernel would refuse, or take for another address than
 * ours, goes to it as it is, so its errno is the program's. When a moved bind fails, it fails: it
 * never falls back to where others could reach it. errno changes only when a call fails.
 *
 * The library's next bind is called, not the kernel's: other shims (authbind) keep working. It is
 * looked up at the first call, which allocates nothing and runs no constructor; two threads that
 * look at once find the same. Where there is none, the system call does.
 *
 * The only memory are the port that 0 stood for and who is choosing it.
 */
#include "report.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* An IPv6 address without its scope, which the kernel takes as well (RFC 2133). */
enum { IN6_SHORT = offsetof(struct sockaddr_in6, sin6_scope_id) };
/* How long a thread waits for another one that is choosing the port. */
enum { PATIENCE_MS = 1000 };

struct move {
	int old_port, new_port;
	bool reserved;
};

typedef int bind_fn(int fd, const struct sockaddr *addr, socklen_t len);
typedef int listen_fn(int fd, int backlog);

/* ---- what is asked for ---- */

/* -1 when it is not wholly decimal or too big. */
static int port_parse(const char *text)
{
	int n = 0;
	if (!text || !*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (*text - '0');
		if (n > UINT16_MAX)
			return -1;
	}
	return n;
}

/* Not for programs with more rights than their caller: nobody may move their ports. */
static const char *either(const char *name, const char *other)
{
	const char *value = secure_getenv(name);
	return value ? value : secure_getenv(other);
}

static bool move_asked(struct move *ret)
{
	ret->old_port = port_parse(either("REBIND_OLD_PORT", "REBIND_PORT_OLD"));
	ret->new_port = port_parse(either("REBIND_NEW_PORT", "REBIND_PORT_NEW"));
	const char *reserved = secure_getenv("REBIND_RESERVED");
	ret->reserved = reserved && *reserved;
	return ret->old_port > 0 && ret->new_port >= 0;
}

/* ---- addresses ---- */

static int sock_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;
	return getsockopt(fd, level, name, &value, &len) < 0 ? -1 : value;
}

/* Takes an address the kernel would take. AF_UNSPEC with 0.0.0.0 is one: it means AF_INET. */
static bool where_take(union where *w, const struct sockaddr *addr, socklen_t len)
{
	if (!addr || len < sizeof w->in || len > sizeof(struct sockaddr_storage))
		return false;
	memset(w, 0, sizeof *w);
	memcpy(w, addr, len < sizeof *w ? len : sizeof *w);
	if (w->sa.sa_family == AF_UNSPEC && w->in.sin_addr.s_addr == htonl(INADDR_ANY))
		w->sa.sa_family = AF_INET;
	return w->sa.sa_family == AF_INET || (w->sa.sa_family == AF_INET6 && len >= IN6_SHORT);
}

static uint16_t where_port(const union where *w)
{
	return ntohs(w->sa.sa_family == AF_INET6 ? w->in6.sin6_port : w->in.sin_port);
}

static void where_set_port(union where *w, uint16_t port)
{
	if (w->sa.sa_family == AF_INET6)
		w->in6.sin6_port = htons(port);
	else
		w->in.sin_port = htons(port);
}

static socklen_t where_len(const union where *w)
{
	return w->sa.sa_family == AF_INET6 ? sizeof w->in6 : sizeof w->in;
}

/* Bound to this address, the socket of IPv6 takes IPv4. A socket that does not say whether it is
 * for IPv6 only is taken for one. */
static bool takes_ipv4(int fd, const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a) ||
	       (IN6_IS_ADDR_UNSPECIFIED(a) && sock_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0);
}

static void where_to_loopback(union where *w, int fd)
{
	static const struct in6_addr mapped = {
		.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	union where to = {.sa.sa_family = w->sa.sa_family};
	if (w->sa.sa_family == AF_INET)
		to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		to.in6.sin6_addr = takes_ipv4(fd, &w->in6.sin6_addr) ? mapped : in6addr_loopback;
	*w = to;
}

/* What the kernel says the socket is bound to, if that is loopback. */
static bool where_of(union where *w, int fd)
{
	socklen_t len = sizeof *w;
	if (getsockname(fd, &w->sa, &len) < 0 || len > sizeof *w)
		return false;
	if (w->sa.sa_family == AF_INET)
		return w->in.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return w->sa.sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(&w->in6.sin6_addr) ||
	        (IN6_IS_ADDR_V4MAPPED(&w->in6.sin6_addr) &&
	         w->in6.sin6_addr.s6_addr32[3] == htonl(INADDR_LOOPBACK)));
}

/* ---- the library's own ---- */

static int next_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	static _Atomic(bind_fn *) next;
	bind_fn *fn = next;
	if (!fn) {
		*(void **)(void *)&fn = dlsym(RTLD_NEXT, "bind");
		next = fn;
	}
	return fn ? fn(fd, addr, len) : (int)syscall(SYS_bind, fd, addr, len);
}

static int next_listen(int fd, int backlog)
{
	static _Atomic(listen_fn *) next;
	listen_fn *fn = next;
	if (!fn) {
		*(void **)(void *)&fn = dlsym(RTLD_NEXT, "listen");
		next = fn;
	}
	return fn ? fn(fd, backlog) : (int)syscall(SYS_listen, fd, backlog);
}

/* ---- a port of the kernel's choice ---- */

/* What 0 stood for on 127.0.0.1 and on ::1, 0 while that is open; and who is choosing. */
static _Atomic uint16_t chosen[2];
static atomic_flag choosing = ATOMIC_FLAG_INIT;

static int slot(const union where *w)
{
	return w->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&w->in6.sin6_addr);
}

static int bind_port(int fd, union where *w, uint16_t port)
{
	where_set_port(w, port);
	return next_bind(fd, &w->sa, where_len(w));
}

/* A millisecond, with nothing in it that a cancelled thread could end in. */
static void nap(void)
{
	static const long ms[2] = {0, 1000000};
	syscall(SYS_nanosleep, ms, NULL);
}

/* True when it is our turn, false when somebody has chosen meanwhile. Whoever has the turn never
 * ends it when we are a signal handler above it or a child forked beside it: then patience ends and
 * the turn is ours. */
static bool choosing_enter(const _Atomic uint16_t *own)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (*own)
			return false;
		if (!atomic_flag_test_and_set(&choosing))
			return true;
		nap();
	}
	return true;
}

static int bind_choose(int fd, union where *w)
{
	uint16_t other = chosen[!slot(w)];
	int rc = bind_port(fd, w, other);
	if (rc < 0 && errno == EADDRINUSE && other)
		rc = bind_port(fd, w, 0);
	union where got;
	if (rc == 0 && where_of(&got, fd))
		chosen[slot(w)] = where_port(&got);
	return rc;
}

static int bind_any(int fd, union where *w)
{
	_Atomic uint16_t *own = &chosen[slot(w)];
	if (*own)
		return bind_port(fd, w, *own);
	bool turn = choosing_enter(own);
	int rc = *own ? bind_port(fd, w, *own) : bind_choose(fd, w);
	if (turn)
		atomic_flag_clear(&choosing);
	return rc;
}

/* ---- the two calls ---- */

static int bind_fixed(int fd, union where *w, const struct move *m)
{
	int on = 1;
	if (m->reserved)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind_port(fd, w, (uint16_t)m->new_port);
}

static int bind_moved(int fd, union where *w, const struct move *m)
{
	where_to_loopback(w, fd);
	int rc = m->new_port ? bind_fixed(fd, w, m) : bind_any(fd, w);
	int error = errno;
	union where got;
	if (rc < 0)
		report_send(&(struct report){.event = "fail", .where = w, .error = error});
	else if (where_of(&got, fd))
		report_send(&(struct report){.event = "bind", .where = &got});
	errno = error;
	return rc;
}

#pragma GCC diagnostic ignored "-Wpedantic" /* glibc declares bind with a union of addresses */
EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct move m;
	union where w;
	int error = errno;
	int rc;
	if (move_asked(&m) && where_take(&w, addr, len) && where_port(&w) == m.old_port &&
	    sock_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM)
		rc = bind_moved(fd, &w, &m);
	else
		rc = next_bind(fd, addr, len);
	if (rc == 0)
		errno = error;
	return rc;
}

static bool is_moved(int fd, union where *w)
{
	struct move m;
	if (!move_asked(&m) || !where_of(w, fd))
		return false;
	return where_port(w) == (m.new_port ? m.new_port : chosen[slot(w)]);
}

EXPORT int listen(int fd, int backlog)
{
	union where w;
	int error = errno;
	int rc = next_listen(fd, backlog);
	if (rc < 0)
		return rc;
	if (is_moved(fd, &w))
		report_send(&(struct report){.event = "listen", .where = &w});
	errno = error;
	return rc;
}
