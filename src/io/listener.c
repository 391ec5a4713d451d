/* Accepting. Not uv_listen: libuv closes connections on EMFILE by its own rules, and hides the
 * peer's address behind one more system call.
 *
 *   readable ─► accept4, `burst` times ─► accepted(link, peer)
 *                  │ EMFILE ENFILE ENOBUFS ENOMEM
 *                  ▼
 *            turn one away with the reserve ─► pause a second ─► again
 *
 * `burst` is one as long as connections come one at a time, and doubles, up to ACCEPT_TURN, while
 * more wait than that: no call just to hear that nobody waits. The poll is level-triggered.
 *
 * Turning one away matters: the head of the backlog would otherwise wait for us without an answer
 * for as long as descriptors are short.
 */
#include "io/listen.h"

#include "io/tcp_link.h"
#include "loop_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPT_TURN = 64, PAUSE_MS = 1000 };

struct listener {
	uv_poll_t poll;
	struct loop *loop;
	struct timer pause;
	int fd, reserve; /* reserve: -1 while there is none to be had */
	bool stopped;
	uint8_t burst; /* how many to take this turn */
	void (*accepted)(void *owner, struct link *link, const struct addr *peer);
	void (*shed)(void *owner, int err);
	void *owner;
};

static void watch(struct listener *s);

static void fill_reserve(struct listener *s)
{
	if (s->reserve < 0)
		s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void shed_one(struct listener *s)
{
	if (s->reserve < 0)
		return;
	close(s->reserve);
	s->reserve = -1;
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		metric_add(&s->loop->metrics, METRIC_SHED, 1);
	}
	fill_reserve(s);
}

static void on_pause_over(void *owner)
{
	struct listener *s = owner;
	fill_reserve(s);
	watch(s);
}

/* Descriptors, memory, or something that is not to be expected: in all cases not now. */
static void out_of(struct listener *s, int err)
{
	if (err == -EMFILE || err == -ENFILE)
		shed_one(s);
	uv_poll_stop(&s->poll);
	timer_arm(&s->loop->timers, &s->pause, TIMER_PAUSE, PAUSE_MS);
	if (s->shed)
		s->shed(s->owner, err);
}

static void adopt(struct listener *s, int fd, const struct sockaddr *sa)
{
	struct link *link = NULL;
	struct addr peer = addr_from(sa);
	if (tcp_link_open(&link, s->loop, fd, sa->sa_family == AF_UNIX, "client") < 0) {
		close(fd);
		metric_add(&s->loop->metrics, METRIC_SHED, 1);
		return;
	}
	metric_add(&s->loop->metrics, METRIC_ACCEPTED, 1);
	s->accepted(s->owner, link, &peer);
}

/* accept(2) also reports what happened to the one connection it would have returned: that one is
 * gone, the next may be well. */
static bool is_passing(int err)
{
	switch (err) {
	case ECONNABORTED:
	case EINTR:
	case EPROTO:
	case EPERM:
	case ETIMEDOUT:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP: return true;
	default: return false;
	}
}

/* One connection: 1, or 0 when there is none, or -errno. */
static int accept_one(struct listener *s)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} peer = {.sa.sa_family = AF_UNSPEC};
	socklen_t len = sizeof peer;
	int fd = accept4(s->fd, &peer.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 && errno == EAGAIN)
		return 0;
	if (fd < 0)
		return is_passing(errno) ? 1 : -errno;
	adopt(s, fd, &peer.sa);
	return 1;
}

static void on_readable(uv_poll_t *h, int status, int events)
{
	struct listener *s = h->data;
	(void)events;
	loop_tick(s->loop);
	if (status < 0) { /* libuv has stopped watching (POLLERR) */
		out_of(s, status);
		return;
	}
	for (unsigned i = 0; i < s->burst && !s->stopped; i++) {
		int r = accept_one(s);
		if (r < 0)
			out_of(s, r);
		if (r <= 0) {
			s->burst = 1;
			return;
		}
	}
	s->burst = s->burst < ACCEPT_TURN ? s->burst * 2 : ACCEPT_TURN;
}

static void watch(struct listener *s)
{
	(void)uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

static void on_closed(uv_handle_t *h)
{
	struct listener *s = h->data;
	close(s->fd);
	if (s->reserve >= 0)
		close(s->reserve);
	free(s);
}

int listener_start(struct listener **ret, struct loop *l, int fd,
                   void (*accepted)(void *owner, struct link *link, const struct addr *peer),
                   void *owner)
{
	struct listener *s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int r = s->fd < 0 ? -errno : uv_poll_init(&l->uv, &s->poll, s->fd);
	if (r < 0) {
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		return r;
	}
	s->poll.data = s;
	s->loop = l;
	s->reserve = -1;
	s->burst = 1;
	s->accepted = accepted;
	s->owner = owner;
	timer_init(&s->pause, on_pause_over, s);
	fill_reserve(s);
	watch(s);
	*ret = s;
	return 0;
}

void listener_on_shed(struct listener *s, void (*fn)(void *owner, int err))
{
	s->shed = fn;
}

void listener_stop(struct listener *s)
{
	if (!s || s->stopped)
		return;
	s->stopped = true;
	timer_stop(&s->pause);
	uv_close((uv_handle_t *)&s->poll, on_closed);
}
