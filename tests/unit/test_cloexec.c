/* A wrapped command inherits nothing of ours: every descriptor that src/io opens closes on exec. (io/child
 * sees to it once more, but only where the kernel can: Linux 5.11.)
 */
#include "io/child.h"
#include "io/dial.h"
#include "io/listen.h"
#include "io/log_file.h"
#include "io/mailbox.h"
#include "io/reserve.h"
#include "io/sigs.h"
#include "real_loop.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FDS = 1024, SIDES = 4 };

struct house {
	struct real_loop w;
	struct log log;
	struct log_file *log_file;
	bool before[FDS];
	int pipe[2];
	struct link *links[SIDES];
	unsigned n, closed;
	char dir[64], path[80];
};

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static unsigned fresh(const struct house *h)
{
	unsigned n = 0;
	for (int fd = 0; fd < FDS; fd++)
		n += is_open(fd) && !h->before[fd];
	return n;
}

static void all_close_on_exec(const struct house *h)
{
	char path[40], to[128];
	for (int fd = 0; fd < FDS; fd++) {
		if (!is_open(fd) || h->before[fd])
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t len = readlink(path, to, sizeof to - 1);
		to[len > 0 ? len : 0] = 0;
		unit_note("%d, %s", fd, to);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
	unit_note_clear();
}

static void house_open(struct house *h)
{
	*h = (struct house){.log = {.level = LOG_WARN}};
	assert_int_equal(pipe(h->pipe), 0);
	for (int fd = 0; fd < FDS; fd++)
		h->before[fd] = is_open(fd);
	assert_int_equal(log_file_new(&h->log_file, &h->log, &h->pipe[1], 1, NULL), 0);
	real_open(&h->w, &h->log);
	snprintf(h->dir, sizeof h->dir, "/tmp/test_cloexec.XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->path, sizeof h->path, "%s/socket", h->dir);
}

static void house_close(struct house *h)
{
	for (unsigned i = 0; i < h->n; i++)
		link_close(h->links[i], true);
	real_until(&h->w, h->closed == h->n);
	real_close(&h->w);
	log_file_free(h->log_file);
	assert_int_equal(rmdir(h->dir), 0);
	close(h->pipe[0]);
	close(h->pipe[1]);
}

static void on_closed(void *owner)
{
	((struct house *)owner)->closed++;
}

static const struct link_events events = {.closed = on_closed};

static void keep(struct house *h, struct link *link)
{
	assert_non_null(link);
	assert_true(h->n < SIDES);
	h->links[h->n++] = link;
	link_own(link, &events, h);
}

static void on_accepted(void *owner, struct link *link, const struct addr *peer)
{
	(void)peer;
	keep(owner, link);
}

static void on_dialed(void *owner, struct link *link, const struct why *why)
{
	(void)why;
	keep(owner, link);
}

/* Listens there and dials itself. */
static void meet(struct house *h, const struct listen_at *at)
{
	struct listen_set set;
	struct listener *listener;
	char err[LISTEN_ERR];
	unsigned n = h->n;
	assert_int_equal(listen_open(&set, at, 1, err, sizeof err), 0);
	assert_int_equal(listener_start(&listener, h->w.loop, set.fds[0], on_accepted, h), 0);
	struct target t = {.kind = at->path ? TARGET_UNIX : TARGET_TCP, .port = set.port};
	snprintf(t.host, sizeof t.host, "%s", at->path ? at->path : at->host);
	struct dialed d = {.fn = on_dialed, .owner = h};
	assert_int_equal(dial_start(h->w.env, &t, &d), 0);
	real_until(&h->w, h->n == n + 2);
	assert_true(fresh(h) > 5); /* the loop's, the listener with its copy and reserve, … */
	all_close_on_exec(h);
	listener_stop(listener);
	listen_close(&set);
}

static void test_sockets(void **state)
{
	struct house h;
	(void)state;
	house_open(&h);
	meet(&h, &(struct listen_at){.host = "127.0.0.1"});
	meet(&h, &(struct listen_at){.path = h.path, .mode = 0600});
	house_close(&h);
}

static void no_letter(void *owner, struct span letter)
{
	(void)owner;
	(void)letter;
}

static void no_end(void *owner, int number)
{
	(void)owner;
	(void)number;
}

/* What a wrapped command needs. */
static void test_wrapping(void **state)
{
	static const struct child_events child_events = {.exited = no_end, .output = no_letter};
	static const int signums[] = {SIGUSR1};
	struct house h;
	struct mailbox *box;
	struct child *child;
	struct sigs *sigs;
	struct reserve r = {.fds = {-1, -1}};
	(void)state;
	house_open(&h);
	assert_int_equal(reserve_open(&r), 0);
	assert_int_equal(mailbox_open(&box, h.w.loop, no_letter, &h), 0);
	assert_int_equal(child_new(&child, h.w.loop, &child_events, &h), 0);
	assert_int_equal(sigs_start(&sigs, h.w.loop, signums, 1, no_end, &h), 0);
	real_turn(&h.w);
	assert_true(fresh(&h) > 5);
	all_close_on_exec(&h);
	sigs_stop(sigs);
	child_free(child);
	mailbox_close(box);
	reserve_close(&r);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_sockets), UNIT(test_wrapping)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
