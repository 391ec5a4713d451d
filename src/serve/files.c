/* Static files: the life of one answer.
 *
 *   loop                           job
 *   file_get_start ─────────────►  work_start   find, head, first piece
 *   get_done: publish, ready  ◄──
 *   file_get_more  ─────────────►  work_more    next piece
 *   file_get_drop  ─────────────►  work_close   only if a file is still open
 *
 * While a job runs, everything in struct get but `dropped` and `pub` is the job's; get_done copies
 * what it found to pub, so that the owner may look at pub at any time.
 */
#include "serve/files.h"

#include "answer.h"
#include "base/bug.h"
#include "found.h"
#include "listing.h"
#include "wire/url.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct files {
	atomic_uint refs;
	struct tree tree;
};

struct get {
	struct file_get pub; /* the owner's view; only the loop touches it */
	struct job job;
	struct env *env;
	struct files *files;
	void (*ready)(void *owner, struct file_get *g);
	void *owner;
	bool busy, dropped;
	/* the job's */
	struct ask ask;
	struct answer answer; /* from and len are what is still to be read */
	struct str head; /* written in text; sent from there, or copied to just before the body */
	uint8_t *buf;
	struct span head_out, body;
	int fd;
	bool broken;
	char text[]; /* what ask points to, then the head */
};

int files_open(struct files **ret, const char *root, bool listing)
{
	struct files *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	int err = beneath_init(&f->tree.beneath, root);
	if (err < 0) {
		free(f);
		return err;
	}
	f->tree.listing = listing;
	atomic_init(&f->refs, 1);
	*ret = f;
	return 0;
}

int files_hide(struct files *f, const char *path)
{
	struct tree *t = &f->tree;

	if (t->hiddens == FILES_HIDDEN)
		return -ENOSPC;
	size_t n = strlen(path) + 1;
	char *copy = malloc(n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, path, n);
	t->hidden[t->hiddens++] = copy;
	return 0;
}

struct files *files_ref(struct files *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void files_unref(struct files *f)
{
	if (!f || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) > 1)
		return;
	beneath_done(&f->tree.beneath);
	for (unsigned i = 0; i < f->tree.hiddens; i++)
		free(f->tree.hidden[i]);
	free(f);
}

