/* Opening a unix listening socket.
 *
 * A socket file outlives its server, so what lies in the way is asked: a connection that is
 * refused means that nobody serves it any more, and only then is the file replaced. Anything
 * else (a regular file, a live server) is left alone and named.
 */
#include "listen_priv.h"

#include "base/why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 0: nobody answers, or -errno. A full backlog (EAGAIN) is somebody. */
static int probe(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int r = connect(fd, (const struct sockaddr *)un, sizeof *un) < 0 ? -errno : -EADDRINUSE;
	close(fd);
	if (r == -EAGAIN)
		return -EADDRINUSE;
	return r == -ECONNREFUSED || r == -ENOENT ? 0 : r;
}

/* Makes sure that nothing lies at the path. */
static int clear_path(const struct sockaddr_un *un, struct listen_err *e)
{
	struct stat st;
	const char *path = un->sun_path;
	if (lstat(path, &st) < 0)
		return 0; /* bind will say what is wrong, if anything */
	if (!S_ISSOCK(st.st_mode))
		return listen_fail(
			e, -EEXIST,
			"%s exists and is not a socket: remove it or choose another path", path);
	int r = probe(un);
	if (r == -EADDRINUSE)
		return listen_fail(
			e, r, "%s is in use: stop the other program or choose another path", path);
	if (r < 0)
		return listen_fail(
			e, r,
			"%s exists and cannot be tried (%s): remove it or choose another "
			"path",
			path, why_errno(r));
	if (unlink(path) < 0 && errno != ENOENT) {
		r = -errno;
		return listen_fail(e, r, "the stale socket %s cannot be removed: %s", path,
		                   why_errno(r));
	}
	return 0;
}

/* The file appears with its final permissions: there is no moment in which anybody could connect
 * who later may not. umask is the process's; listen_open runs before there are threads. */
static int bind_with_mode(int fd, const struct sockaddr_un *un, unsigned mode)
{
	mode_t old = umask((mode_t)(~mode & 0777));
	int r = bind(fd, (const struct sockaddr *)un, sizeof *un) < 0 ? -errno : 0;
	umask(old);
	return r;
}

static int open_path(struct listen_set *s, const struct sockaddr_un *un, unsigned mode)
{
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int r = bind_with_mode(fd, un, mode);
	if (r == 0 && lstat(un->sun_path, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	s->fds[0] = fd;
	s->n = 1;
	return 0;
}

int listen_open_unix(struct listen_set *s, const struct listen_at *at, struct listen_err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(at->path);
	if (len == 0 || len >= sizeof un.sun_path)
		return listen_fail(e, -ENAMETOOLONG,
		                   "the path of a unix socket has 1 to %zu bytes, this one %zu: "
		                   "choose another",
		                   sizeof un.sun_path - 1, len);
	memcpy(un.sun_path, at->path, len + 1);
	int r = clear_path(&un, e);
	if (r < 0)
		return r;
	r = open_path(s, &un, at->mode);
	if (r < 0)
		return listen_fail(e, r, "cannot listen on %s: %s%s", at->path, why_errno(r),
		                   r == -ENOENT ? " (does its directory exist?)" : "");
	snprintf(s->name, sizeof s->name, "%s", at->path);
	return 0;
}

void listen_unlink(struct listen_set *s)
{
	struct stat st;
	if (s->ino && lstat(s->name, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->name);
	s->dev = s->ino = 0;
}
