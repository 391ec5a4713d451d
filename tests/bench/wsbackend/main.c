/* wsbackend: the TCP server behind the proxy under test, the counterpart of wsload. One thread,
 * epoll. The first line of a connection says what it does: see command.c.
 *
 *   wsbackend -p PORT [-h ADDRESS] [-g] [-C NAME]
 *
 *   -p  port, 0 for any free one; "listening PORT" is printed
 *   -h  address to listen on (127.0.0.1)
 *   -g  greet with 12 bytes: a server that speaks first, as RFB does
 *   -C  congestion control of its sockets
 *
 * Ends on SIGTERM, SIGINT, or with its parent; the exit code is 1 if a connection sent wrong bytes.
 */
#include "backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, ACCEPTS_A_TURN = 64, EVENTS_A_TURN = 256, SECOND_NS = 1000000000 };

struct wish {
	const char *host, *congestion;
	uint16_t port;
};

static int usage(void)
{
	fputs("usage: wsbackend -p PORT [-h ADDRESS] [-g] [-C CONGESTION-CONTROL]\n", stderr);
	return 2;
}

static int parse(int argc, char **argv, struct backend *b, struct wish *w)
{
	int o;
	while ((o = getopt(argc, argv, "p:h:gC:")) != -1) {
		switch (o) {
		case 'p': w->port = (uint16_t)strtoul(optarg, NULL, 10); break;
		case 'h': w->host = optarg; break;
		case 'g': b->greet = true; break;
		case 'C': w->congestion = optarg; break;
		default: return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

/* Accepted sockets have the listener's congestion control. */
static int listen_at(struct backend *b, const struct wish *w)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(w->port)};
	socklen_t len = sizeof a;
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, w->host, &a.sin_addr) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (w->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, w->congestion,
	                                (socklen_t)strlen(w->congestion)) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	printf("listening %d\n", ntohs(a.sin_port));
	fflush(stdout);
	b->listener = fd;
	return 0;
}

static int catch_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void accept_some(struct backend *b)
{
	const int one = 1;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		conn_open(b, fd);
	}
}

static bool between_bursts(const struct conn *c)
{
	return c->tx_off < c->tx_total && c->tx_off % c->burst == 0;
}

/* Sends the bursts that are due; how long until the next one. */
static struct timespec pace(struct backend *b)
{
	uint64_t now = now_ns(), wait = SECOND_NS;
	for (struct conn *c = b->paced, *next; c; c = next) {
		next = c->next_paced;
		if (between_bursts(c) && c->due_ns <= now)
			stream_pump(c);
	}
	now = now_ns();
	for (struct conn *c = b->paced; c; c = c->next_paced) {
		uint64_t left = c->due_ns > now ? c->due_ns - now : 0;
		if (between_bursts(c) && left < wait)
			wait = left;
	}
	return (struct timespec){(time_t)(wait / SECOND_NS), (long)(wait % SECOND_NS)};
}

static void on_event(struct conn *c, uint32_t events)
{
	if (!c->dead && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		stream_readable(c);
	if (!c->dead && events & EPOLLOUT)
		stream_pump(c);
}

static void bury(struct backend *b)
{
	while (b->graves) {
		struct conn *c = b->graves;
		b->graves = c->next_grave;
		free(c);
	}
}

/* Until a signal comes. */
static void serve(struct backend *b)
{
	struct epoll_event e[EVENTS_A_TURN];
	for (bool stop = false; !stop;) {
		struct timespec wait = pace(b);
		int n = epoll_pwait2(b->epoll, e, EVENTS_A_TURN, &wait, NULL);
		for (int i = 0; i < n; i++) {
			if (e[i].data.ptr == &b->signals)
				stop = true;
			else if (e[i].data.ptr == &b->listener)
				accept_some(b);
			else
				on_event(e[i].data.ptr, e[i].events);
		}
		bury(b);
	}
}

static void watch(struct backend *b, int *fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = fd};
	if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, *fd, &e) < 0)
		abort();
}

int main(int argc, char **argv)
{
	struct wish w = {.host = "127.0.0.1"};
	struct backend *b = calloc(1, sizeof *b);
	if (!b || parse(argc, argv, b, &w) < 0) {
		free(b);
		return usage();
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_TIMERSLACK, 1);
	pattern_init(&b->pattern);
	b->signals = catch_signals();
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listen_at(b, &w) < 0) {
		perror("wsbackend");
		free(b);
		return 1;
	}
	watch(b, &b->listener);
	watch(b, &b->signals);
	serve(b);
	uint64_t left = b->open_n;
	while (b->open)
		conn_drop(b->open);
	bury(b);
	int code = b->bad != 0;
	fprintf(stderr, "wsbackend: accepted %llu bad %llu open %llu\n",
	        (unsigned long long)b->accepted, (unsigned long long)b->bad,
	        (unsigned long long)left);
	free(b);
	return code;
}
