/* Receiving and ending; tcp_priv.h says how the parts go together. */
#include "tcp_priv.h"

#include "sock_io.h"

#include <errno.h>
#include <stdlib.h>

int tcp_fd(const struct tcp_link *t)
{
	uv_os_fd_t fd = -1;
	uv_fileno((const uv_handle_t *)&t->uv, &fd);
	return fd;
}

int tcp_pending_error(const struct tcp_link *t)
{
	int err = 0;
	socklen_t len = sizeof err;
	if (getsockopt(tcp_fd(t), SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

/* ---- the end ---- */

static void on_uv_closed(uv_handle_t *h)
{
	struct tcp_link *t = h->data;
	loop_tick(tcp_loop(t));
	bufq_clear(&t->out, &tcp_loop(t)->pool);
	t->link.queued = 0;
	t->link.ev->closed(t->link.owner);
	free(t);
}

static void cut(struct tcp_link *t)
{
	if (t->cut)
		return;
	t->cut = true;
	t->reading = false;
	timer_stop(&t->timer);
	defer_drop(&t->broken);
	tcp_bulk_free(t);
	uv_close((uv_handle_t *)&t->uv, on_uv_closed);
}

/* Tells libuv, too. */
static void stop_reading(struct tcp_link *t)
{
	if (t->reading)
		uv_read_stop(tcp_stream(t));
	t->reading = false;
}

static struct why lost_why(const struct tcp_link *t, int err)
{
	switch (err) {
	case -ECONNRESET:
	case -EPIPE:
	case -ENOTCONN:
		return why_make(WHY_TCP, 1011, 502, err, "%s reset the connection", t->peer);
	case -ETIMEDOUT:
		return why_make(WHY_TCP, 1011, 504, err, "%s does not answer any more", t->peer);
	default:
		return why_make(WHY_TCP, 1011, 502, err, "connection to the %s failed: %s", t->peer,
		                why_errno(err));
	}
}

/* From the loop only. */
static void tell_lost(struct tcp_link *t, const struct why *w)
{
	t->lost = true;
	t->link.shut = true;
	if (!t->err)
		t->err = (int16_t)w->err;
	stop_reading(t);
	tcp_drop(t);
	timer_stop(&t->timer);
	defer_drop(&t->broken);
	t->link.ev->lost(t->link.owner, w);
}

static void tell_lost_err(struct tcp_link *t, int err)
{
	struct why w = lost_why(t, t->err ? t->err : err);
	tell_lost(t, &w);
}

int tcp_break(struct tcp_link *t, int err)
{
	if (!t->err)
		t->err = (int16_t)err;
	t->link.shut = true;
	tcp_drop(t);
	timer_stop(&t->timer);
	defer_post(&tcp_loop(t)->defer, &t->broken);
	return t->err;
}

/* Whether the peer may have sent something before it went, which the owner has not got yet. An
 * error that is ours alone (no memory) says nothing about the peer and waits for nothing. */
static bool input_left(const struct tcp_link *t)
{
	char c;
	if (t->eof || (t->err != -EPIPE && t->err != -ECONNRESET && t->err != -ETIMEDOUT))
		return false;
	return (t->reading && t->room > 0) || sock_recv(tcp_fd(t), &c, 1, MSG_PEEK) > 0;
}

static void on_broken(void *owner)
{
	struct tcp_link *t = owner;
	struct loop *l = tcp_loop(t);
	if (t->closing)
		cut(t);
	else if (input_left(t))
		timer_arm(&l->timers, &t->timer, TIMER_STALL, l->env.limits->stall_ms);
	else
		tell_lost_err(t, t->err);
}

void tcp_end_if_done(struct tcp_link *t)
{
	struct loop *l = tcp_loop(t);
	if (t->fin && (t->eof || t->link.parted))
		cut(t);
	else if (t->fin && !timer_armed(&t->timer))
		timer_arm(&l->timers, &t->timer, TIMER_CLOSE, l->env.limits->close_ms);
}

/* ---- reading ---- */

/* recv says 0 of an end in order, and of a connection whose error a send was told. Linux calls that
 * one EPIPE when the FIN came first (tcp_reset in CLOSE_WAIT): then the end was in order, too. An
 * error nobody was told yet would have come instead of the 0, had the FIN not been first; it is
 * about our own bytes, which have nowhere to go. */
static void on_eof(struct tcp_link *t)
{
	t->eof = true;
	stop_reading(t);
	if (t->closing) {
		tcp_end_if_done(t);
		return;
	}
	if (t->err && t->err != -EPIPE) {
		tell_lost_err(t, t->err);
		return;
	}
	int err = t->err ? t->err : tcp_pending_error(t);
	if (err)
		tcp_break(t, err);
	t->link.ev->eof(t->link.owner);
}

/* One recv into the scratch; whether it was full. */
static bool read_once(struct tcp_link *t)
{
	struct loop *l = tcp_loop(t);
	uint8_t *to = l->scratch + LINK_HEADROOM;
	size_t room = t->room;
	ssize_t n = sock_recv(tcp_fd(t), to, room, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false; /* a signal: poll tells again */
	if (n == 0) {
		on_eof(t);
	} else if (t->closing) {
		if (n < 0)
			cut(t);
	} else if (n < 0) {
		tell_lost_err(t, -errno);
	} else {
		if (t->err) /* the last bytes of a peer that is gone: no stall */
			timer_arm(&l->timers, &t->timer, TIMER_STALL, l->env.limits->stall_ms);
		tcp_bulk_heard(t, (size_t)n);
		t->link.ev->bytes(t->link.owner, span_of(to, (size_t)n));
	}
	return n == (ssize_t)room;
}

/* We read by ourselves: recv costs less than the read of libuv, tells a reset from an end (libuv
 * calls both one after a hang-up) and is one a turn: beside a download at full speed a keystroke's
 * echo takes 0.26 ms then, with four in a row 0.68, and the download costs 1 % more. Bulk input, which
 * was let gather for more than one, is two. Without a buffer libuv says that there is something
 * (UV_ENOBUFS), and no more. */
static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	(void)h;
	(void)suggested;
	*buf = uv_buf_init(NULL, 0);
}

static void on_readable(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct tcp_link *t = s->data;
	(void)n;
	(void)buf;
	loop_tick(tcp_loop(t));
	if (t->room == 0)
		stop_reading(t);
	else if (read_once(t) && t->lull && t->reading && t->room > 0)
		read_once(t);
}

static void start_reading(struct tcp_link *t)
{
	if (t->reading)
		return;
	int err = uv_read_start(tcp_stream(t), on_alloc, on_readable);
	if (err < 0)
		tcp_break(t, err);
	else
		t->reading = true;
}

static void tcp_read(struct link *link, size_t room)
{
	struct tcp_link *t = tcp_of(link);
	if (t->eof || t->lost || t->closing)
		return;
	/* A pause is mostly over before anything comes, so libuv is not told (two system calls);
	 * if something does come there is no room for it, and then libuv stops. */
	t->room = room < READ_ROOM ? (uint32_t)room : READ_ROOM;
	if (room > 0)
		start_reading(t);
}

/* ---- ending ---- */

static void tcp_finish(struct link *link, const struct why *why)
{
	struct tcp_link *t = tcp_of(link);
	(void)why; /* FIN has no words */
	if (t->err || t->finishing || t->closing)
		return;
	t->finishing = true;
	if (link->queued == 0)
		tcp_fin(t);
}

static void reset(struct tcp_link *t)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	if (!t->is_unix)
		(void)setsockopt(tcp_fd(t), SOL_SOCKET, SO_LINGER, &now, sizeof now);
	t->closing = true;
	cut(t);
}

static void tcp_close(struct link *link, bool hard)
{
	struct tcp_link *t = tcp_of(link);
	if (t->cut)
		return;
	if (hard) {
		reset(t);
		return;
	}
	if (t->closing)
		return;
	if (!(link->parted && link->queued == 0)) /* else close(2) sends the FIN */
		tcp_finish(link, NULL);
	t->closing = true;
	if (t->err || !t->finishing) {
		cut(t);
		return;
	}
	t->room = READ_ROOM;
	if (!t->eof)
		start_reading(t);
	tcp_end_if_done(t);
}

/* The deadline. libuv says how much of a write is still to go, so a peer that takes a few bytes a
 * minute is slow, not stalled. */
static void on_timer(void *owner)
{
	struct tcp_link *t = owner;
	struct loop *l = tcp_loop(t);
	if (!t->err && t->writing && uv_stream_get_write_queue_size(tcp_stream(t)) < t->unsent) {
		tcp_arm_stall(t);
		return;
	}
	if (t->closing) {
		cut(t);
		return;
	}
	if (t->err) {
		tell_lost_err(t, t->err);
		return;
	}
	struct why w = why_make(WHY_TCP, 1011, 504, -ETIMEDOUT, "%s took no data for %u s", t->peer,
	                        (unsigned)(l->env.limits->stall_ms + 999) / 1000);
	metric_add(&l->metrics, METRIC_DEADLINE, 1);
	tell_lost(t, &w);
}

static const struct link_ops tcp_ops = {
	.send = tcp_send,
	.read = tcp_read,
	.finish = tcp_finish,
	.close = tcp_close,
};

static void on_never_opened(uv_handle_t *h)
{
	free(h->data);
}

int tcp_link_open(struct link **ret, struct loop *l, int fd, bool is_unix, const char *peer)
{
	struct tcp_link *t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	int err = uv_tcp_init(&l->uv, &t->uv);
	if (err < 0) {
		free(t);
		return err;
	}
	t->uv.data = t;
	err = uv_tcp_open(&t->uv, fd);
	if (err < 0) {
		uv_close((uv_handle_t *)&t->uv, on_never_opened);
		return err;
	}
	t->link.ops = &tcp_ops;
	t->peer = peer;
	t->is_unix = is_unix;
	timer_init(&t->timer, on_timer, t);
	defer_init(&t->broken, on_broken, t);
	*ret = &t->link;
	return 0;
}
