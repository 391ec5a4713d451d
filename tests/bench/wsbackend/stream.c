/* What a connection does after its command: bytes that arrive are checked or sent back, bytes of
 * the pattern are sent as fast as the socket takes them, or in bursts.
 */
#include "backend.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { READS_A_TURN = 4, SEND_A_TURN = 1 << 20 };

static void refuse(struct conn *c, const char *what)
{
	fprintf(stderr, "wsbackend: %s: '%.80s'\n", what, c->line);
	c->backend->bad++;
	conn_drop(c);
}

/* The client gets to know, if it still listens. */
static void say_bad(struct conn *c, uint64_t off)
{
	char line[64];
	int n = snprintf(line, sizeof line, "BAD %llu\n", (unsigned long long)off);
	conn_queue(c, line, (size_t)n);
	c->backend->bad++;
	if (conn_flush(c) >= 0)
		conn_drop(c);
}

/* How many bytes belonged to the line. */
static size_t take_line(struct conn *c, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (at[i] == '\n') {
			c->line[c->line_n] = 0;
			if (!command_take(c))
				refuse(c, "no such command");
			return i + 1;
		}
		if (c->line_n == sizeof c->line - 1) {
			c->line[c->line_n] = 0;
			refuse(c, "no command line");
			return i;
		}
		c->line[c->line_n++] = (char)at[i];
	}
	return n;
}

static void take_echo(struct conn *c, const uint8_t *at, size_t n)
{
	if (!conn_waits(c)) {
		ssize_t sent = send(c->fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			conn_drop(c);
			return;
		}
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		}
	}
	if (n)
		conn_queue(c, at, n);
}

static void take_stream(struct conn *c, const uint8_t *at, size_t n)
{
	int64_t wrong = pattern_check(&c->backend->pattern, c->rx_phase, c->rx_off, at, n);
	if (c->rx_off + n > c->rx_total) {
		fprintf(stderr, "wsbackend: %llu bytes too many\n",
		        (unsigned long long)(c->rx_off + n - c->rx_total));
		say_bad(c, c->rx_total);
	} else if (wrong >= 0) {
		say_bad(c, c->rx_off + (uint64_t)wrong);
	} else {
		c->rx_off += n;
	}
}

static void take(struct conn *c, const uint8_t *at, size_t n)
{
	if (c->task == TASK_LINE) {
		size_t k = take_line(c, at, n);
		at += k;
		n -= k;
	}
	if (c->dead || !n)
		return;
	if (c->task == TASK_ECHO)
		take_echo(c, at, n);
	else
		take_stream(c, at, n);
}

void stream_readable(struct conn *c)
{
	struct backend *b = c->backend;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = recv(c->fd, b->in, sizeof b->in, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 || (n == 0 && c->task != TASK_ECHO)) {
			conn_drop(c);
			return;
		}
		if (n == 0) {
			c->rx_eof = true;
			break;
		}
		take(c, b->in, (size_t)n);
		if (c->dead)
			return;
		if ((size_t)n < sizeof b->in)
			break;
	}
	stream_pump(c);
}

bool stream_rests(const struct conn *c)
{
	return c->burst && c->tx_off % c->burst == 0 && now_ns() < c->due_ns;
}

/* How many bytes the next write may have. */
static uint64_t piece(const struct conn *c)
{
	uint64_t n = c->tx_total - c->tx_off;
	if (c->burst && n > c->burst - c->tx_off % c->burst)
		n = c->burst - c->tx_off % c->burst;
	return c->chunk && n > c->chunk ? c->chunk : n;
}

/* At most SEND_A_TURN bytes: the others want a turn as well, and EPOLLOUT comes again.
 * -1: dropped. */
static int send_stream(struct conn *c)
{
	uint64_t end = c->tx_off + SEND_A_TURN;
	while (c->tx_off < c->tx_total && c->tx_off < end && !stream_rests(c)) {
		size_t k;
		const uint8_t *at = pattern_at(&c->backend->pattern, c->tx_phase, c->tx_off,
		                               (size_t)piece(c), &k);
		ssize_t n = send(c->fd, at, k, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0) {
			conn_drop(c);
			return -1;
		}
		c->tx_off += (uint64_t)n;
		if (c->burst && c->tx_off % c->burst == 0)
			c->due_ns = c->first_ns + c->tx_off / c->burst * c->every_ns;
		if ((size_t)n < k)
			return 0;
	}
	return 0;
}

static bool all_done(const struct conn *c)
{
	return c->tx_off == c->tx_total && c->rx_off == c->rx_total;
}

/* The line at the end, once. */
static void acknowledge(struct conn *c)
{
	char line[64];
	int n;
	if (c->acked || !all_done(c) || !(c->want_ack || c->burst))
		return;
	if (c->want_ack)
		n = snprintf(line, sizeof line, "OK %llu\n", (unsigned long long)c->rx_total);
	else
		n = snprintf(line, sizeof line, "T %llu\n", (unsigned long long)c->first_ns);
	conn_queue(c, line, (size_t)n);
	c->acked = true;
}

/* Closes what is at its end, and tells epoll what the rest waits for. */
static void settle(struct conn *c)
{
	bool streams = c->task == TASK_STREAM;
	bool more = conn_waits(c) || (streams && c->tx_off < c->tx_total && !stream_rests(c));
	if (!more && streams && c->close_first && all_done(c)) {
		conn_drop(c);
		return;
	}
	if (c->rx_eof && !conn_waits(c)) {
		conn_drop(c);
		return;
	}
	bool full = c->task == TASK_ECHO && c->out_len - c->out_off > ECHO_MAX;
	conn_want(c, (more ? EPOLLOUT : 0) | (c->rx_eof || full ? 0 : EPOLLIN));
}

void stream_pump(struct conn *c)
{
	if (c->dead)
		return;
	int clear = conn_flush(c);
	if (clear < 0)
		return;
	if (clear && c->task == TASK_STREAM && !c->acked && send_stream(c) < 0)
		return;
	if (c->task == TASK_STREAM)
		acknowledge(c);
	if (conn_waits(c) && conn_flush(c) < 0)
		return;
	settle(c);
}
