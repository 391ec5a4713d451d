/* fullport HOST: a TCP port that answers nobody. It listens with the shortest backlog there is,
 * fills that by itself and never accepts, so Linux drops every further SYN: to whoever connects,
 * the host looks dead. Prints "port N", stays until its standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILLERS = 64, ANSWER_MS = 300 };

union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static socklen_t parse(union where *w, const char *host)
{
	memset(w, 0, sizeof *w);
	if (inet_pton(AF_INET, host, &w->in.sin_addr) == 1) {
		w->in.sin_family = AF_INET;
		return sizeof w->in;
	}
	if (inet_pton(AF_INET6, host, &w->in6.sin6_addr) != 1)
		die(host);
	w->in6.sin6_family = AF_INET6;
	return sizeof w->in6;
}

/* True when the connection was answered; its descriptor stays open. */
static int fill_one(const union where *w, socklen_t len)
{
	int fd = socket(w->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	if (fd < 0)
		die("socket");
	if (connect(fd, &w->sa, len) == 0)
		return 1;
	if (errno != EINPROGRESS)
		die("connect");
	return poll(&p, 1, ANSWER_MS) == 1;
}

int main(int argc, char **argv)
{
	union where w;
	char c;
	if (argc != 2)
		return 2;
	socklen_t len = parse(&w, argv[1]);
	int fd = socket(w.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, &w.sa, len) < 0 || listen(fd, 0) < 0 ||
	    getsockname(fd, &w.sa, &len) < 0)
		die("listen");
	for (int i = 0; fill_one(&w, len); i++)
		if (i == FILLERS) {
			fprintf(stderr, "the backlog does not fill up\n");
			return 1;
		}
	printf("port %u\n", ntohs(w.sa.sa_family == AF_INET ? w.in.sin_port : w.in6.sin6_port));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	return 0;
}
