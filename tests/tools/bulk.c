/* bulk UP DOWN: moves UP bytes up and DOWN bytes down through one session, both at once, and
 * checks every byte of both. It is the WebSocket client and the TCP backend in one process:
 *
 *   bulk ── frames ──► websplice ── bytes ──► bulk        byte n of a direction is byte n % 8 of
 *        ◄─ frames ──           ◄── bytes ──              the 64-bit word n / 8 × an odd number
 *
 * Prints "port N", the backend's; reads the proxy's port from standard input; at the end the
 * backend says FIN, the client wants Close 1000 and answers it, the backend wants FIN. Prints
 * "ok" and the seconds it took, or says what is wrong and exits with 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, PATIENCE_MS = 30000 };
enum { UP, DOWN };

static const uint64_t odd[2] = {0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u};
static const uint8_t mask[4] = {0x5a, 0x01, 0xfe, 0x80};

struct sender {
	uint64_t done, all; /* bytes of the stream; done: in `buf` or sent */
	uint8_t buf[16 + ROOM];
	size_t from, to; /* buf[from..to) is to be sent */
};

struct receiver {
	uint64_t done, all;
	bool eof;
};

struct bulk {
	int client, backend;
	struct sender up, down;
	struct receiver up_got, down_got;
	/* the client's frame parser */
	uint8_t head[10];
	unsigned head_n;
	uint64_t left;
	bool close_seen, close_sent, fin_sent;
	uint8_t in[ROOM];
};

