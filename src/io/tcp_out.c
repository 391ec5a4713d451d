/* Sending; tcp_priv.h says how the parts go together. */
#include "tcp_priv.h"

#include "sock_io.h"

#include <errno.h>

enum { PUMP_IOV = 32 };

/* A peer is swift after so many writes in a row that each took at most QUICK_MS, until one takes more
 * than SLOW_MS: about 32 and 16 MB/s, since the kernel waits for half of its limit (io/sock.c). One
 * alone says nothing: an acknowledgement may have come just then. */
enum { QUICK_ENOUGH = 8, QUICK_MS = 2, SLOW_MS = 16 };

void tcp_drop(struct tcp_link *t)
{
	t->link.queued = 0;
	t->full = false;
	if (!t->writing)
		bufq_clear(&t->out, &tcp_loop(t)->pool);
}

/* The front of `out` as iovecs; their number. */
static unsigned gather(const struct tcp_link *t, uv_buf_t *iov, unsigned max, size_t *ret_bytes)
{
	unsigned n = 0;
	*ret_bytes = 0;
	for (const struct buf *b = t->out.head; b && n < max; b = b->next) {
		struct span s = buf_data(b);
		if (!s.len)
			continue;
		iov[n++] = uv_buf_init((char *)s.at, (unsigned)s.len);
		*ret_bytes += s.len;
	}
	return n;
}

void tcp_arm_stall(struct tcp_link *t)
{
	struct loop *l = tcp_loop(t);
	t->unsent = (uint32_t)uv_stream_get_write_queue_size(tcp_stream(t));
	timer_arm(&l->timers, &t->timer, TIMER_STALL, l->env.limits->stall_ms);
}

static void on_written(uv_write_t *w, int status);

/* Has libuv write the front of `out` when the socket is writable again. */
static int write_start(struct tcp_link *t)
{
	uv_buf_t iov[WRITE_IOV];
	struct write_req *r = loop_req_take(tcp_loop(t));
	if (!r)
		return tcp_break(t, -ENOMEM);
	unsigned n = gather(t, iov, WRITE_IOV, &r->bytes);
	r->uv.data = t;
	r->since = tcp_loop(t)->timers.now;
	int err = uv_write(&r->uv, tcp_stream(t), iov, n, on_written);
	if (err < 0) {
		loop_req_give(tcp_loop(t), r);
		return tcp_break(t, err);
	}
	t->writing = true;
	tcp_arm_stall(t);
	return 0;
}

void tcp_fin(struct tcp_link *t)
{
	t->fin = true;
	if (shutdown(tcp_fd(t), SHUT_WR) == 0)
		return;
	int err = errno == ENOTCONN ? tcp_pending_error(t) : -errno;
	tcp_break(t, err ? err : -ECONNRESET);
}

/* The queue has shrunk. */
static void progress(struct tcp_link *t)
{
	bool low = t->full && t->link.queued < LINK_LOW;
	if (low)
		t->full = false;
	if (t->link.queued == 0) {
		timer_stop(&t->timer);
		if (t->finishing && !t->fin)
			tcp_fin(t);
	}
	if (t->closing)
		tcp_end_if_done(t);
	else if (low || (t->finishing && t->link.queued == 0))
		t->link.ev->drained(t->link.owner);
}

/* Moves what the socket takes; 0 or -errno. */
static int pump(struct tcp_link *t)
{
	size_t offered = 0;
	while (t->out.bytes) {
		uv_buf_t iov[PUMP_IOV];
		unsigned n = gather(t, iov, PUMP_IOV, &offered);
		int taken = uv_try_write(tcp_stream(t), iov, n);
		if (taken == UV_EAGAIN)
			break;
		if (taken < 0)
			return taken;
		bufq_drop(&t->out, &tcp_loop(t)->pool, (size_t)taken);
		if ((size_t)taken < offered)
			break;
	}
	return 0;
}

/* What a write took says how fast the peer is. */
static void judge(struct tcp_link *t, uint64_t took)
{
	bool swift = t->quick == QUICK_ENOUGH;
	if (took > (swift ? SLOW_MS : QUICK_MS))
		t->quick = 0;
	else if (!swift)
		t->quick++;
	if (swift != (t->quick == QUICK_ENOUGH))
		sock_pace(tcp_fd(t), !swift);
}

static void on_written(uv_write_t *w, int status)
{
	struct write_req *r = LIST_OF(w, struct write_req, uv);
	struct tcp_link *t = w->data;
	struct loop *l = tcp_loop(t);
	size_t bytes = r->bytes;
	loop_tick(l);
	uint64_t took = l->timers.now - r->since;
	loop_req_give(l, r);
	t->writing = false;
	if (t->cut)
		return; /* cancelled by uv_close: the rest happens in on_uv_closed */
	if (t->err) {
		tcp_drop(t);
		return;
	}
	if (status == 0) {
		bufq_drop(&t->out, &l->pool, bytes);
		judge(t, took);
		status = pump(t);
	}
	if (status < 0) {
		tcp_break(t, status);
		return;
	}
	t->link.queued = t->out.bytes;
	if (t->link.queued && write_start(t) < 0)
		return;
	progress(t);
}

/* What the socket takes at once, or -errno. With MSG_MORE the last bytes wait for the FIN and
 * travel with it: one segment less at the end of every session. */
static int send_now(struct tcp_link *t, struct span s, unsigned flags)
{
	int more = flags & SEND_LAST ? MSG_MORE : 0;
	ssize_t n = sock_send(tcp_fd(t), s.at, s.len, more);
	return n < 0 ? -errno : (int)n;
}

int tcp_send(struct link *link, struct span s, unsigned flags)
{
	struct tcp_link *t = tcp_of(link);
	if (t->err || t->finishing || t->closing)
		return t->err ? t->err : -EPIPE;
	if (s.len == 0)
		return 0;
	if (link->queued == 0) {
		int taken = send_now(t, s, flags);
		if (taken < 0 && taken != UV_EAGAIN)
			return tcp_break(t, taken);
		if (taken > 0)
			span_take(&s, (size_t)taken);
		if (s.len == 0)
			return 0;
	}
	if (bufq_put(&t->out, &tcp_loop(t)->pool, s) < 0)
		return tcp_break(t, -ENOMEM);
	link->queued = t->out.bytes;
	t->full = t->full || link->queued >= LINK_LOW;
	return t->writing ? 0 : write_start(t);
}
