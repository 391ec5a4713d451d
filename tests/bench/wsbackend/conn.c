/* One connection of the backend: its socket, what waits to be sent, its end. */
#include "backend.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_SPARE = 4096, OUT_KEEP = 65536 };

void conn_open(struct backend *b, int fd)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->backend = b;
	c->fd = fd;
	c->events = EPOLLIN;
	b->accepted++;
	b->open_n++;
	c->next = b->open;
	c->here = &b->open;
	if (c->next)
		c->next->here = &c->next;
	b->open = c;
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		abort();
	if (b->greet) {
		conn_queue(c, "RFB 003.008\n", 12);
		stream_pump(c);
	}
}

static void leave_paced(struct conn *c)
{
	for (struct conn **p = &c->backend->paced; *p; p = &(*p)->next_paced) {
		if (*p == c) {
			*p = c->next_paced;
			return;
		}
	}
}

/* The memory goes at the end of the turn: epoll may have another event for it. */
void conn_drop(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	close(c->fd);
	free(c->out);
	c->out = NULL;
	leave_paced(c);
	*c->here = c->next;
	if (c->next)
		c->next->here = c->here;
	c->backend->open_n--;
	c->next_grave = c->backend->graves;
	c->backend->graves = c;
}

void conn_want(struct conn *c, uint32_t events)
{
	if (c->events == events)
		return;
	struct epoll_event e = {.events = events, .data.ptr = c};
	epoll_ctl(c->backend->epoll, EPOLL_CTL_MOD, c->fd, &e);
	c->events = events;
}

void conn_queue(struct conn *c, const void *at, size_t n)
{
	if (c->out_off) {
		c->out_len -= c->out_off;
		memmove(c->out, c->out + c->out_off, c->out_len);
		c->out_off = 0;
	}
	if (c->out_cap < c->out_len + n) {
		c->out_cap = c->out_len + n + OUT_SPARE;
		c->out = realloc(c->out, c->out_cap);
		if (!c->out)
			abort();
	}
	memcpy(c->out + c->out_len, at, n);
	c->out_len += n;
}

int conn_flush(struct conn *c)
{
	while (c->out_off < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0) {
			conn_drop(c);
			return -1;
		}
		c->out_off += (size_t)n;
	}
	c->out_off = c->out_len = 0;
	if (c->out_cap > OUT_KEEP) {
		free(c->out);
		c->out = NULL;
		c->out_cap = 0;
	}
	return 1;
}
