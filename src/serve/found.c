/* From what is asked for to what is there. */
#include "found.h"

#include "serve/mime.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

bool tree_hides(const struct tree *tree, const struct stat *st)
{
	struct stat hidden;

	/* looked up each time: a key that was renewed is another inode */
	for (unsigned i = 0; i < tree->hiddens; i++)
		if (stat(tree->hidden[i], &hidden) == 0 && hidden.st_dev == st->st_dev &&
		    hidden.st_ino == st->st_ino)
			return true;
	return false;
}

/* "a/b" + "index.html" -> "a/b/index.html" */
static int join(char out[PATH_MAX], const char *path, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s%s%s", path, *path ? "/" : "", name);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int open_file(const struct tree *tree, const char *path, struct stat *ret)
{
	int fd = beneath_file(&tree->beneath, path, ret);
	if (fd >= 0 && tree_hides(tree, ret)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static void set_error(struct found *ret, unsigned status, const char *text)
{
	*ret = (struct found){.status = status, .text = text, .fd = -1};
}

/* Our own trouble, as against a name that leads to nothing that may be served. */
static bool trouble(int err)
{
	switch (-err) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
	case EINTR:
	case EIO:
	case ENODATA:
	case ESTALE: return true;
	default: return false;
	}
}

void found_error(struct found *ret, int err)
{
	if (trouble(err))
		set_error(ret, 503, "the server cannot read this file just now");
	else
		set_error(ret, 404, "there is no such file here");
}

static bool older(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Takes path.gz instead of path where that is allowed. An older one was forgotten by whoever
 * changed path, and does not exist for us. A range is of path itself. */
static void take_gz(struct found *f, const struct tree *tree, const struct ask *ask,
                    const char *path)
{
	char name[PATH_MAX];
	struct stat st;
	int n = snprintf(name, sizeof(name), "%s.gz", path);
	int fd = n < (int)sizeof(name) ? open_file(tree, name, &st) : -ENAMETOOLONG;

	if (fd < 0)
		return;
	f->vary = !older(&st, &f->st);
	f->gz = f->vary && ask->gzip && ask->range.len == 0;
	close(f->gz ? f->fd : fd);
	if (f->gz) {
		f->fd = fd;
		f->st = st;
	}
}

static int find_file(struct found *ret, const struct tree *tree, const struct ask *ask,
                     const char *path)
{
	struct stat st;
	int fd = open_file(tree, path, &st);

	if (fd < 0)
		return fd;
	*ret = (struct found){.status = 200, .fd = fd, .st = st, .type = mime_type(path)};
	take_gz(ret, tree, ask, path);
	return 0;
}

static int find_in_folder(struct found *ret, const struct tree *tree, const struct ask *ask,
                          const char *name)
{
	char path[PATH_MAX];
	int err = join(path, ask->path, name);

	return err < 0 ? err : find_file(ret, tree, ask, path);
}

/* A root without an index is most often noVNC's own folder: its page is what is wanted. */
static void find_viewer(struct found *ret, const struct tree *tree, const struct ask *ask)
{
	bool root = !*ask->path;
	int err = root ? find_file(ret, tree, ask, "vnc.html") : -ENOENT;

	if (err == 0) {
		close(ret->fd);
		set_error(ret, 302, NULL);
	} else if (trouble(err)) {
		found_error(ret, err);
	} else {
		set_error(ret, 404,
		          root ? "there is neither index.html nor vnc.html in the web folder"
		               : "this folder has no index page");
	}
}

static void find_folder(struct found *ret, const struct tree *tree, const struct ask *ask)
{
	int err = find_in_folder(ret, tree, ask, "index.html");

	if (err < 0 && !trouble(err))
		err = find_in_folder(ret, tree, ask, "index.htm");
	if (err == 0)
		return;
	if (trouble(err))
		found_error(ret, err);
	else if (tree->listing)
		*ret = (struct found){.status = 200, .fd = -1, .folder = true};
	else
		find_viewer(ret, tree, ask);
}

/* Has it a segment that starts with a dot? */
static bool dotted(const char *path)
{
	return path[0] == '.' || strstr(path, "/.") != NULL;
}

void found_path(struct found *ret, const struct tree *tree, const struct ask *ask)
{
	int err = -ENOENT;

	if (ask->bad) {
		set_error(ret, 400, "this is not a path that a file could have");
		return;
	}
	if (tree->listing || !dotted(ask->path))
		err = find_file(ret, tree, ask, ask->path);
	if (err == 0 && ask->dir) { /* "file/" */
		close(ret->fd);
		err = -ENOTDIR;
	}
	if (err == -EISDIR && !ask->dir)
		set_error(ret, 301, NULL);
	else if (err == -EISDIR)
		find_folder(ret, tree, ask);
	else if (err < 0)
		found_error(ret, err);
}
