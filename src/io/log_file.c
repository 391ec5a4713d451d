/* Log lines on their way to a descriptor.
 *
 *   log_write ─► keep (whole lines, LOG_KEEP bytes) ─► flush: write(2) as far as it goes
 *                  └─ full: dropped, counted, confessed when there is room again
 *
 * Not blocking, without touching flags that others share: O_NONBLOCK belongs to the open file,
 * and standard error's is also our parent's. So a pipe or terminal is opened once more through
 * /proc/self/fd, which gives an open file of our own; a socket takes MSG_DONTWAIT; where neither
 * works, poll(2) is asked before every write.
 */
#include "io/log_file.h"

#include "loop_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { KIND_FILE, KIND_SOCKET, KIND_OWN, KIND_ASK };

struct out {
	int fd;
	enum kind kind;
	size_t from, to;    /* keep[from..to) waits */
	uint64_t lost;      /* lines not confessed yet */
	uint64_t confessed; /* of these, how many the line in keep speaks of; 0: no such line */
	bool dead;          /* there is nobody who could read, ever */
	char *keep;
};

struct log_file {
	struct log *log;
	struct metrics *metrics;
	unsigned n;
	struct out out[LOG_FDS];
};

static bool out_put(struct out *o, struct span line)
{
	if (o->to + line.len > LOG_KEEP && o->from > 0) {
		memmove(o->keep, o->keep + o->from, o->to - o->from);
		o->to -= o->from;
		o->from = 0;
	}
	if (o->to + line.len > LOG_KEEP)
		return false;
	memcpy(o->keep + o->to, line.at, line.len);
	o->to += line.len;
	return true;
}

static void lose(struct log_file *f, struct out *o, uint64_t lines)
{
	o->lost += lines;
	if (f->metrics)
		metric_add(f->metrics, METRIC_LOG_DROPPED, lines);
}

static void log_file_sink(void *self, enum log_level level, struct span line)
{
	struct log_file *f = self;
	(void)level;
	for (unsigned i = 0; i < f->n; i++)
		/* Once a line is lost all are, until the loss has been confessed in its place. */
		if (f->out[i].lost || !out_put(&f->out[i], line))
			lose(f, &f->out[i], 1);
}

/* How much of what waits goes into one write: whole lines, to a pipe at most what is written
 * atomically (pipe(7)). The rest of a line that was torn by a short write counts as a line. */
static size_t piece(const struct out *o)
{
	size_t len = o->to - o->from;
	if (o->kind == KIND_FILE || len <= PIPE_BUF)
		return len;
	const char *end = memrchr(o->keep + o->from, '\n', PIPE_BUF);
	return end ? (size_t)(end + 1 - (o->keep + o->from)) : PIPE_BUF;
}

static ssize_t out_write(const struct out *o, size_t n)
{
	const char *at = o->keep + o->from;
	struct pollfd ask = {.fd = o->fd, .events = POLLOUT};
	if (o->kind == KIND_SOCKET)
		return send(o->fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->kind == KIND_ASK && poll(&ask, 1, 0) != 1) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, at, n);
}

/* What waits cannot be written. A confession is not a line of its own. */
static void give_up(struct log_file *f, struct out *o, int err)
{
	uint64_t lines = 0;
	for (size_t i = o->from; i < o->to; i++)
		lines += o->keep[i] == '\n';
	o->from = o->to = 0;
	o->dead = err == EPIPE || err == EBADF;
	if (!o->confessed)
		lose(f, o, lines);
	o->confessed = 0;
}

static void out_flush(struct log_file *f, struct out *o)
{
	while (o->from < o->to) {
		ssize_t n = out_write(o, piece(o));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			give_up(f, o, errno);
		if (n <= 0)
			return;
		o->from += (size_t)n;
	}
	o->from = o->to = 0;
	o->lost -= o->confessed;
	o->confessed = 0;
}

static void sink_one(void *self, enum log_level level, struct span line)
{
	(void)level;
	(void)out_put(self, line);
}

/* A line of this descriptor alone, at the place where the lost ones would have been. */
static void confess(struct log_file *f, struct out *o)
{
	struct log one = *f->log;
	one.sink = sink_one;
	one.self = o;
	if (one.level < LOG_WARN)
		one.level = LOG_WARN;
	log_event(&one, LOG_WARN, "log lines were lost", LOG_NUM("lines", o->lost));
	o->confessed = o->lost;
}

void log_file_flush(struct log_file *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct out *o = &f->out[i];
		out_flush(f, o);
		if (o->lost && o->to == 0 && !o->dead) {
			confess(f, o);
			out_flush(f, o);
		}
	}
}

bool log_file_waiting(const struct log_file *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct out *o = &f->out[i];
		if (o->from < o->to || (o->lost && !o->dead))
			return true;
	}
	return false;
}

bool log_file_filling(const struct log_file *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->out[i].to - f->out[i].from > LOG_KEEP / 4)
			return true;
	return false;
}

struct log_file *log_file_of(const struct log *l)
{
	return l && l->sink == log_file_sink ? l->self : NULL;
}

void log_file_metrics(struct log_file *f, struct metrics *m)
{
	if (!f->metrics)
		f->metrics = m;
}

static int out_open(struct out *o, int fd)
{
	struct stat st;
	char path[40];
	if (fstat(fd, &st) < 0)
		return -errno;
	o->fd = fd;
	o->keep = malloc(LOG_KEEP);
	if (!o->keep)
		return -ENOMEM;
	if (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)) {
		o->kind = S_ISREG(st.st_mode) ? KIND_FILE : KIND_SOCKET;
		return 0;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	o->kind = own >= 0 ? KIND_OWN : KIND_ASK;
	if (own >= 0)
		o->fd = own;
	return 0;
}

int log_file_new(struct log_file **ret, struct log *l, const int *fds, unsigned n,
                 struct metrics *metrics)
{
	int r = n <= LOG_FDS ? 0 : -EINVAL;
	struct log_file *f = r < 0 ? NULL : calloc(1, sizeof *f);
	if (!f)
		return r < 0 ? r : -ENOMEM;
	f->log = l;
	f->metrics = metrics;
	for (; f->n < n && r == 0; f->n++)
		r = out_open(&f->out[f->n], fds[f->n]);
	if (r < 0) {
		log_file_free(f);
		return r;
	}
	l->sink = log_file_sink;
	l->self = f;
	*ret = f;
	return 0;
}

void log_file_free(struct log_file *f)
{
	if (!f)
		return;
	log_file_flush(f);
	for (unsigned i = 0; i < f->n; i++) {
		if (f->out[i].kind == KIND_OWN)
			close(f->out[i].fd);
		free(f->out[i].keep);
	}
	if (f->log->self == f) {
		f->log->sink = NULL;
		f->log->self = NULL;
	}
	free(f);
}
