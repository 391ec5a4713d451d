/* etag: entity tags (RFC 9110 8.8.3) of files, and the conditions that name them. */
#ifndef SERVE_ETAG_PRIV_H
#define SERVE_ETAG_PRIV_H

#include "base/span.h"

#include <sys/stat.h>

enum { ETAG_TEXT = 24 };

/* A strong tag, quotes included. gz: of the compressed sibling st, marked as such. */
void etag_make(char out[ETAG_TEXT], const struct stat *st, bool gz);
/* Does If-None-Match's value ("*" or a list) name tag, compared weakly (13.1.2)? Reading stops at
 * the first thing that is no entity tag. */
bool etag_listed(struct span list, const char *tag);
/* Is it this one tag, compared strongly (13.1.5)? */
bool etag_same(struct span value, const char *tag);

#endif
