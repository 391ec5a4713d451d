/* Reaching a backend.
 *
 *   dial_start ─► numeric or unix ───────────────► try_next ─► attempt ─► attempt …
 *              └► a name ─► resolve (thread pool) ─┘   ▲          │
 *                                                      │          ├─ connected: the others go
 *                                  250 ms, or failed ──┘          └─ all failed, or dial_ms over
 *                                                                          │
 *                                       fn(owner, link or why) ◄── defer ◄─┘
 *
 * A `struct dial` lives until its owner has been told or has lost interest. What libuv still
 * holds then (a poll handle that is closing, a look-up in a thread) is an object of its own.
 */
#include "io/dial.h"

#include "dial_priv.h"
#include "io/tcp_link.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { STAGGER_MS = 250 };

struct dial {
	struct loop *loop;
	const struct target *target;
	struct dialed *dialed;
	struct resolve *resolve; /* under way, or NULL */
	struct list attempts;    /* connecting */
	struct timer deadline, stagger;
	struct defer done;
	struct dial_addrs addrs; /* those from `next` on are untried; unused for unix */
	unsigned next;
	int fd;  /* connected, or -1 */
	int err; /* why not, so far */
};

struct resolve {
	uv_getaddrinfo_t uv;
	struct dial *dial; /* NULL: nobody waits for it any more */
};

struct attempt {
	struct list node;
	uv_poll_t poll;
	struct dial *dial;
	int fd;
	union dial_addr addr;
};

static void try_next(struct dial *d);

/* ---- the end of a dial ---- */

static void on_attempt_closed(uv_handle_t *h)
{
	free(h->data);
}

/* Takes the descriptor out and lets the attempt go. */
static int attempt_end(struct attempt *a)
{
	int fd = a->fd;
	list_drop(&a->node);
	uv_close((uv_handle_t *)&a->poll, on_attempt_closed);
	return fd;
}

/* Nothing of it goes on, whatever has been reached so far. */
static void dial_quiet(struct dial *d)
{
	timer_stop(&d->deadline);
	timer_stop(&d->stagger);
	while (!list_empty(&d->attempts))
		close(attempt_end(LIST_OF(d->attempts.next, struct attempt, node)));
	if (d->resolve) {
		d->resolve->dial = NULL;
		uv_cancel((uv_req_t *)&d->resolve->uv); /* may be too late: then it just ends */
		d->resolve = NULL;
	}
}

static void won(struct dial *d, int fd)
{
	dial_quiet(d);
	d->fd = fd;
	defer_post(&d->loop->defer, &d->done);
}

static void failed(struct dial *d, int err)
{
	dial_quiet(d);
	d->err = err;
	defer_post(&d->loop->defer, &d->done);
}

static void on_deadline(void *owner)
{
	failed(owner, -ECANCELED);
}

static void on_done(void *owner)
{
	struct dial *d = owner;
	struct dialed *to = d->dialed;
	struct link *link = NULL;
	struct why why = {0};
	if (d->fd >= 0) {
		d->err = tcp_link_open(&link, d->loop, d->fd, d->target->kind == TARGET_UNIX,
		                       "backend");
		if (d->err < 0)
			close(d->fd);
	}
	if (!link)
		why = dial_why(d->target, d->err, d->loop->env.limits->dial_ms);
	to->dial = NULL;
	free(d);
	to->fn(to->owner, link, link ? NULL : &why);
}

/* ---- one address ---- */

/* Whether a connect in progress has come to an end: 0, -EALREADY, or what went wrong. Linux
 * answers a second connect with just that, in one call; that it has a peer is cheaper to ask. */
static int check(int fd, const union dial_addr *w)
{
	union dial_addr peer;
	socklen_t len = sizeof peer;
	if (getpeername(fd, &peer.sa, &len) == 0)
		return 0;
	return connect(fd, &w->sa, sizeof *w) < 0 && errno != EISCONN ? -errno : 0;
}

static void on_writable(uv_poll_t *h, int status, int events)
{
	struct attempt *a = h->data;
	struct dial *d = a->dial;
	(void)status; /* POLLERR is reported as UV_EBADF: ask the socket */
	(void)events;
	loop_tick(d->loop);
	int r = check(a->fd, &a->addr);
	if (r == -EALREADY && status == 0)
		return;
	int fd = attempt_end(a);
	if (r == 0) {
		won(d, fd);
		return;
	}
	close(fd);
	if (dial_says_more(d->err, r))
		d->err = r;
	try_next(d);
}

/* Waits for a connect in progress; fd is the attempt's if this is 0. */
static int attempt_start(struct dial *d, int fd, const union dial_addr *w)
{
	struct attempt *a = calloc(1, sizeof *a);
	if (!a)
		return -ENOMEM;
	int r = uv_poll_init(&d->loop->uv, &a->poll, fd);
	if (r < 0) {
		free(a);
		return r;
	}
	a->poll.data = a;
	a->dial = d;
	a->fd = fd;
	a->addr = *w;
	list_init(&a->node);
	r = uv_poll_start(&a->poll, UV_WRITABLE, on_writable);
	if (r < 0) {
		uv_close((uv_handle_t *)&a->poll, on_attempt_closed);
		return r;
	}
	list_add(&d->attempts, &a->node);
	return 0;
}

