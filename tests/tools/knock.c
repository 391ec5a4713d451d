/* knock TIMES ADDRESS PORT...: connects to each port of an address, again and again, and prints
 * what came of it, sorted by nothing, one line a try:
 *
 *   PORT open GREETING      connected, and the first line the other side said
 *   PORT refused            or another error's name, in lower case: etimedout, ehostunreach
 *
 * No try takes longer than three seconds.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 3 };

union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t parse(union where *w, const char *host, const char *port)
{
	in_port_t number = htons((in_port_t)strtol(port, NULL, 10));
	memset(w, 0, sizeof *w);
	if (inet_pton(AF_INET, host, &w->in.sin_addr) == 1) {
		w->in.sin_family = AF_INET;
		w->in.sin_port = number;
		return sizeof w->in;
	}
	if (inet_pton(AF_INET6, host, &w->in6.sin6_addr) != 1)
		exit(2);
	w->in6.sin6_family = AF_INET6;
	w->in6.sin6_port = number;
	return sizeof w->in6;
}

static void say_error(const char *port, int error)
{
	char name[32];
	snprintf(name, sizeof name, "%s",
	         error == ECONNREFUSED ? "refused" : strerrorname_np(error));
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	printf("%s %s\n", port, name);
}

/* The first line, or what there is of it. */
static void say_greeting(const char *port, int fd)
{
	char line[128];
	size_t n = 0;
	ssize_t got = 1;
	while (n < sizeof line - 1 && !memchr(line, '\n', n) && got > 0) {
		got = read(fd, line + n, sizeof line - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	line[n] = 0;
	line[strcspn(line, "\r\n")] = 0;
	printf("%s open %s\n", port, line);
}

static void knock(const char *host, const char *port)
{
	union where w;
	socklen_t len = parse(&w, host, port);
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(w.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
		exit(1);
	if (connect(fd, &w.sa, len) < 0)
		say_error(port, errno);
	else
		say_greeting(port, fd);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	for (long n = strtol(argv[1], NULL, 10); n > 0; n--)
		for (int i = 3; i < argc; i++)
			knock(argv[2], argv[i]);
	return 0;
}
