/* rebind_server PORT GREETING WORD...: a TCP server of any shape, for the shim to move. Knows
 * nothing of the shim. WORDs are done in order:
 *
 *   4, 6, 46      a socket for all IPv4 addresses, all of IPv6 (only), all of both
 *   ADDRESS       a socket for that address
 *   udp4, udp6    a UDP socket that sends back what it gets
 *   x16           the next socket 16 times, bound by 16 threads at once
 *   fork16        the next socket 16 times, each bound and served by a child of its own
 *   reuseport     SO_REUSEPORT on the sockets after it
 *   again=N       the socket before it is closed, bound and listened on again, N times
 *   threads, forks   each connection is served by a thread, by a child
 *   daemon        leaves the foreground and all its descriptors but standard output: two forks
 *   drop          becomes nobody, for good
 *
 * Prints "at ADDRESS PORT pid=N" for each socket as the kernel tells it, then "ready". A client
 * gets "GREETING ADDRESS PORT\n", with what getsockname says of its connection, and is closed.
 * Ends when standard input does (a daemon: when killed), and after two minutes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKETS_MAX = 64, CROWD = 16, LIFE_S = 120 };

union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct plan { /* of a socket */
	const char *word, *address;
	int type;
	bool only6, reuseport;
	in_port_t port;
};

struct server {
	const char *greeting;
	struct pollfd sockets[SOCKETS_MAX + 1]; /* and standard input */
	nfds_t n;
	bool threads, forks, daemon, child;
};

static void die(const char *what)
{
	fprintf(stderr, "rebind_server: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What getsockname says, as "ADDRESS PORT". */
static char *name_of(int fd, char text[80])
{
	union where w;
	char host[INET6_ADDRSTRLEN];
	socklen_t len = sizeof w;
	if (getsockname(fd, &w.sa, &len) < 0)
		die("getsockname");
	bool six = w.sa.sa_family == AF_INET6;
	inet_ntop(w.sa.sa_family, six ? (void *)&w.in6.sin6_addr : &w.in.sin_addr, host,
	          sizeof host);
	snprintf(text, 80, "%s %u", host, ntohs(six ? w.in6.sin6_port : w.in.sin_port));
	return text;
}

static socklen_t parse(union where *w, const struct plan *p)
{
	memset(w, 0, sizeof *w);
	if (inet_pton(AF_INET, p->address, &w->in.sin_addr) == 1) {
		w->in.sin_family = AF_INET;
		w->in.sin_port = p->port;
		return sizeof w->in;
	}
	if (inet_pton(AF_INET6, p->address, &w->in6.sin6_addr) != 1)
		die(p->address);
	w->in6.sin6_family = AF_INET6;
	w->in6.sin6_port = p->port;
	return sizeof w->in6;
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof value) < 0)
		die("setsockopt");
}

