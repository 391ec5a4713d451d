/* files: static files beneath one root, for GET and HEAD.
 *
 *   files_open (at start)          one directory descriptor, shared by all workers
 *   file_get_start ─► job ─► ready(g): g->head is the reply head, g->body the first piece
 *   file_get_more  ─► job ─► ready(g): the next piece … until g->left is 0
 *   file_get_drop                  at any time, also while a job runs
 *
 * All file I/O happens in jobs, never on the loop. Paths are decoded once (wire/url) and opened
 * with openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS); only regular files are served, opened
 * with O_NONBLOCK so that a FIFO cannot hold a thread. Dot files are 404 unless `listing`.
 * Answers: 200, 206 and 416 (a single range), 301 (directory without slash), 302 (a root without
 * index but with vnc.html), 304, 400, 403?, 404. ETag, Last-Modified, Cache-Control: no-cache,
 * X-Content-Type-Options: nosniff, Content-Security-Policy and Referrer-Policy on pages, a
 * precompressed FILE.gz where the client takes gzip, charset for text types.
 */
#ifndef SERVE_FILES_H
#define SERVE_FILES_H

#include "base/env.h"
#include "wire/http_head.h"

enum { FILE_PIECE = 65536, FILE_HEAD = 2048 };

struct files;

/* Opens root, blocking, at start or reload. 0 or -errno. One reference is the caller's. */
int files_open(struct files **ret, const char *root, bool listing);
struct files *files_ref(struct files *f);
void files_unref(struct files *f); /* thread-safe; NULL is legal */

struct file_get {
	struct span head;  /* the whole reply head; only at the first ready */
	struct span body;  /* this piece; valid until file_get_more or file_get_drop */
	uint64_t left;     /* body bytes that follow this piece */
	unsigned status;
	bool broken;       /* the file was cut short: the promised length cannot be kept, so the
	                      connection must be cut */
};

/* Starts an answer to h (GET or HEAD). ready(owner, g) is called on the loop, never from inside.
 * 0, or -errno and nothing was started. close: the answer says Connection: close. */
int file_get_start(struct file_get **ret, struct files *f, struct env *env,
                   const struct http_head *h, bool close,
                   void (*ready)(void *owner, struct file_get *g), void *owner);
/* Asks for the next piece (g->left > 0); ready is called again. */
int file_get_more(struct file_get *g);
/* Ends it; ready is not called again. */
void file_get_drop(struct file_get *g);

#endif
