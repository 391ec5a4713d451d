/* terminal: see the header. /dev/tty is ENXIO without one, and EIO after it was hung up (tty(4)). */
#include "terminal.h"

#include <fcntl.h>
#include <unistd.h>

bool terminal_there(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
