/* log_path: see the header. */
#include "log_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TO_APPEND = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, LOG_MODE = 0640 };

static bool is_plain(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int log_path_open(const char *path)
{
	int fd = open(path, TO_APPEND, LOG_MODE);

	return fd < 0 ? -errno : fd;
}

int log_path_again(const char *path, int fd)
{
	int r = 0;

	if (!is_plain(fd))
		return 0;
	/* O_NONBLOCK: a FIFO would wait for a reader */
	int fresh = open(path, TO_APPEND | O_NONBLOCK, LOG_MODE);
	if (fresh < 0)
		return -errno;
	if (!is_plain(fresh))
		r = -EINVAL;
	else if (dup3(fresh, fd, O_CLOEXEC) < 0)
		r = -errno;
	close(fresh);
	return r;
}
