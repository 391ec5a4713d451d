/* web_dir: a temporary folder with a web root in it, and a browser that asks for its files. Jobs
 * wait until a test runs them.
 *
 *   top/          not to be reached
 *   top/root/     the web root
 */
#ifndef FAKE_WEB_DIR_H
#define FAKE_WEB_DIR_H

#include "serve/files.h"

enum { WEB_BODY = 1 << 20, WEB_PATH = 512, WEB_TEXTS = 40000 };

struct web_ask {
	const char *method; /* NULL: GET */
	const char *target;
	const char *range, *if_range, *none_match, *since; /* NULL: absent */
	bool gzip, close;
};

struct web_reply {
	int err; /* of file_get_start or file_get_more */
	unsigned status, readies;
	bool broken;
	uint64_t left;
	size_t head_len, len;
	char head[32768];
	uint8_t body[WEB_BODY];
};

struct web {
	char top[WEB_PATH], root[WEB_PATH];
	struct files *files;
	struct env env;
	struct job *job; /* the one that waits, or NULL */
	unsigned jobs;   /* taken */
	unsigned refuse; /* the job that is not taken (1: the next one; 0: none) */
	struct file_get *get;
	struct web_reply *reply;
	bool head_only;
	char texts[WEB_TEXTS]; /* of the last request; overwritten once it is started */
};

/* Makes top and top/root, nothing open. */
void web_init(struct web *w);
/* files_open on root. */
void web_open(struct web *w, bool listing);
/* Removes everything. */
void web_done(struct web *w);

/* rel is relative to top and made absolute in out, which has WEB_PATH bytes. */
const char *web_path(const struct web *w, const char *rel, char *out);
void web_write(const struct web *w, const char *rel, struct span bytes);
void web_text(const struct web *w, const char *rel, const char *text);
void web_mkdir(const struct web *w, const char *rel);
void web_link(const struct web *w, const char *to, const char *rel);
/* Sets the time of the last change. */
void web_touch(const struct web *w, const char *rel, int64_t sec, long nsec);

/* Starts a request; its answer is collected in r. 0 or -errno. */
int web_start(struct web *w, struct web_reply *r, const struct web_ask *ask);
/* Runs the job that waits, if there is one: the work, then done. */
bool web_run_job(struct web *w);
/* A request from start to end. */
void web_fetch(struct web *w, struct web_reply *r, const struct web_ask *ask);
/* GET of target. */
void web_get(struct web *w, struct web_reply *r, const char *target);

/* The value of a field; {NULL, 0} when it is not there. A field that is there twice fails. */
struct span web_field(const struct web_reply *r, const char *name);
/* Descriptors this process has open. */
unsigned web_open_fds(void);

#endif
