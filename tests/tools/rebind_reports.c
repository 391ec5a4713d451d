/* rebind_reports NAME: takes the shim's reports on the abstract unix socket NAME. Prints "ready",
 * then each as "uid=N pid=N LINE", with the sender the kernel vouches for. Ends when standard input
 * does.
 */
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int receiver(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	size_t n = strlen(name);
	if (n >= sizeof un.sun_path)
		exit(2);
	memcpy(un.sun_path + 1, name, n);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
	    bind(fd, (const void *)&un, len) < 0)
		die(name);
	return fd;
}

static void take(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	char line[512];
	struct iovec iov = {.iov_base = line, .iov_len = sizeof line};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = &control,
	                   .msg_controllen = sizeof control};
	struct ucred who;
	ssize_t n = recvmsg(fd, &m, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (n < 0 || !c)
		die("recvmsg");
	memcpy(&who, CMSG_DATA(c), sizeof who);
	printf("uid=%u pid=%d %.*s", (unsigned)who.uid, (int)who.pid, (int)n, line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char c;
	if (argc != 2)
		return 2;
	struct pollfd p[] = {{.fd = receiver(argv[1]), .events = POLLIN},
	                     {.fd = STDIN_FILENO, .events = POLLIN}};
	printf("ready\n");
	fflush(stdout);
	while (poll(p, 2, -1) > 0) {
		if (p[0].revents)
			take(p[0].fd);
		if (p[1].revents && read(STDIN_FILENO, &c, 1) <= 0)
			return 0;
	}
	return 1;
}
