/* hold_port PORT: keeps a port from being given to anybody, on 127.0.0.1 and on ::1, without taking
 * it: bound with SO_REUSEADDR, and never listened on. Prints "held", ends when standard input does.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void hold(const struct sockaddr *addr, socklen_t len)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, addr, len) < 0) {
		perror("hold_port");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} w;
	char c;
	if (argc != 2)
		return 2;
	in_port_t port = htons((in_port_t)strtol(argv[1], NULL, 10));
	memset(&w, 0, sizeof w);
	w.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	w.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	hold(&w.sa, sizeof w.in);
	w.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
	w.in6.sin6_addr = in6addr_loopback;
	hold(&w.sa, sizeof w.in6);
	printf("held\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	return 0;
}
