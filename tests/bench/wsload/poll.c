/* Events of the sockets, and waiting for them. */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 256, READS_A_TURN = 4 };

/* The other side has ended: in order if it was its turn to. */
static void on_end(struct conn *c, int error)
{
	struct load *w = c->load;
	if (c->state == CONN_CLOSING && w->o.mode == MODE_CHURN) {
		session_over(c);
		return;
	}
	if (c->state == CONN_CLOSING || c->done) {
		if (w->o.mode == MODE_IDLE && c->state != CONN_CLOSING)
			w->closed_early++;
		conn_free(c);
		return;
	}
	if (error)
		w->resets++;
	fault_add(w, c, "%s before the end (rx %llu of %llu, tx %llu)",
	          error ? strerror(error) : "end of stream", (unsigned long long)c->rx_off,
	          (unsigned long long)c->rx_total, (unsigned long long)c->tx_off);
	conn_done(c);
	conn_free(c);
}

static void take(struct conn *c, size_t n)
{
	struct load *w = c->load;
	if (c->state == CONN_UPGRADE)
		upgrade_take(c, w->in, n);
	else if (w->o.raw)
		payload_take(c, w->in, n);
	else
		frame_take(c, w->in, n);
}

/* TLS is read to the end: what OpenSSL holds, epoll does not tell. */
static void on_readable(struct conn *c)
{
	for (int i = 0; c->state != CONN_DEAD; i++) {
		ssize_t n = conn_read(c, c->load->in, READ_ROOM);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			on_end(c, (int)-n);
			return;
		}
		take(c, (size_t)n);
		if (!c->ssl && (n < READ_ROOM || i + 1 == READS_A_TURN))
			return;
	}
}

static void on_connected(struct conn *c)
{
	int error = 0;
	socklen_t len = sizeof error;
	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		fault_add(c->load, c, "connect: %s", strerror(error));
		conn_free(c);
	} else if (c->load->o.tls) {
		tls_begin(c);
		tls_shake(c);
	} else if (c->load->o.raw) {
		conn_want(c, EPOLLIN);
		upgrade_done(c);
	} else {
		upgrade_send(c);
		conn_flush(c);
	}
}

static void on_event(struct conn *c, uint32_t events)
{
	if (c->state == CONN_DIAL) {
		on_connected(c);
		return;
	}
	if (c->state == CONN_TLS) {
		tls_shake(c);
		if (c->state != CONN_TLS && c->state != CONN_DEAD)
			on_readable(c);
		return;
	}
	if (c->state != CONN_DEAD && events & EPOLLOUT)
		conn_flush(c);
	if (c->state != CONN_DEAD && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_readable(c);
}

void poll_once(struct load *w, uint64_t wait_ns)
{
	struct epoll_event e[EVENTS_A_TURN];
	struct timespec wait = {(time_t)(wait_ns / SECOND_NS), (long)(wait_ns % SECOND_NS)};
	int n = epoll_pwait2(w->epoll, e, EVENTS_A_TURN, &wait, NULL);
	for (int i = 0; i < n; i++)
		on_event(e[i].data.ptr, e[i].events);
}

/* Pings are answered meanwhile. */
void poll_until_line(struct load *w, double seconds)
{
	uint64_t end = after_s(now_ns(), seconds);
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];
	while (now_ns() < end) {
		if (poll(&in, 1, 0) > 0) {
			if (read(STDIN_FILENO, line, sizeof line) < 0)
				fault_add(w, NULL, "standard input: %s", strerror(errno));
			return;
		}
		poll_once(w, 20 * MS_NS);
	}
}