__attribute__((format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static uint8_t byte_at(int dir, uint64_t n)
{
	return (uint8_t)(n / 8 * odd[dir] >> n % 8 * 8);
}

/* at[0..n) becomes the stream from `from` on. */
static void make(int dir, uint64_t from, uint8_t *at, size_t n)
{
	while (n && from % 8)
		*at++ = byte_at(dir, from++), n--;
	uint64_t word = from / 8;
	for (size_t i = 0; i < n / 8; i++) {
		uint64_t w = (word + i) * odd[dir];
		memcpy(at + i * 8, &w, 8);
	}
	for (size_t i = n / 8 * 8; i < n; i++)
		at[i] = byte_at(dir, from + i);
}

static void check(int dir, struct receiver *r, const uint8_t *at, size_t n)
{
	static uint8_t same[ROOM];
	if (r->done + n > r->all)
		die("%s: more than %llu bytes", dir ? "down" : "up", (unsigned long long)r->all);
	make(dir, r->done, same, n);
	if (memcmp(at, same, n) != 0) {
		size_t i = 0;
		while (at[i] == same[i])
			i++;
		die("%s: byte %llu is %02x, not %02x", dir ? "down" : "up",
		    (unsigned long long)(r->done + i), at[i], same[i]);
	}
	r->done += n;
}

static void apply_mask(uint8_t *at, size_t n)
{
	uint64_t m = 0, w;
	memcpy(&m, mask, 4);
	m |= m << 32;
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		memcpy(&w, at + i, 8);
		w ^= m;
		memcpy(at + i, &w, 8);
	}
	for (; i < n; i++)
		at[i] ^= mask[i & 3];
}

/* The next frame of the up stream: sizes of every length form, most of them big. */
static void next_frame(struct sender *s)
{
	static const size_t sizes[] = {ROOM, 65536, ROOM, 65535, 16384, ROOM, 1000, 126, 125, 1, 0};
	static unsigned turn;
	size_t n = sizes[turn++ % (sizeof sizes / sizeof *sizes)], h = 2;
	if (n > s->all - s->done)
		n = (size_t)(s->all - s->done);
	s->buf[0] = 0x82;
	if (n < 126) {
		s->buf[1] = (uint8_t)(0x80 | n);
	} else if (n < 65536) {
		s->buf[1] = 0x80 | 126;
		s->buf[2] = (uint8_t)(n >> 8);
		s->buf[3] = (uint8_t)n;
		h = 4;
	} else {
		s->buf[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			s->buf[2 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
		h = 10;
	}
	memcpy(s->buf + h, mask, 4);
	h += 4;
	make(UP, s->done, s->buf + h, n);
	apply_mask(s->buf + h, n);
	s->done += n;
	s->from = 0;
	s->to = h + n;
}

static void next_piece(struct sender *s)
{
	size_t n = ROOM < s->all - s->done ? ROOM : (size_t)(s->all - s->done);
	make(DOWN, s->done, s->buf, n);
	s->done += n;
	s->from = 0;
	s->to = n;
}

static bool sending(const struct sender *s)
{
	return s->from < s->to || s->done < s->all;
}

static void push(int fd, struct sender *s, void (*next)(struct sender *))
{
	while (sending(s)) {
		if (s->from == s->to)
			next(s);
		ssize_t n = send(fd, s->buf + s->from, s->to - s->from, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("send: %s", strerror(errno));
		s->from += (size_t)n;
	}
}

static void take_close(struct bulk *b, const uint8_t *at, size_t n)
{
	if (n < 2 || at[0] != 1000 / 256 || at[1] != 1000 % 256)
		die("a Close frame without 1000");
	b->close_seen = true;
}

/* A frame header, byte by byte. */
static void take_head(struct bulk *b, uint8_t c)
{
	b->head[b->head_n++] = c;
	unsigned need = b->head_n < 2              ? 2
	                : b->head[1] < 126         ? 2
	                : (b->head[1] & 127) < 127 ? 4
	                                           : 10;
	if (b->head_n < need)
		return;
	if (b->head[0] != 0x82 && b->head[0] != 0x88)
		die("a frame that begins with %02x", b->head[0]);
	if (b->head[1] & 0x80)
		die("a masked frame from the server");
	b->left = need == 2 ? b->head[1] : 0;
	for (unsigned i = 2; i < need; i++)
		b->left = b->left << 8 | b->head[i];
	b->head_n = 0;
}

static void take_frames(struct bulk *b, const uint8_t *at, size_t n)
{
	while (n > 0) {
		if (b->close_seen)
			die("bytes behind the Close frame");
		if (b->left == 0) {
			take_head(b, *at++);
			n--;
			continue;
		}
		size_t part = b->left < n ? (size_t)b->left : n;
		if (b->head[0] == 0x88) {
			if (part < b->left)
				die("a Close frame in pieces");
			take_close(b, at, part);
		} else {
			check(DOWN, &b->down_got, at, part);
		}
		b->left -= part;
		at += part;
		n -= part;
	}
}

static void pull(struct bulk *b, int fd)
{
	struct receiver *r = fd == b->client ? &b->down_got : &b->up_got;
	ssize_t n = recv(fd, b->in, sizeof b->in, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		die("recv: %s", strerror(errno));
	if (n == 0)
		r->eof = true;
	else if (fd == b->client)
		take_frames(b, b->in, (size_t)n);
	else
		check(UP, &b->up_got, b->in, (size_t)n);
}

/* The end: only when every byte of both directions has been seen. */
static void say_goodbye(struct bulk *b)
{
	static const uint8_t bye[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};
	if (b->up_got.done < b->up_got.all || b->down_got.done < b->down_got.all)
		return;
	if (!b->fin_sent)
		shutdown(b->backend, SHUT_WR);
	b->fin_sent = true;
	if (b->close_seen && !b->close_sent) {
		b->close_sent = true;
		if (send(b->client, bye, sizeof bye, MSG_NOSIGNAL) != sizeof bye)
			die("the Close frame did not go out");
	}
}

static void run(struct bulk *b)
{
	while (!b->up_got.eof || !b->down_got.eof) {
		struct pollfd p[2] = {{.fd = b->client, .events = POLLIN},
		                      {.fd = b->backend, .events = POLLIN}};
		if (sending(&b->up))
			p[0].events |= POLLOUT;
		if (sending(&b->down))
			p[1].events |= POLLOUT;
		if (b->down_got.eof)
			p[0].fd = -1;
		if (b->up_got.eof)
			p[1].fd = -1;
		if (poll(p, 2, PATIENCE_MS) < 1)
			die("stuck: up %llu, down %llu bytes", (unsigned long long)b->up_got.done,
			    (unsigned long long)b->down_got.done);
		if (p[0].revents & POLLIN || p[0].revents & POLLHUP)
			pull(b, b->client);
		if (p[1].revents & POLLIN || p[1].revents & POLLHUP)
			pull(b, b->backend);
		if (p[0].revents & POLLOUT)
			push(b->client, &b->up, next_frame);
		if (p[1].revents & POLLOUT)
			push(b->backend, &b->down, next_piece);
		say_goodbye(b);
	}
	if (!b->close_sent)
		die("the end came early: up %llu, down %llu bytes",
		    (unsigned long long)b->up_got.done, (unsigned long long)b->down_got.done);
}

static int open_listener(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		die("listen: %s", strerror(errno));
	printf("port %u\n", ntohs(in.sin_port));
	fflush(stdout);
	return fd;
}

static int open_client(void)
{
	static const char ask[] = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
				  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char line[32], reply[4096];
	size_t n = 0;
	if (!fgets(line, sizeof line, stdin))
		die("no port on standard input");
	in.sin_port = htons((uint16_t)strtoul(line, NULL, 10));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) < 0)
		die("connect: %s", strerror(errno));
	if (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) != sizeof ask - 1)
		die("send: %s", strerror(errno));
	do { /* byte by byte: what follows the head are frames */
		if (n + 1 == sizeof reply || recv(fd, reply + n, 1, 0) != 1)
			die("no answer to the handshake");
		reply[++n] = 0;
	} while (n < 4 || memcmp(reply + n - 4, "\r\n\r\n", 4) != 0);
	if (!strstr(reply, " 101 ") || !strstr(reply, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
		die("not upgraded: %s", reply);
	return fd;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct bulk b;
	if (argc != 3)
		return 2;
	b.up.all = b.up_got.all = strtoull(argv[1], NULL, 10);
	b.down.all = b.down_got.all = strtoull(argv[2], NULL, 10);
	int listener = open_listener();
	b.client = open_client();
	b.backend = accept(listener, NULL, NULL);
	if (b.backend < 0)
		die("accept: %s", strerror(errno));
	fcntl(b.client, F_SETFL, O_NONBLOCK);
	fcntl(b.backend, F_SETFL, O_NONBLOCK);
	double since = now();
	run(&b);
	printf("ok up %llu down %llu in %.2f s\n", (unsigned long long)b.up_got.done,
	       (unsigned long long)b.down_got.done, now() - since);
	return 0;
}
