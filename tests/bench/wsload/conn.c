/* One connection: its socket, what waits to be sent, its beginning and end. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_SPARE = 256 };

/* All that belongs to one life; the buffers and the ticket are kept for the next. */
static void begin_again(struct conn *c)
{
	c->state = CONN_DIAL;
	c->done = c->bye_sent = false;
	c->out_len = c->out_off = 0;
	c->in = (struct frame_in){0};
	c->tx_off = c->tx_total = c->rx_off = c->rx_total = 0;
	c->ack_n = c->greet_n = 0;
	c->echoes = 0;
	c->sent.first = c->sent.n = 0;
	c->start_ns = now_ns();
}

static int open_socket(const struct options *o)
{
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (o->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o->congestion,
	                                (socklen_t)strlen(o->congestion)) < 0) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int conn_open(struct conn *c)
{
	struct load *w = c->load;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(w->o.port)};
	begin_again(c);
	c->fd = open_socket(&w->o);
	if (c->fd < 0) {
		fault_add(w, c, "socket: %s", strerror(-c->fd));
		c->state = CONN_DEAD;
		return -EIO;
	}
	inet_pton(AF_INET, w->o.host, &a.sin_addr);
	if (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) {
		fault_add(w, c, "connect: %s", strerror(errno));
		conn_free(c);
		return -EIO;
	}
	struct epoll_event e = {.events = c->events = EPOLLOUT, .data.ptr = c};
	epoll_ctl(w->epoll, EPOLL_CTL_ADD, c->fd, &e);
	return 0;
}

void conn_free(struct conn *c)
{
	if (c->ssl)
		tls_free(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	free(c->head);
	c->head = NULL;
	c->head_n = 0;
	c->state = CONN_DEAD;
}

void conn_want(struct conn *c, uint32_t events)
{
	if (c->events == events || c->fd < 0)
		return;
	struct epoll_event e = {.events = events, .data.ptr = c};
	epoll_ctl(c->load->epoll, EPOLL_CTL_MOD, c->fd, &e);
	c->events = events;
}

static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

ssize_t conn_read(struct conn *c, void *at, size_t n)
{
	return c->ssl ? tls_read(c, at, n) : result(recv(c->fd, at, n, 0));
}

ssize_t conn_write(struct conn *c, const void *at, size_t n)
{
	return c->ssl ? tls_write(c, at, n) : result(send(c->fd, at, n, MSG_NOSIGNAL));
}

uint8_t *conn_room(struct conn *c, size_t n)
{
	if (c->out_off) {
		c->out_len -= c->out_off;
		memmove(c->out, c->out + c->out_off, c->out_len);
		c->out_off = 0;
	}
	if (c->out_cap - c->out_len < n) {
		c->out_cap = c->out_len + n + OUT_SPARE;
		c->out = realloc(c->out, c->out_cap);
		if (!c->out)
			abort();
	}
	return c->out + c->out_len;
}

/* Frames of the up stream, as many as fit, at least one. */
static void fill(struct conn *c)
{
	const struct options *o = &c->load->o;
	while (c->tx_off < c->tx_total) {
		uint64_t n = c->tx_total - c->tx_off;
		if (n > o->frame)
			n = o->frame;
		if (c->out_len > c->out_off && c->out_len - c->out_off + n > OUT_ROOM)
			return;
		frame_put_pattern(c, (size_t)n);
	}
}

static void write_failed(struct conn *c, int error)
{
	if (c->state != CONN_CLOSING) {
		c->load->resets++;
		fault_add(c->load, c, "write: %s", strerror(error));
	}
	conn_done(c);
	conn_free(c);
}

void conn_flush(struct conn *c)
{
	for (;;) {
		if (c->out_len == c->out_off) {
			c->out_len = c->out_off = 0;
			if (c->state == CONN_RUN)
				fill(c);
		}
		if (c->out_len == 0) {
			conn_want(c, EPOLLIN);
			return;
		}
		ssize_t n = conn_write(c, c->out + c->out_off, c->out_len - c->out_off);
		if (n == -EAGAIN) {
			conn_want(c, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0) {
			write_failed(c, (int)-n);
			return;
		}
		c->out_off += (size_t)n;
	}
}

void conn_finish(struct conn *c)
{
	static const uint8_t normal[2] = {1000 >> 8, 1000 & 255};
	if (c->state >= CONN_CLOSING)
		return;
	c->state = CONN_CLOSING;
	c->close_ns = now_ns();
	if (!c->load->o.raw && !c->bye_sent) {
		frame_put(c, OP_CLOSE, normal, sizeof normal);
		c->bye_sent = true;
	}
	conn_flush(c);
	if (!c->load->o.raw || c->state == CONN_DEAD)
		return;
	if (c->ssl)
		SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
}

void conn_done(struct conn *c)
{
	if (c->done || c->state != CONN_RUN)
		return;
	c->done = true;
	c->load->running--;
	c->load->data_end_ns = now_ns();
}