static int open_socket(const struct plan *p)
{
	union where w;
	socklen_t len = parse(&w, p);
	int fd = socket(w.sa.sa_family, p->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set(fd, SOL_SOCKET, SO_REUSEPORT, p->reuseport);
	if (w.sa.sa_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, p->only6);
	if (bind(fd, &w.sa, len) < 0)
		die(p->word);
	if (p->type == SOCK_STREAM && listen(fd, 16) < 0)
		die("listen");
	return fd;
}

static void add(struct server *s, int fd)
{
	char text[80];
	if (s->n == SOCKETS_MAX)
		die("too many sockets");
	s->sockets[s->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	printf("at %s pid=%d\n", name_of(fd, text), (int)getpid());
	fflush(stdout);
}

struct crowd {
	const struct plan *plan;
	pthread_barrier_t start;
};

static void *crowd_member(void *arg)
{
	struct crowd *c = arg;
	pthread_barrier_wait(&c->start);
	return (void *)(intptr_t)open_socket(c->plan);
}

static void open_crowd(struct server *s, const struct plan *p)
{
	pthread_t threads[CROWD];
	struct crowd c = {.plan = p};
	pthread_barrier_init(&c.start, NULL, CROWD);
	for (int i = 0; i < CROWD; i++)
		if ((errno = pthread_create(&threads[i], NULL, crowd_member, &c)) != 0)
			die("pthread_create");
	for (int i = 0; i < CROWD; i++) {
		void *fd;
		pthread_join(threads[i], &fd);
		add(s, (int)(intptr_t)fd);
	}
	pthread_barrier_destroy(&c.start);
}

/* Children whose standard input ends when the parent is gone. The parent goes on when each of them
 * is listening, that is, has closed its end of `up`. */
static void open_children(struct server *s, const struct plan *p)
{
	int ends[2], up[2];
	char c;
	if (pipe(ends) < 0 || pipe(up) < 0)
		die("pipe");
	for (int i = 0; i < CROWD; i++)
		if (fork() == 0) {
			s->child = true;
			close(ends[1]);
			dup2(ends[0], STDIN_FILENO);
			add(s, open_socket(p));
			close(up[1]);
			return;
		}
	close(up[1]);
	while (read(up[0], &c, 1) > 0)
		continue;
}

static void become_daemon(struct server *s)
{
	if (fork() > 0)
		_exit(0);
	setsid();
	if (fork() > 0)
		_exit(0);
	for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
		close(fd);
	close(STDIN_FILENO);
	s->daemon = true;
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		die("setuid");
}

static bool begins(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

static void open_word(struct server *s, struct plan *p, const char *before)
{
	p->type = begins(p->word, "udp") ? SOCK_DGRAM : SOCK_STREAM;
	const char *which = p->type == SOCK_DGRAM ? p->word + 3 : p->word;
	p->only6 = strcmp(which, "6") == 0;
	if (strcmp(which, "4") == 0)
		p->address = "0.0.0.0";
	else if (p->only6 || strcmp(which, "46") == 0)
		p->address = "::";
	else
		p->address = which;
	if (strcmp(before, "x16") == 0)
		open_crowd(s, p);
	else if (strcmp(before, "fork16") == 0)
		open_children(s, p);
	else
		add(s, open_socket(p));
}

static void open_again(struct server *s, const struct plan *p, long times)
{
	for (long i = 0; i < times; i++) {
		close(s->sockets[s->n - 1].fd);
		s->sockets[s->n - 1].fd = open_socket(p);
	}
}

static void obey(struct server *s, in_port_t port, char **words)
{
	struct plan p = {.port = port}, last = p;
	const char *before = "";
	for (; *words; before = *words++) {
		p.word = *words;
		if (strcmp(*words, "reuseport") == 0)
			p.reuseport = true;
		else if (strcmp(*words, "threads") == 0)
			s->threads = true;
		else if (strcmp(*words, "forks") == 0)
			s->forks = true;
		else if (strcmp(*words, "daemon") == 0)
			become_daemon(s);
		else if (strcmp(*words, "drop") == 0)
			become_nobody();
		else if (begins(*words, "again="))
			open_again(s, &last, strtol(*words + 6, NULL, 10));
		else if (strcmp(*words, "x16") != 0 && strcmp(*words, "fork16") != 0) {
			open_word(s, &p, before);
			last = p;
		}
	}
}

/* ---- clients ---- */

struct client {
	const char *greeting;
	int fd;
};

static void greet(const struct client *c)
{
	char text[80], line[160];
	int n = snprintf(line, sizeof line, "%s %s\n", c->greeting, name_of(c->fd, text));
	if (write(c->fd, line, (size_t)n) != n)
		perror("write");
	close(c->fd);
}

static void *greet_thread(void *arg)
{
	struct client *c = arg;
	greet(c);
	free(c);
	return NULL;
}

static void greet_in_thread(const struct client *c)
{
	struct client *copy = malloc(sizeof *copy);
	pthread_t thread;
	if (!copy)
		die("malloc");
	*copy = *c;
	if ((errno = pthread_create(&thread, NULL, greet_thread, copy)) != 0)
		die("pthread_create");
	pthread_detach(thread);
}

static void serve_udp(int fd)
{
	char bytes[64];
	union where w;
	socklen_t len = sizeof w;
	ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, &w.sa, &len);
	if (n >= 0)
		sendto(fd, bytes, (size_t)n, 0, &w.sa, len);
}

static void serve(const struct server *s, int fd)
{
	struct client c = {.greeting = s->greeting, .fd = accept(fd, NULL, NULL)};
	if (c.fd < 0 && errno == EOPNOTSUPP)
		serve_udp(fd);
	if (c.fd < 0)
		return;
	if (s->threads) {
		greet_in_thread(&c);
		return;
	}
	if (s->forks && fork() == 0) {
		greet(&c);
		_exit(0);
	}
	if (s->forks)
		close(c.fd);
	else
		greet(&c);
}

int main(int argc, char **argv)
{
	struct server s = {.greeting = argc > 2 ? argv[2] : ""};
	if (argc < 4)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	alarm(LIFE_S);
	obey(&s, htons((in_port_t)strtol(argv[1], NULL, 10)), argv + 3);
	if (!s.child) {
		printf("ready\n");
		fflush(stdout);
	}
	s.sockets[s.n] = (struct pollfd){.fd = s.daemon ? -1 : STDIN_FILENO, .events = POLLIN};
	while (poll(s.sockets, s.n + 1, -1) >= 0 || errno == EINTR) {
		for (nfds_t i = 0; i < s.n; i++)
			if (s.sockets[i].revents)
				serve(&s, s.sockets[i].fd);
		char c;
		if (s.sockets[s.n].revents && read(STDIN_FILENO, &c, 1) <= 0)
			return 0;
	}
	return 1;
}
