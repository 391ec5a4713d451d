/* socket_pair: see the header. */
#include "socket_pair.h"

#include "unit/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void small_buffers(int fd)
{
	const int size = 32768;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

void socket_pair_tcp(int fds[2], bool small)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(door >= 0);
	if (small)
		small_buffers(door);
	assert_int_equal(bind(door, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(door, 1), 0);
	assert_int_equal(getsockname(door, (struct sockaddr *)&in, &len), 0);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fds[1] >= 0);
	if (small)
		small_buffers(fds[1]);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&in, sizeof in), 0);
	fds[0] = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fds[0] >= 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(close(door), 0);
}

void socket_pair_unix(int fds[2], bool small)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	                 0);
	if (small) {
		small_buffers(fds[0]);
		small_buffers(fds[1]);
	}
}
