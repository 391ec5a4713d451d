/* Opens files below one directory. The kernel does it in one call (openat2, Linux 5.6); where that
 * is missing or filtered, the path is walked with one descriptor a step and O_NOFOLLOW, which is
 * as safe but takes no symbolic link.
 *
 * A file is looked at (O_PATH) before it is opened, because opening alone may have an effect: it
 * wakes the writer of a FIFO and may start a device. What is opened is looked at once more, for
 * the case that it was exchanged in between.
 */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BENEATH_TRIES = 8 };

/* EAGAIN: something on the way was renamed just now, and the kernel cannot tell whether the path
 * stays beneath the root (openat2(2)). */
static int open_kernel(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < BENEATH_TRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd >= 0 ? (int)fd : -errno;
}

/* Steps down into one folder; at is closed unless it is the root. */
static int step(int root, int at, const char *name)
{
	int next = -EXDEV;

	if (strcmp(name, "..") != 0) {
		next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		next = next >= 0 ? next : -errno;
	}
	if (at != root)
		close(at);
	return next;
}

static int open_walk(int root, const char *path, int flags)
{
	char names[PATH_MAX];
	char *name = names, *slash;
	int at = root;

	if (path[0] == '/')
		return -EXDEV;
	if (strlen(path) >= sizeof(names))
		return -ENAMETOOLONG;
	memcpy(names, path, strlen(path) + 1);
	for (; at >= 0 && (slash = strchr(name, '/')) != NULL; name = slash + 1) {
		*slash = 0;
		at = step(root, at, *name ? name : ".");
	}
	if (at < 0)
		return at;
	int fd = -EXDEV;
	if (strcmp(name, "..") != 0) {
		fd = openat(at, *name ? name : ".", flags | O_NOFOLLOW | O_CLOEXEC);
		fd = fd >= 0 ? fd : -errno;
	}
	if (at != root)
		close(at);
	return fd;
}

int beneath_init(struct beneath *ret, const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int inside = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC); /* may we enter it? */
	if (inside < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	close(inside);

	int probe = open_kernel(fd, ".", O_PATH | O_DIRECTORY);
	*ret = (struct beneath){.fd = fd, .walk = probe < 0};
	if (probe >= 0)
		close(probe);
	return 0;
}

void beneath_done(struct beneath *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

int beneath_open(const struct beneath *b, const char *path, int flags)
{
	if (!*path)
		path = ".";
	return b->walk ? open_walk(b->fd, path, flags) : open_kernel(b->fd, path, flags);
}

int beneath_stat(const struct beneath *b, const char *path, struct stat *ret)
{
	int fd = beneath_open(b, path, O_PATH);
	if (fd < 0)
		return fd;
	int err = fstat(fd, ret) == 0 ? 0 : -errno;
	close(fd);
	return err;
}

static int regular(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	return S_ISREG(st->st_mode) ? 0 : -ENXIO;
}

int beneath_file(const struct beneath *b, const char *path, struct stat *ret)
{
	struct stat st;
	int err = beneath_stat(b, path, &st);

	if (err == 0)
		err = regular(&st);
	if (err < 0)
		return err;
	int fd = beneath_open(b, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	err = fstat(fd, &st) == 0 ? regular(&st) : -errno;
	if (err < 0) {
		close(fd);
		return err;
	}
	*ret = st;
	return fd;
}
