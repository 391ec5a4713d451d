/* A folder as a page.
 *
 *   read_entries   names → struct entry, only what would be served, at most LISTING_READ
 *   put_rows       rows as long as there is room, LISTING_FOOT bytes left aside for the end
 */
#include "listing.h"

#include "base/cleanup.h"
#include "escape.h"
#include "wire/url.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { LISTING_FOOT = 512 };

/* The head of the page, which holds the path twice, must leave room for the foot. */
_Static_assert(FILE_PIECE > 2 * 6 * PATH_MAX + 2048 + LISTING_FOOT, "a page is too small");

struct entry {
	char *name;
	uint64_t size;
	bool folder;
};

struct entries {
	struct entry *at;
	size_t n, cap, seen; /* seen: including what is not shown */
	bool more;
};

static void entries_done(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->at[i].name);
	free(e->at);
}

static int entries_add(struct entries *e, const char *name, const struct stat *st)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 64;
		struct entry *at = realloc(e->at, cap * sizeof(*at));
		if (!at)
			return -ENOMEM;
		e->at = at;
		e->cap = cap;
	}
	size_t n = strlen(name) + 1;
	char *copy = malloc(n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, name, n);
	e->at[e->n++] = (struct entry){copy, (uint64_t)st->st_size, S_ISDIR(st->st_mode)};
	return 0;
}

/* Would a request for this name reach it? Asked of the very function that reads requests. */
static bool addressable(const char *name)
{
	char url[3 * NAME_MAX + 2], back[NAME_MAX + 2];
	bool dir;
	struct str s;

	str_init(&s, url, sizeof(url));
	str_putc(&s, '/');
	escape_path(&s, span_str(name));
	int n = url_file_path(str_span(&s), back, sizeof(back), &dir);
	return n > 0 && !s.cut && strcmp(name, back) == 0;
}

static bool servable(const struct tree *tree, const char *folder, const char *name,
                     struct stat *ret)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);

	return n < (int)sizeof(path) && addressable(name) &&
	       beneath_stat(&tree->beneath, path, ret) == 0 &&
	       (S_ISREG(ret->st_mode) || S_ISDIR(ret->st_mode)) && !tree_hides(tree, ret);
}

static int read_entries(struct entries *e, DIR *dir, const struct tree *tree, const char *path)
{
	struct dirent *d;
	struct stat st;

	for (;;) {
		errno = 0;
		d = readdir(dir);
		if (!d)
			return -errno;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (e->seen++ == LISTING_READ) {
			e->more = true;
			return 0;
		}
		int err = servable(tree, path, d->d_name, &st) ? entries_add(e, d->d_name, &st) : 0;
		if (err < 0)
			return err;
	}
}

/* Folders first; capitals beside small letters. */
static int entry_cmp(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->folder != b->folder)
		return a->folder ? -1 : 1;
	int order = strcasecmp(a->name, b->name);
	return order ? order : strcmp(a->name, b->name);
}

static void put_size(struct str *s, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double n = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		str_fmt(s, "%" PRIu64 " B", bytes);
		return;
	}
	for (n /= 1024; n >= 1024 && unit + 2 < sizeof(units); n /= 1024)
		unit++;
	str_fmt(s, n < 10 ? "%.1f %ciB" : "%.0f %ciB", n, units[unit]);
}

static void put_head(struct str *s, const char *path)
{
	str_puts(s, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	            "<title>/");
	escape_html(s, span_str(path));
	str_puts(s, "</title>\n<style>\n"
	            ":root { color-scheme: light dark; }\n"
	            "body { font: 1rem/1.4 system-ui, sans-serif; max-width: 44rem;"
	            " margin: 0 auto; padding: 1rem; }\n"
	            "h1 { font-size: 1.25rem; overflow-wrap: anywhere; }\n"
	            "ul { list-style: none; padding: 0; }\n"
	            "li { display: flex; gap: 1rem; justify-content: space-between;"
	            " border-top: 1px solid #8884; }\n"
	            "a { flex: 1; padding: .5rem 0; overflow-wrap: anywhere; }\n"
	            "span { padding: .5rem 0; white-space: nowrap; opacity: .7; }\n"
	            "</style>\n<h1>/");
	escape_html(s, span_str(path));
	str_puts(s, "</h1>\n<ul>\n");
	if (*path)
		str_puts(s, "<li><a href=\"../\">../</a></li>\n");
}

static void put_row(struct str *s, const struct entry *e)
{
	str_puts(s, "<li><a href=\"");
	escape_path(s, span_str(e->name));
	str_puts(s, e->folder ? "/\">" : "\">");
	escape_html(s, span_str(e->name));
	str_puts(s, e->folder ? "/</a>" : "</a><span>");
	if (!e->folder) {
		put_size(s, e->size);
		str_puts(s, "</span>");
	}
	str_puts(s, "</li>\n");
}

/* Writes rows into all of s but its last LISTING_FOOT bytes; false when some did not fit. */
static bool put_rows(struct str *s, const struct entries *e)
{
	bool all = true;

	s->cap -= LISTING_FOOT;
	for (size_t i = 0; i < e->n && all; i++) {
		size_t before = s->len;
		put_row(s, &e->at[i]);
		all = !s->cut;
		if (!all) {
			s->len = before;
			s->at[before] = 0;
			s->cut = false;
		}
	}
	s->cap += LISTING_FOOT;
	return all;
}

static void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static DIR *open_dir(const struct tree *tree, const char *path, int *reterr)
{
	int fd = beneath_open(&tree->beneath, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0) {
		*reterr = fd;
		return NULL;
	}
	DIR *dir = fdopendir(fd);
	if (!dir) {
		*reterr = -errno;
		close(fd);
	}
	return dir;
}

int listing_make(struct str *page, const struct tree *tree, const char *path)
{
	CLEANUP(entries_done) struct entries e = {0};
	int err = 0;
	CLEANUP(dir_close) DIR *dir = open_dir(tree, path, &err);

	if (!dir)
		return err;
	err = read_entries(&e, dir, tree, path);
	if (err < 0)
		return err;
	if (e.n > 0)
		qsort(e.at, e.n, sizeof(e.at[0]), entry_cmp);
	put_head(page, path);
	if (!put_rows(page, &e) || e.more)
		str_puts(page, "<li><span>There is more in this folder than is shown."
		               "</span></li>\n");
	str_puts(page, e.n > 0 ? "</ul>\n" : "</ul>\n<p>This folder is empty.</p>\n");
	return page->cut ? -ENAMETOOLONG : 0;
}
