/* found: from what is asked for to what is there. Blocking; runs in jobs. */
#ifndef SERVE_FOUND_PRIV_H
#define SERVE_FOUND_PRIV_H

#include "base/span.h"
#include "beneath.h"
#include "serve/files.h"

/* What may be served; immutable once it is shared. */
struct tree {
	struct beneath beneath;
	bool listing; /* and dot files */
	char *hidden[FILES_HIDDEN];
	unsigned hiddens;
};

/* One request, taken over from its head. */
struct ask {
	const char *path; /* relative, decoded, checked; "" is the root */
	const char *name; /* in path: what stands for the last segment of the target */
	bool bad;         /* there is no such path: 400, and nothing else counts */
	bool dir;         /* it ended in a slash */
	bool head_only, close, gzip;
	struct span query, range, if_range, if_none_match, if_modified_since;
};

struct found {
	unsigned status;  /* 200; 301 to path/; 302 to vnc.html; 400; 404; 503 */
	const char *text; /* of an error: one sentence */
	bool folder;      /* 200: nothing is open, the folder is to be listed */
	int fd;           /* 200: the open file, the receiver's; else -1 */
	struct stat st;   /* of fd */
	const char *type; /* Content-Type */
	bool gz;          /* fd is the compressed sibling */
	bool vary;        /* there is such a sibling */
};

void found_path(struct found *ret, const struct tree *tree, const struct ask *ask);
/* The answer to a failure that came later. */
void found_error(struct found *ret, int err);
/* Is it a file that tree_hide named? */
bool tree_hides(const struct tree *tree, const struct stat *st);

#endif
