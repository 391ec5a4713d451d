/* files: static files beneath one root, for GET and HEAD.
 *
 *   files_open (at start)          one directory descriptor, shared by all workers
 *   file_get_start ─► job ─► ready(g): g->head is the reply head, g->body the first piece
 *   file_get_more  ─► job ─► ready(g): the next piece … until g->left is 0
 *   file_get_drop                  at any time, also while a job runs
 *
 * All file I/O happens in jobs, never on the loop; a file of at most FILE_PIECE bytes costs one
 * job, and its descriptor is closed again before ready is called. A get owns at most one
 * descriptor and one buffer of FILE_PIECE bytes.
 *
 * What is served
 *   Paths are decoded once (wire/url) and opened with openat2(RESOLVE_BENEATH |
 *   RESOLVE_NO_MAGICLINKS): symbolic links are followed as long as they are relative and stay
 *   beneath the root; absolute links and links that lead out are 404. Whoever wants a folder from
 *   elsewhere mounts it there (mount --bind) or names the real folder as root. Without openat2
 *   (Linux < 5.6, or a seccomp filter that refuses it) no link is followed at all.
 *   Only regular files are opened, so FIFOs, devices and sockets are 404 and never touched.
 *   What cannot be read is 404 like what does not exist. Dot files are 404 unless `listing`.
 *   Files named to files_hide are 404 under whatever name they have.
 *   A folder is answered by its index.html, else index.htm; else, if `listing`, by a list of what
 *   it holds; else, when it is the root and holds vnc.html, by 302 to that; else 404.
 *
 * Answers
 *   200; 206 and 416 for a single range (RFC 9110 section 14; several ranges get the whole file,
 *   HEAD ignores ranges); 301 folder without its slash: path-only, exactly one leading slash,
 *   query kept; 302 relative, so that it holds behind a prefix; 304; 400 a path that is none;
 *   404; 503 no descriptor, no memory, an I/O error.
 *   Every file has a strong ETag from inode, size and mtime, and Last-Modified; If-None-Match
 *   (weak comparison, "*", lists) goes before If-Modified-Since, If-Range compares strongly.
 *   FILE.gz is sent instead of FILE where the client takes gzip, no range is asked for and
 *   FILE.gz is not older than FILE; it has an ETag of its own, and Vary: Accept-Encoding is sent
 *   whenever such a sibling exists.
 *   Always Cache-Control: no-cache (ask again, 304 is cheap) and X-Content-Type-Options: nosniff.
 *   Pages (HTML, SVG, XML) get Referrer-Policy: no-referrer and FILES_CSP.
 */
#ifndef SERVE_FILES_H
#define SERVE_FILES_H

#include "base/env.h"
#include "wire/http_head.h"

enum { FILE_PIECE = 65536, FILES_HIDDEN = 80 };

/* The Content-Security-Policy of pages. Inline scripts are allowed because noVNC's own vnc.html
 * (1.6) and vnc_lite.html start with one; inline handlers, which is what injected markup brings
 * along, are not. ws: and wss: to anywhere, because `host` in the page's address may name another
 * proxy. Embedding in frames is left to whoever embeds. A page may narrow this with <meta>. */
#define FILES_CSP                                                                                  \
	"default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "               \
	"script-src-attr 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "   \
	"media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; "       \
	"worker-src 'self' blob:; object-src 'none'; base-uri 'none'"

struct files;

/* Opens root, blocking, at start or reload. It must be a folder that can be read and entered.
 * 0 or -errno. One reference is the caller's. */
int files_open(struct files **ret, const char *root, bool listing);
/* Never serves the file that is at `path` (absolute; need not exist now), however it is linked
 * beneath the root: keys, token files, logs. Before f is shared. 0, -ENOMEM, or -ENOSPC after
 * FILES_HIDDEN. */
int files_hide(struct files *f, const char *path);
struct files *files_ref(struct files *f);
void files_unref(struct files *f); /* thread-safe; NULL is legal */

struct file_get {
	/* The whole reply head (of an error: its body, too). Only at the first ready; valid until
	 * file_get_more or file_get_drop. body, if there is one, follows it in memory, so that one
	 * send can take both. */
	struct span head;
	struct span body; /* this piece, at most FILE_PIECE; valid as long as head */
	uint64_t left;    /* body bytes that follow this piece */
	unsigned status;
	const char *error; /* of a status from 400 on: one sentence, a constant; else NULL */
	/* The file was cut short, or could not be read: the promised length cannot be kept, so the
	 * connection must be cut. body is empty. */
	bool broken;
};

/* Starts an answer to h (GET or HEAD; nothing of h is needed afterwards). ready(owner, g) is
 * called on the loop, never from inside. 0, or -errno and nothing was started. close: the answer
 * says Connection: close. */
int file_get_start(struct file_get **ret, struct files *f, struct env *env,
                   const struct http_head *h, bool close,
                   void (*ready)(void *owner, struct file_get *g), void *owner);
/* Asks for the next piece (g->left > 0, not broken, no job under way); ready is called again.
 * 0, or -errno and g is as it was. */
int file_get_more(struct file_get *g);
/* Ends it; ready is not called again. NULL is legal. */
void file_get_drop(struct file_get *g);

#endif
