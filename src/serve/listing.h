/* listing: a folder as a page. Blocking; runs in jobs. */
#ifndef SERVE_LISTING_PRIV_H
#define SERVE_LISTING_PRIV_H

#include "base/str.h"
#include "found.h"

enum { LISTING_READ = 4096 };

/* Writes the page of tree's folder `path` into page: folders first, then files with their sizes,
 * by name; only what would be served. At most LISTING_READ entries are looked at, and as many
 * rows written as page has room for; the page says so when that is not all. 0 or -errno. */
int listing_make(struct str *page, const struct tree *tree, const char *path);

#endif
