/* content: see the header. */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_FIRST = 16384, PATH_MOST = 4096 };

/* Twice the room; what was in the old one is wiped. */
static int grow(struct content *c, size_t *room)
{
	size_t more = *room ? *room * 2 : ROOM_FIRST;

	if (*room > CONTENT_MOST)
		return -EFBIG;
	if (more > CONTENT_MOST)
		more = CONTENT_MOST + 1; /* one more than may be */
	uint8_t *at = malloc(more);
	if (!at)
		return -ENOMEM;
	if (c->bytes.len)
		memcpy(at, c->bytes.at, c->bytes.len);
	size_t len = c->bytes.len;
	bool once = c->once;
	content_free(c);
	*c = (struct content){.bytes = span_of(at, len), .once = once};
	*room = more;
	return 0;
}

static int read_all(struct content *c, int fd)
{
	size_t room = 0;

	for (;;) {
		int r = c->bytes.len == room ? grow(c, &room) : 0;
		if (r < 0)
			return r;
		ssize_t n = read(fd, c->bytes.at + c->bytes.len, room - c->bytes.len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			c->bytes.len += (size_t)n;
	}
}

int content_read(struct content *ret, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	*ret = (struct content){0};
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0)
		ret->once = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	int r = read_all(ret, fd);
	close(fd);
	if (r < 0)
		content_free(ret);
	return r;
}

void content_free(struct content *c)
{
	if (c->bytes.at)
		explicit_bzero(c->bytes.at, c->bytes.len);
	free(c->bytes.at);
	*c = (struct content){0};
}

static int write_all(int fd, struct span s)
{
	while (s.len) {
		ssize_t n = write(fd, s.at, s.len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			span_take(&s, (size_t)n);
	}
	return 0;
}

int content_write(const char *path, const struct span *parts, size_t n)
{
	char beside[PATH_MOST];
	int r = 0;

	if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
		return -ENAMETOOLONG;
	unlink(beside); /* of one that was killed half way */
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_all(fd, parts[i]);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}