static int64_t unix_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static void close_file(struct get *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

/* Reads the next piece to `at`, whole: 0, or -errno (-ENODATA: the file ended early). */
static int read_piece(struct get *g, uint8_t *at)
{
	size_t want = g->answer.len < FILE_PIECE ? (size_t)g->answer.len : FILE_PIECE;

	for (size_t have = 0; have < want;) {
		ssize_t n = pread(g->fd, at + have, want - have, (off_t)(g->answer.from + have));
		if (n == 0)
			return -ENODATA;
		if (n < 0 && errno != EINTR)
			return -errno;
		have += n > 0 ? (size_t)n : 0;
	}
	g->body = span_of(at, want);
	g->answer.from += want;
	g->answer.len -= want;
	if (g->answer.len == 0)
		close_file(g);
	return 0;
}

/* Puts the head right before the body, so that both are one write. */
static void head_before(struct get *g, uint8_t *body)
{
	memcpy(body - g->head.len, g->head.at, g->head.len);
	g->head_out = span_of(body - g->head.len, g->head.len);
}

static void answer_again(struct get *g, int err)
{
	struct found found;

	close_file(g);
	found_error(&found, err);
	str_init(&g->head, g->head.at, g->head.cap);
	answer_make(&g->answer, &g->head, &g->ask, &found, unix_now());
	g->head_out = str_span(&g->head);
}

static int work_file(struct get *g, const struct found *found)
{
	g->fd = found->fd;
	answer_make(&g->answer, &g->head, &g->ask, found, unix_now());
	g->head_out = str_span(&g->head);
	if (g->answer.len == 0) {
		close_file(g);
		return 0;
	}
	size_t piece = g->answer.len < FILE_PIECE ? (size_t)g->answer.len : FILE_PIECE;
	g->buf = malloc(g->head.len + piece);
	if (!g->buf)
		return -ENOMEM;
	head_before(g, g->buf + g->head.len);
	return read_piece(g, g->buf + g->head.len);
}

static int work_listing(struct get *g)
{
	struct str page;

	g->buf = malloc(ANSWER_HEAD + FILE_PIECE);
	if (!g->buf)
		return -ENOMEM;
	str_init(&page, g->buf + ANSWER_HEAD, FILE_PIECE);
	int err = listing_make(&page, &g->files->tree, g->ask.path);
	if (err < 0)
		return err;
	answer_listing(&g->answer, &g->head, &g->ask, page.len, unix_now());
	head_before(g, g->buf + ANSWER_HEAD);
	g->body = span_of(page.at, g->answer.len);
	g->answer.len = 0;
	return 0;
}

static void work_start(struct job *j)
{
	struct get *g = LIST_OF(j, struct get, job);
	struct found found;

	found_path(&found, &g->files->tree, &g->ask);
	int err = found.folder ? work_listing(g) : work_file(g, &found);
	if (err < 0) /* nothing was promised yet */
		answer_again(g, err);
}

static void work_more(struct job *j)
{
	struct get *g = LIST_OF(j, struct get, job);

	g->head_out = g->body = (struct span){0};
	g->broken = read_piece(g, g->buf) < 0;
	if (g->broken)
		close_file(g);
}

static void work_close(struct job *j)
{
	close_file(LIST_OF(j, struct get, job));
}

static void get_free(struct get *g)
{
	close_file(g);
	files_unref(g->files);
	free(g->buf);
	free(g);
}

static void get_done(struct job *j)
{
	struct get *g = LIST_OF(j, struct get, job);

	g->busy = false;
	if (g->dropped) {
		get_free(g);
		return;
	}
	g->pub = (struct file_get){
		.head = g->head_out,
		.body = g->body,
		.left = g->answer.len,
		.status = g->answer.status,
		.error = g->answer.error,
		.broken = g->broken,
	};
	g->ready(g->owner, &g->pub);
}

static int get_job(struct get *g, void (*work)(struct job *j))
{
	g->job = (struct job){.work = work, .done = get_done};
	int err = g->env->job(g->env, &g->job);
	g->busy = err == 0;
	return err;
}

static struct span keep(struct str *texts, struct span s)
{
	char *at = texts->at + texts->len;

	if (!s.at)
		return s;
	str_put(texts, s);
	return span_of(at, s.len);
}

/* Of a path that is decoded into out afterwards: how much of that is in front of its last segment.
 * (A "%2f" is no slash to who resolves relative addresses.) */
static size_t before_name(struct span path, char *out)
{
	const uint8_t *slash = memrchr(path.at, '/', path.len);
	bool dir;
	int n = slash ? url_file_path(span_of(path.at, (size_t)(slash - path.at) + 1), out,
	                              path.len + 2, &dir)
	              : 0;
	return n > 0 ? (size_t)n + 1 : 0;
}

/* Takes over from h what the answer depends on. path: of the target, of which `out` has as many
 * bytes and two more. */
static void ask_init(struct ask *ask, const struct http_head *h, struct span path,
                     struct span query, struct str *texts)
{
	bool get = h->method == HTTP_GET;
	char *out = texts->at;
	size_t before = before_name(path, out);

	*ask = (struct ask){.path = out, .head_only = !get, .gzip = h->accept_gzip};
	out[0] = 0;
	ask->bad = url_file_path(path, out, path.len + 2, &ask->dir) < 0;
	ask->name = out + (ask->bad ? 0 : before);
	texts->len = path.len + 2;
	ask->query = keep(texts, query);
	ask->range = get ? keep(texts, h->range) : (struct span){0};
	ask->if_range = keep(texts, h->if_range);
	ask->if_none_match = keep(texts, h->if_none_match);
	ask->if_modified_since = keep(texts, h->if_modified_since);
}

static struct get *get_new(const struct http_head *h, bool close)
{
	struct span path, query;
	url_split(h->target, &path, &query);
	size_t texts = path.len + 3 + query.len + h->range.len + h->if_range.len +
	               h->if_none_match.len + h->if_modified_since.len;
	size_t head = answer_room(path.len + query.len);

	struct get *g = calloc(1, sizeof(*g) + texts + head);
	if (!g)
		return NULL;
	struct str s = {.at = g->text, .cap = texts};
	ask_init(&g->ask, h, path, query, &s);
	g->ask.close = close;
	str_init(&g->head, g->text + texts, head);
	g->fd = -1;
	return g;
}

int file_get_start(struct file_get **ret, struct files *f, struct env *env,
                   const struct http_head *h, bool close,
                   void (*ready)(void *owner, struct file_get *g), void *owner)
{
	if (h->method != HTTP_GET && h->method != HTTP_HEAD)
		return -EINVAL;
	struct get *g = get_new(h, close);
	if (!g)
		return -ENOMEM;
	g->env = env;
	g->files = files_ref(f);
	g->ready = ready;
	g->owner = owner;
	int err = get_job(g, work_start);
	if (err < 0) {
		get_free(g);
		return err;
	}
	*ret = &g->pub;
	return 0;
}

int file_get_more(struct file_get *pub)
{
	struct get *g = LIST_OF(pub, struct get, pub);

	BUG_ON(g->busy || g->dropped || pub->left == 0 || pub->broken);
	return get_job(g, work_more);
}

void file_get_drop(struct file_get *pub)
{
	if (!pub)
		return;
	struct get *g = LIST_OF(pub, struct get, pub);
	BUG_ON(g->dropped);
	g->dropped = true;
	/* closing may block, too (FUSE); on the loop only when there is no other way */
	if (g->busy || (g->fd >= 0 && get_job(g, work_close) == 0))
		return;
	get_free(g);
}
