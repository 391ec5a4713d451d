/* Signals through libuv's self-pipe: handlers run on the loop, not in a signal's context. */
#include "io/sigs.h"

#include "loop_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct sigs {
	struct loop *loop;
	void (*got)(void *owner, int signum);
	void *owner;
	unsigned n, open; /* watched; handles not yet closed */
	bool stopped;
	uv_signal_t handles[];
};

static void on_signal(uv_signal_t *h, int signum)
{
	struct sigs *s = h->data;
	loop_tick(s->loop);
	s->got(s->owner, signum);
}

static void on_closed(uv_handle_t *h)
{
	struct sigs *s = h->data;
	if (--s->open == 0)
		free(s);
}

int sigs_ignore(int signum)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	return sigaction(signum, &ignore, NULL) < 0 ? -errno : 0;
}

int sigs_start(struct sigs **ret, struct loop *l, const int *signums, unsigned n,
               void (*got)(void *owner, int signum), void *owner)
{
	int r = sigs_ignore(SIGPIPE); /* a peer that is gone must be an EPIPE, not a death */
	if (r < 0)
		return r;
	struct sigs *s = calloc(1, sizeof *s + n * sizeof *s->handles);
	if (!s)
		return -ENOMEM;
	s->loop = l;
	s->got = got;
	s->owner = owner;
	for (unsigned i = 0; i < n && r == 0; i++) {
		r = uv_signal_init(&l->uv, &s->handles[i]);
		if (r < 0)
			break;
		s->n++;
		s->handles[i].data = s;
		r = uv_signal_start(&s->handles[i], on_signal, signums[i]);
	}
	if (r < 0) {
		sigs_stop(s);
		return r;
	}
	*ret = s;
	return 0;
}

void sigs_stop(struct sigs *s)
{
	if (!s || s->stopped)
		return;
	s->stopped = true;
	s->open = s->n;
	if (s->n == 0)
		free(s);
	else
		for (unsigned i = s->n; i-- > 0;)
			uv_close((uv_handle_t *)&s->handles[i], on_closed);
}
