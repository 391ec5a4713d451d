/* reserve: see the header. */
#include "io/reserve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TRIES = 64,
	LOWEST = 10000,
	CALM = 2000 /* ports below the range are enough to choose from */
};

union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t where_make(union where *w, int family, uint16_t port)
{
	*w = (union where){0};
	if (family == AF_INET6) {
		w->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
		                               .sin6_port = htons(port),
		                               .sin6_addr = in6addr_loopback};
		return sizeof w->in6;
	}
	w->in = (struct sockaddr_in){.sin_family = AF_INET,
	                             .sin_port = htons(port),
	                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return sizeof w->in;
}

/* The descriptor, or -errno. */
static int bind_loopback(int family, uint16_t port, bool reuse)
{
	const int on = 1;
	union where w;
	socklen_t len = where_make(&w, family, port);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if ((reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
	    bind(fd, &w.sa, len) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static bool no_such_family(int err)
{
	return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL || err == -EPROTONOSUPPORT;
}

static int port_of(int fd, uint16_t *ret)
{
	union where w;
	socklen_t len = sizeof w;
	if (getsockname(fd, &w.sa, &len) < 0)
		return -errno;
	*ret = ntohs(w.sa.sa_family == AF_INET6 ? w.in6.sin6_port : w.in.sin_port);
	return 0;
}

/* port 0: the kernel's choice. */
static int reserve_try(struct reserve *r, uint16_t port, bool reuse)
{
	r->fds[1] = -1;
	r->fds[0] = bind_loopback(AF_INET, port, reuse);
	if (r->fds[0] < 0)
		return r->fds[0];
	int err = port_of(r->fds[0], &r->port);
	if (err == 0)
		r->fds[1] = bind_loopback(AF_INET6, r->port, reuse);
	if (err == 0 && r->fds[1] < 0 && !no_such_family(r->fds[1]))
		err = r->fds[1];
	if (err < 0)
		reserve_close(r);
	return err;
}

int reserve_open(struct reserve *r)
{
	int err = -EADDRINUSE;
	for (int i = 0; i < TRIES && err == -EADDRINUSE; i++)
		err = reserve_try(r, 0, true);
	return err;
}

void reserve_close(struct reserve *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->fds[i] >= 0)
			close(r->fds[i]);
		r->fds[i] = -1;
	}
}

/* Where the ports begin that connections are given; 0: not known. */
static unsigned local_range(void)
{
	char text[64] = "";
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof text, f))
		text[0] = 0;
	fclose(f);
	return (unsigned)strtoul(text, NULL, 10);
}

int reserve_pick(uint16_t *ret, uint32_t seed)
{
	struct reserve r = {.fds = {-1, -1}};
	unsigned below = local_range();
	int err = -EADDRINUSE;
	for (uint32_t i = 0; i < TRIES && err == -EADDRINUSE; i++) {
		uint32_t at = seed + i * 7919u; /* a prime: far from where the last one was taken */
		bool choose = below >= LOWEST + CALM && below <= UINT16_MAX;
		err = reserve_try(&r, choose ? (uint16_t)(LOWEST + at % (below - LOWEST)) : 0,
		                  false);
	}
	if (err < 0)
		return err;
	*ret = r.port;
	reserve_close(&r);
	return 0;
}
