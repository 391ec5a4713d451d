/* Opening TCP listening sockets. Start-up code: it may block, and it says what is wrong.
 *
 *   host ─► candidates (numeric, or what the name resolves to, or "all": [::] then 0.0.0.0)
 *        ─► the first that is an address of this machine
 *        ─► bind without SO_REUSEPORT: EADDRINUSE if anybody has it, another websplice included
 *        ─► SO_REUSEPORT on it, and one more socket for each further worker
 */
#include "io/listen.h"

#include "listen_priv.h"
#include "loop_priv.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CANDIDATES = 16 };

union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct candidates {
	union where at[CANDIDATES];
	unsigned n;
};

static socklen_t where_len(const union where *w)
{
	return w->sa.sa_family == AF_INET6 ? sizeof w->in6 : sizeof w->in;
}

static uint16_t where_port(const union where *w)
{
	return ntohs(w->sa.sa_family == AF_INET6 ? w->in6.sin6_port : w->in.sin_port);
}

int listen_fail(struct listen_err *e, int err, const char *fmt, ...)
{
	struct str s;
	va_list ap;
	str_init(&s, e->text, e->cap);
	va_start(ap, fmt);
	str_vfmt(&s, fmt, ap);
	va_end(ap);
	return err;
}

/* Adds the addresses of one family, in the resolver's order. */
static void add_family(struct candidates *c, const struct addrinfo *list, int family)
{
	for (const struct addrinfo *a = list; a && c->n < CANDIDATES; a = a->ai_next) {
		if (a->ai_family != family || a->ai_addrlen > sizeof c->at[0])
			continue;
		memcpy(&c->at[c->n++], a->ai_addr, a->ai_addrlen);
	}
}

static void all_addresses(struct candidates *c, uint16_t port)
{
	c->n = 2;
	c->at[0].in6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
	c->at[1].in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
}

static int find_addresses(struct candidates *c, const struct listen_at *at, struct listen_err *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char service[8];
	c->n = 0;
	if (!at->host || !*at->host) {
		all_addresses(c, at->port);
		return 0;
	}
	snprintf(service, sizeof service, "%u", at->port);
	int r = getaddrinfo(at->host, service, &hints, &list);
	if (r != 0)
		return listen_fail(e, -EADDRNOTAVAIL,
		                   "the address %.128s to listen on cannot be found (%s): give an "
		                   "address of this machine",
		                   at->host, gai_strerror(r));
	add_family(c, list, at->prefer_ipv6 ? AF_INET6 : AF_INET);
	add_family(c, list, at->prefer_ipv6 ? AF_INET : AF_INET6);
	freeaddrinfo(list);
	return 0;
}

/* [::] takes IPv4 as well, whatever the system's default is. */
static int open_socket(const union where *w)
{
	const int on = 1, off = 0;
	int fd = socket(w->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Without it a restart would wait for the old connections' TIME_WAIT. On Linux it does not
	 * let two sockets listen on one port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    (w->sa.sa_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0)) {
		int err = -errno;
		close(fd);
		return err;
	}
	sock_tune(fd, SOCK_CLIENT);
	return fd;
}

static int share_port(int fd)
{
	const int on = 1;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ? -errno : 0;
}

/* A bound and listening socket; *w learns the real port. shared: many may have the port;
 * first of them: nobody else may have it before us. */
static int open_one(union where *w, bool shared, bool first)
{
	int fd = open_socket(w), r = 0;
	if (fd < 0)
		return fd;
	if (shared && !first)
		r = share_port(fd);
	if (r == 0 && bind(fd, &w->sa, where_len(w)) < 0)
		r = -errno;
	if (r == 0 && shared && first)
		r = share_port(fd);
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = -errno;
	socklen_t len = sizeof *w;
	if (r == 0 && getsockname(fd, &w->sa, &len) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static void close_all(struct listen_set *s)
{
	while (s->n)
		close(s->fds[--s->n]);
}

static int open_set(struct listen_set *s, union where *w, unsigned workers)
{
	for (s->n = 0; s->n < workers; s->n++) {
		int fd = open_one(w, workers > 1, s->n == 0);
		if (fd < 0) {
			close_all(s);
			return fd;
		}
		s->fds[s->n] = fd;
	}
	return 0;
}

/* This address is not there, the next one may be. */
static bool is_elsewhere(int err)
{
	return err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT || err == -EPROTONOSUPPORT;
}

static int explain(struct listen_err *e, int err, const struct listen_at *at, const char *ip)
{
	bool all = !at->host || !*at->host;
	const char *on = all ? "" : " on ";
	ip = all ? "" : ip;
	switch (err) {
	case -EADDRINUSE:
		return listen_fail(e, err,
		                   "port %u is in use%s%s: stop the other program or choose "
		                   "another port",
		                   at->port, on, ip);
	case -EACCES:
		return listen_fail(
			e, err,
			"no permission to listen on port %u%s%s: choose a port from 1024 "
			"up, or grant CAP_NET_BIND_SERVICE",
			at->port, on, ip);
	case -EADDRNOTAVAIL:
		return listen_fail(
			e, err,
			"%s is not an address of this machine: choose one that `ip addr` "
			"shows, or none for all",
			all ? "[::]" : ip);
	default:
		return listen_fail(e, err, "cannot listen on port %u%s%s: %s", at->port, on, ip,
		                   why_errno(err));
	}
}

static int open_tcp(struct listen_set *s, const struct listen_at *at, unsigned workers,
                    struct listen_err *e)
{
	struct candidates c;
	char text[ADDR_TEXT] = "";
	int r = find_addresses(&c, at, e);
	if (r < 0)
		return r;
	r = -EADDRNOTAVAIL;
	for (unsigned i = 0; i < c.n && is_elsewhere(r); i++) {
		struct addr a = addr_from(&c.at[i].sa);
		addr_ip_text(&a, text);
		r = open_set(s, &c.at[i], workers);
		if (r < 0)
			continue;
		s->port = where_port(&c.at[i]);
		a.port = s->port;
		snprintf(s->name, sizeof s->name, "%s", addr_text(&a, text));
	}
	return r < 0 ? explain(e, r, at, text) : 0;
}

int listen_open(struct listen_set *ret, const struct listen_at *at, unsigned workers, char *err,
                size_t err_cap)
{
	struct listen_set s = {0};
	struct listen_err e = {.text = err, .cap = err_cap};
	if (workers < 1 || workers > LISTEN_WORKERS)
		return listen_fail(&e, -EINVAL, "the number of workers must be 1 to %d",
		                   LISTEN_WORKERS);
	int r = at->path ? listen_open_unix(&s, at, &e) : open_tcp(&s, at, workers, &e);
	if (r == 0)
		*ret = s;
	return r;
}

void listen_let_go(struct listen_set *s)
{
	close_all(s);
}

void listen_close(struct listen_set *s)
{
	close_all(s);
	listen_unlink(s);
}
