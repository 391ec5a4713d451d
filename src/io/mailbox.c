/* mailbox: see the header. */
#include "io/mailbox.h"

#include "loop_priv.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LETTERS_A_TURN = 64 };

struct mailbox {
	uv_poll_t poll; /* first */
	struct loop *loop;
	void (*got)(void *owner, struct span letter);
	void *owner;
	int fd;
	char name[MAILBOX_NAME];
};

static void on_letters(uv_poll_t *h, int status, int events)
{
	struct mailbox *m = h->data;
	uint8_t letter[MAILBOX_LETTER];
	(void)status;
	(void)events;
	loop_tick(m->loop);
	for (int i = 0; i < LETTERS_A_TURN; i++) {
		ssize_t n = recv(m->fd, letter, sizeof letter, MSG_DONTWAIT);
		if (n < 0)
			return;
		m->got(m->owner, span_of(letter, (size_t)n));
	}
}

static void on_closed(uv_handle_t *h)
{
	struct mailbox *m = h->data;
	close(m->fd);
	free(m);
}

static int bind_name(struct mailbox *m)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t n = strlen(m->name);
	memcpy(un.sun_path, m->name, n);
	un.sun_path[0] = 0; /* the @ */
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->fd < 0)
		return -errno;
	return bind(m->fd, (struct sockaddr *)&un, len) < 0 ? -errno : 0;
}

int mailbox_open(struct mailbox **ret, struct loop *l, void (*got)(void *owner, struct span letter),
                 void *owner)
{
	struct mailbox *m = calloc(1, sizeof *m);
	uint64_t random[2];
	if (!m)
		return -ENOMEM;
	m->loop = l;
	m->got = got;
	m->owner = owner;
	l->env.random(&l->env, random, sizeof random);
	snprintf(m->name, sizeof m->name, "@websplice-%016llx%016llx",
	         (unsigned long long)random[0], (unsigned long long)random[1]);
	int err = bind_name(m);
	if (err == 0)
		err = uv_poll_init(&l->uv, &m->poll, m->fd);
	if (err < 0) {
		if (m->fd >= 0)
			close(m->fd);
		free(m);
		return err;
	}
	m->poll.data = m;
	err = uv_poll_start(&m->poll, UV_READABLE, on_letters);
	if (err < 0)
		mailbox_close(m);
	else
		*ret = m;
	return err;
}

const char *mailbox_name(const struct mailbox *m)
{
	return m->name;
}

void mailbox_close(struct mailbox *m)
{
	if (m)
		uv_close((uv_handle_t *)&m->poll, on_closed);
}
