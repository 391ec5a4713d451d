/* A temporary web root, and a browser that asks for its files. */
#include "web_dir.h"

#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_job(struct env *e, struct job *j)
{
	struct web *w = e->self;

	if (w->refuse && --w->refuse == 0)
		return -EAGAIN;
	assert_null(w->job);
	w->job = j;
	w->jobs++;
	return 0;
}

void web_init(struct web *w)
{
	*w = (struct web){.env = {.job = take_job, .self = w}};
	const char *tmp = getenv("TMPDIR");
	snprintf(w->top, sizeof(w->top), "%s/websplice-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->top));
	assert_int_equal(chmod(w->top, 0755), 0);
	snprintf(w->root, sizeof(w->root), "%.400s/root", w->top);
	assert_int_equal(mkdir(w->root, 0755), 0);
}

void web_open(struct web *w, bool listing)
{
	assert_int_equal(files_open(&w->files, w->root, listing), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void web_done(struct web *w)
{
	assert_null(w->job);
	files_unref(w->files);
	assert_int_equal(nftw(w->top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *web_path(const struct web *w, const char *rel, char *out)
{
	int n = snprintf(out, WEB_PATH, "%s/%s", w->top, rel);
	assert_in_range(n, 1, WEB_PATH - 1);
	return out;
}

void web_write(const struct web *w, const char *rel, struct span bytes)
{
	char path[WEB_PATH];
	int fd = open(web_path(w, rel, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		assert_true(n > 0);
		span_take(&bytes, (size_t)n);
	}
	close(fd);
}

void web_text(const struct web *w, const char *rel, const char *text)
{
	web_write(w, rel, span_str(text));
}

void web_mkdir(const struct web *w, const char *rel)
{
	char path[WEB_PATH];
	assert_int_equal(mkdir(web_path(w, rel, path), 0755), 0);
}

void web_link(const struct web *w, const char *to, const char *rel)
{
	char path[WEB_PATH];
	assert_int_equal(symlink(to, web_path(w, rel, path)), 0);
}

void web_touch(const struct web *w, const char *rel, int64_t sec, long nsec)
{
	char path[WEB_PATH];
	struct timespec times[2] = {{sec, nsec}, {sec, nsec}};
	assert_int_equal(utimensat(AT_FDCWD, web_path(w, rel, path), times, 0), 0);
}

static struct span text(struct web *w, size_t *at, const char *s)
{
	if (!s)
		return span_of(NULL, 0);
	size_t n = strlen(s);
	assert_true(*at + n <= sizeof(w->texts));
	memcpy(w->texts + *at, s, n);
	*at += n;
	return span_of(w->texts + *at - n, n);
}

/* One status line, which says what g->status does, and a blank line. */
static void check_head(const struct file_get *g)
{
	char start[16];
	int n = snprintf(start, sizeof(start), "HTTP/1.1 %u ", g->status);

	assert_true(g->head.len > (size_t)n);
	assert_memory_equal(g->head.at, start, (size_t)n);
	assert_null(memmem(g->head.at + n, g->head.len - (size_t)n, "HTTP/1.1 ", 9));
	assert_non_null(memmem(g->head.at, g->head.len, "\r\n\r\n", 4));
}

static void on_ready(void *owner, struct file_get *g)
{
	struct web *w = owner;
	struct web_reply *r = w->reply;

	assert_ptr_equal(g, w->get);
	assert_int_equal(g->head.len > 0, r->readies == 0);
	assert_true(g->body.len <= FILE_PIECE);
	r->readies++;
	r->status = g->status;
	assert_int_equal(g->error != NULL, g->status >= 400);
	if (g->head.len > 0)
		check_head(g);
	if (g->error && g->head.len > 0 && !w->head_only)
		assert_non_null(memmem(g->head.at, g->head.len, g->error, strlen(g->error)));
	r->broken = g->broken;
	r->left = g->left;
	if (g->head.len > 0) {
		assert_true(g->head.len < sizeof(r->head));
		memcpy(r->head, g->head.at, g->head.len);
		r->head_len = g->head.len;
		if (g->body.len > 0)
			assert_ptr_equal(g->body.at, g->head.at + g->head.len);
	}
	assert_true(r->len + g->body.len <= WEB_BODY);
	if (g->body.len > 0)
		memcpy(r->body + r->len, g->body.at, g->body.len);
	r->len += g->body.len;
}

int web_start(struct web *w, struct web_reply *r, const struct web_ask *ask)
{
	size_t at = 0;
	const char *method = ask->method ? ask->method : "GET";
	struct http_head h = {
		.method = strcmp(method, "GET") == 0    ? HTTP_GET
	                  : strcmp(method, "HEAD") == 0 ? HTTP_HEAD
	                                                : HTTP_OTHER,
		.target = text(w, &at, ask->target),
		.major = 1,
		.minor = 1,
		.keep_alive = !ask->close,
		.range = text(w, &at, ask->range),
		.if_range = text(w, &at, ask->if_range),
		.if_none_match = text(w, &at, ask->none_match),
		.if_modified_since = text(w, &at, ask->since),
		.accept_gzip = ask->gzip,
	};

	memset(r, 0, offsetof(struct web_reply, body));
	w->reply = r;
	w->head_only = h.method == HTTP_HEAD;
	w->get = NULL;
	r->err = file_get_start(&w->get, w->files, &w->env, &h, ask->close, on_ready, w);
	assert_int_equal(r->readies, 0); /* never from inside */
	memset(w->texts, '#', sizeof(w->texts));
	return r->err;
}

bool web_run_job(struct web *w)
{
	struct job *j = w->job;

	if (!j)
		return false;
	w->job = NULL;
	j->work(j);
	j->done(j);
	return true;
}

void web_fetch(struct web *w, struct web_reply *r, const struct web_ask *ask)
{
	assert_int_equal(web_start(w, r, ask), 0);
	while (web_run_job(w)) {
		if (r->broken || r->left == 0)
			break;
		r->err = file_get_more(w->get);
	}
	file_get_drop(w->get);
	web_run_job(w);
	w->get = NULL;
}

void web_get(struct web *w, struct web_reply *r, const char *target)
{
	web_fetch(w, r, &(struct web_ask){.target = target});
}

struct span web_field(const struct web_reply *r, const char *name)
{
	struct span found = {NULL, 0};
	size_t n = strlen(name);

	for (const char *at = r->head; (at = strstr(at, "\r\n")) != NULL;) {
		at += 2;
		if (strncmp(at, name, n) != 0 || at[n] != ':')
			continue;
		const char *end = strstr(at, "\r\n");
		assert_non_null(end);
		assert_null(found.at);
		found = span_of(at + n + 2, (size_t)(end - at) - n - 2);
	}
	return found;
}

unsigned web_open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
