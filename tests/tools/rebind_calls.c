/* rebind_calls PORT: calls bind in every way that is none of the shim's business and prints what
 * came of it, one line each: with and without the shim the output is the same.
 *
 * rebind_calls PORT heap: binds three sockets to PORT, which the shim moves, listens on them, and
 * prints how many allocations that took. Wants TEST_HEAP and preload_heap.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union room {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	char bytes[256];
};

static in_port_t port;

static void say(const char *what, int fd, int rc)
{
	union room w = {.bytes = {0}};
	socklen_t len = sizeof w;
	char text[INET6_ADDRSTRLEN] = "-";
	int error = errno;
	in_port_t at = 0;
	if (getsockname(fd, &w.sa, &len) == 0 && w.sa.sa_family != AF_UNIX) {
		int six = w.sa.sa_family == AF_INET6;
		at = six ? w.in6.sin6_port : w.in.sin_port;
		inet_ntop(w.sa.sa_family, six ? (void *)&w.in6.sin6_addr : &w.in.sin_addr, text,
		          sizeof text);
	}
	printf("%s: %d %s, at %s %u\n", what, rc, rc < 0 ? strerrorname_np(error) : "fine", text,
	       ntohs(at));
}

/* A socket of that kind is bound to that address; len 0 is none. */
static void try(const char *what, int domain, int type, const union room *w, socklen_t len)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	errno = 0;
	say(what, fd, bind(fd, w ? &w->sa : NULL, len));
	close(fd);
}

static void try_left_alone(void)
{
	union room four = {.in = {.sin_family = AF_INET, .sin_port = port}};
	union room six = {.in6 = {.sin6_family = AF_INET6, .sin6_port = port}};
	union room local = {.un = {.sun_family = AF_UNIX}};
	four.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.in6.sin6_addr = in6addr_loopback;
	snprintf(local.un.sun_path, sizeof local.un.sun_path, "/tmp/rebind_calls-%d",
	         (int)getpid());

	try("null", AF_INET, SOCK_STREAM, NULL, sizeof four.in);
	try("null, no length", AF_INET, SOCK_STREAM, NULL, 0);
	try("null, IPv6", AF_INET6, SOCK_STREAM, NULL, sizeof six.in6);
	for (socklen_t n = 0; n < sizeof four.in; n++)
		try("short", AF_INET, SOCK_STREAM, &four, n);
	for (socklen_t n = 0; n < offsetof(struct sockaddr_in6, sin6_scope_id); n++)
		try("short, IPv6", AF_INET6, SOCK_STREAM, &six, n);
	try("long", AF_INET, SOCK_STREAM, &four, sizeof(struct sockaddr_storage) + 1);
	try("endless", AF_INET, SOCK_STREAM, &four, (socklen_t)-1);
	try("UDP", AF_INET, SOCK_DGRAM, &four, sizeof four.in);
	try("UDP, IPv6", AF_INET6, SOCK_DGRAM, &six, sizeof six.in6);
	try("unix", AF_UNIX, SOCK_STREAM, &local, sizeof local.un);
	try("unix, taken", AF_UNIX, SOCK_STREAM, &local, sizeof local.un);
	unlink(local.un.sun_path);
	try("unix, datagrams", AF_UNIX, SOCK_DGRAM, &local, sizeof local.un);
	unlink(local.un.sun_path);
	try("unix socket, IPv4 address", AF_UNIX, SOCK_STREAM, &four, sizeof four.in);
	four.in.sin_port = six.in6.sin6_port = htons((in_port_t)(ntohs(port) + 1));
	try("another port", AF_INET, SOCK_STREAM, &four, sizeof four.in);
	try("another port, IPv6", AF_INET6, SOCK_STREAM, &six, sizeof six.in6);
}

static void try_no_socket(void)
{
	union room four = {.in = {.sin_family = AF_INET, .sin_port = port}};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	say("no socket", fd, bind(fd, &four.sa, sizeof four.in));
	say("listen on none", fd, listen(fd, 1));
	close(fd);
	say("closed", fd, bind(fd, &four.sa, sizeof four.in));
	say("listen on a closed one", fd, listen(fd, 1));
}

static long long allocations(void)
{
	int fd = open(getenv("TEST_HEAP"), O_RDWR | O_CLOEXEC);
	static volatile long long *counts;
	if (!counts)
		counts = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return counts == MAP_FAILED ? -1 : *counts;
}

static int count(void)
{
	union room four = {.in = {.sin_family = AF_INET, .sin_port = port}};
	long long before = allocations();
	void *volatile known = malloc(1); /* not left out by the compiler */
	free(known);
	if (before < 0 || allocations() == before) {
		fprintf(stderr, "rebind_calls: nobody counts allocations\n");
		return 1;
	}
	before = allocations();
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(fd, &four.sa, sizeof four.in) < 0 || listen(fd, 1) < 0)
			return 1;
		close(fd);
	}
	printf("allocations %lld\n", allocations() - before);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	port = htons((in_port_t)strtol(argv[1], NULL, 10));
	if (argc > 2)
		return count();
	try_left_alone();
	try_no_socket();
	return 0;
}