static bool is_near(const union dial_addr *w)
{
	if (w->sa.sa_family == AF_INET)
		return ntohl(w->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&w->in6.sin6_addr);
}

/* 1: connected (d->fd), 0: in progress, or -errno. On the same machine a connect in progress is
 * over before it has returned; asking once more saves the whole way through poll. */
static int try_tcp(struct dial *d, const union dial_addr *w)
{
	int fd = socket(w->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sock_tune(fd, is_near(w) ? SOCK_NEAR : SOCK_BACKEND);
	int r = connect(fd, &w->sa, sizeof *w) < 0 ? -errno : 0;
	if (r == -EINPROGRESS)
		r = check(fd, w);
	if (r == -EALREADY)
		r = attempt_start(d, fd, w);
	else if (r == 0) {
		won(d, fd);
		return 1;
	}
	if (r < 0)
		close(fd);
	return r;
}

/* Likewise. A unix connect never is in progress: EAGAIN says that the backlog is full, and then
 * there is nothing to poll for. */
static int try_unix(struct dial *d)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	memcpy(un.sun_path, d->target->host, strlen(d->target->host));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	won(d, fd);
	return 1;
}

/* ---- all addresses ---- */

static void wait_stagger(struct dial *d)
{
	timer_arm(&d->loop->timers, &d->stagger, TIMER_STAGGER, STAGGER_MS);
}

static void try_unix_again(struct dial *d)
{
	int r = try_unix(d);
	if (r == -EAGAIN)
		wait_stagger(d);
	else if (r < 0)
		failed(d, r);
}

/* Starts the next attempt that does not fail at once. */
static void try_next(struct dial *d)
{
	timer_stop(&d->stagger);
	while (d->next < d->addrs.n) {
		int r = try_tcp(d, &d->addrs.at[d->next++]);
		if (r == 0 && d->next < d->addrs.n)
			wait_stagger(d);
		if (r >= 0)
			return;
		if (dial_says_more(d->err, r))
			d->err = r;
	}
	if (list_empty(&d->attempts))
		failed(d, d->err);
}

static void on_stagger(void *owner)
{
	struct dial *d = owner;
	if (d->target->kind == TARGET_UNIX)
		try_unix_again(d);
	else
		try_next(d);
}

/* ---- names ---- */

static void on_resolved(uv_getaddrinfo_t *uv, int status, struct addrinfo *list)
{
	struct resolve *r = LIST_OF(uv, struct resolve, uv);
	struct loop *l = uv->loop->data;
	struct dial *d = r->dial;
	l->busy--;
	loop_tick(l);
	if (d) {
		d->resolve = NULL;
		if (status == 0)
			dial_addrs_from(&d->addrs, list, d->target->port);
		if (d->addrs.n)
			try_next(d);
		else
			failed(d, status < 0 ? status : UV_EAI_NONAME);
	}
	uv_freeaddrinfo(list);
	free(r);
}

/* Without AI_ADDRCONFIG: an address that cannot be reached fails at once anyway, and the flag has
 * a history of hiding the loopback addresses of machines without a network. */
static int resolve_start(struct dial *d)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct resolve *r = calloc(1, sizeof *r);
	if (!r)
		return -ENOMEM;
	r->dial = d;
	int err = uv_getaddrinfo(&d->loop->uv, &r->uv, on_resolved, d->target->host, NULL, &hints);
	if (err < 0) {
		free(r);
		return err;
	}
	d->loop->busy++;
	d->resolve = r;
	return 0;
}

/* ---- the interface ---- */

static void begin(struct dial *d)
{
	if (d->target->kind == TARGET_UNIX) {
		try_unix_again(d);
		return;
	}
	dial_addrs_numeric(&d->addrs, d->target->host, d->target->port);
	if (d->addrs.n) {
		try_next(d);
		return;
	}
	int r = resolve_start(d);
	if (r < 0)
		failed(d, r);
}

int dial_start(struct env *env, const struct target *t, struct dialed *to)
{
	size_t room =
		t->kind == TARGET_UNIX ? sizeof((struct sockaddr_un *)0)->sun_path : TARGET_HOST;
	if ((t->kind != TARGET_TCP && t->kind != TARGET_UNIX) || strlen(t->host) >= room)
		return -EINVAL;
	struct dial *d = calloc(1, sizeof *d);
	if (!d)
		return -ENOMEM;
	d->loop = loop_of(env);
	d->target = t;
	d->dialed = to;
	d->fd = -1;
	list_init(&d->attempts);
	timer_init(&d->deadline, on_deadline, d);
	timer_init(&d->stagger, on_stagger, d);
	defer_init(&d->done, on_done, d);
	to->dial = d;
	timer_arm(env->timers, &d->deadline, TIMER_DIAL, env->limits->dial_ms);
	begin(d);
	return 0;
}

void dial_stop(struct env *env, struct dialed *to)
{
	struct dial *d = to->dial;
	(void)env;
	if (!d)
		return;
	to->dial = NULL;
	dial_quiet(d);
	defer_drop(&d->done);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}
