/* Dialling: every address gets its turn, the reason says what happened, and whoever loses interest
 * is never called, wherever the dial stands.
 *
 * Names are answered by the test where it matters (wrapped uv_getaddrinfo), and by the system's
 * resolver for `localhost`. A place where connects hang is a listening socket whose backlog is full.
 */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=socket,--wrap=connect,--wrap=getpeername,--wrap=uv_getaddrinfo,--wrap=uv_freeaddrinfo,--wrap=uv_cancel */
#include "io/dial.h"
#include "../../src/io/loop_priv.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

/* ---- the world the dialler sees ---- */

enum { TRIES = 128 };

static struct {
	unsigned sockets, connects;
	int last_socket;
	char tried[TRIES][INET6_ADDRSTRLEN]; /* in order, each once */
	unsigned tried_n;
	int connect_error;       /* every connect fails so */
	const char *unreachable; /* connects to these addresses fail with ENETUNREACH */
	bool keeps_alive;        /* the socket of the last connect is asked for signs of life */
	unsigned not_yet;        /* so often a socket has no peer yet when it is asked */
	bool is_connected;       /* a second connect says so */
	bool answer_names;       /* the test answers look-ups */
	uv_getaddrinfo_t *lookup;
	uv_getaddrinfo_cb answer;
} world;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __real_getpeername(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len);
int __real_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *r, uv_getaddrinfo_cb cb,
                          const char *node, const char *service, const struct addrinfo *hints);
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *r, uv_getaddrinfo_cb cb,
                          const char *node, const char *service, const struct addrinfo *hints);
void __real_uv_freeaddrinfo(struct addrinfo *list);
void __wrap_uv_freeaddrinfo(struct addrinfo *list);
int __real_uv_cancel(uv_req_t *r);
int __wrap_uv_cancel(uv_req_t *r);

int __wrap_socket(int family, int type, int protocol)
{
	int fd = __real_socket(family, type, protocol);
	world.sockets++;
	world.last_socket = fd;
	return fd;
}

/* A second connect on the same socket asks how the first one went: no new try. */
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	char text[INET6_ADDRSTRLEN] = "";
	int on = 0;
	socklen_t on_len = sizeof on;
	world.connects++;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &on_len), 0);
	world.keeps_alive = on;
	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, text,
		          sizeof text);
	else if (sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		          text, sizeof text);
	if (text[0] && world.tried_n < TRIES &&
	    (!world.tried_n || strcmp(world.tried[world.tried_n - 1], text) != 0))
		memcpy(world.tried[world.tried_n++], text, sizeof text);
	if (world.connect_error ||
	    (text[0] && world.unreachable && strstr(world.unreachable, text))) {
		errno = world.connect_error ? world.connect_error : ENETUNREACH;
		return -1;
	}
	int r = __real_connect(fd, sa, len);
	return r == 0 && world.is_connected ? __real_connect(fd, sa, len) : r;
}

int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len)
{
	if (!world.not_yet)
		return __real_getpeername(fd, sa, len);
	world.not_yet--;
	errno = ENOTCONN;
	return -1;
}

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *r, uv_getaddrinfo_cb cb,
                          const char *node, const char *service, const struct addrinfo *hints)
{
	if (!world.answer_names)
		return __real_uv_getaddrinfo(loop, r, cb, node, service, hints);
	assert_null(world.lookup);
	r->loop = loop;
	world.lookup = r;
	world.answer = cb;
	return 0;
}

void __wrap_uv_freeaddrinfo(struct addrinfo *list)
{
	if (!world.answer_names)
		__real_uv_freeaddrinfo(list);
}

int __wrap_uv_cancel(uv_req_t *r)
{
	return world.answer_names ? UV_EBUSY : __real_uv_cancel(r);
}

/* The look-up under way finds these ("127.0.0.1 ::1 …"), or fails. */
static void answer_lookup(const char *addresses, int status)
{
	static struct addrinfo nodes[TRIES];
	static struct sockaddr_in6 places[TRIES];
	char text[64];
	unsigned n = 0;
	for (const char *at = addresses; at && *at; n++) {
		size_t len = strcspn(at, " ");
		assert_true(n < TRIES && len < sizeof text);
		memcpy(text, at, len);
		text[len] = 0;
		at += len + (at[len] == ' ');
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)&places[n];
		bool six = strchr(text, ':') != NULL;
		places[n] = (struct sockaddr_in6){.sin6_family = six ? AF_INET6 : AF_INET};
		assert_int_equal(
			inet_pton(six ? AF_INET6 : AF_INET, text,
		                  six ? (void *)&places[n].sin6_addr : (void *)&in->sin_addr),
			1);
		nodes[n] = (struct addrinfo){.ai_family = six ? AF_INET6 : AF_INET,
		                             .ai_addr = (struct sockaddr *)&places[n],
		                             .ai_addrlen = six ? sizeof places[n] : sizeof *in};
		if (n)
			nodes[n - 1].ai_next = &nodes[n];
	}
	uv_getaddrinfo_t *r = world.lookup;
	assert_non_null(r);
	world.lookup = NULL;
	world.answer(r, status, n ? nodes : NULL);
}

/* ---- places to dial ---- */

static int listen_on(const char *ip, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t len = sizeof in;
	assert_int_equal(inet_pton(AF_INET, ip, &in.sin_addr), 1);
	int fd = __real_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

/* Nobody listens there: the port was free a moment ago. */
static uint16_t dead_port(void)
{
	uint16_t port = 0;
	close(listen_on("127.0.0.1", &port));
	return port;
}

/* Connects to it neither succeed nor fail. */
struct hole {
	int door, plugs[8];
	unsigned n;
};

static void hole_open(struct hole *h, const char *ip, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	*h = (struct hole){.door = listen_on(ip, port)};
	assert_int_equal(listen(h->door, 0), 0);
	in.sin_port = htons(*port);
	assert_int_equal(inet_pton(AF_INET, ip, &in.sin_addr), 1);
	while (h->n < 8) {
		int fd = __real_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		h->plugs[h->n++] = fd;
		assert_true(__real_connect(fd, (struct sockaddr *)&in, sizeof in) == 0 ||
		            errno == EINPROGRESS);
	}
}

/* Accepts one, if there is one: a place in the backlog is free. */
static void let_one_in(struct hole *h)
{
	int fd = accept4(h->door, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

static void hole_close(struct hole *h)
{
	while (h->n)
		close(h->plugs[--h->n]);
	close(h->door);
}

/* ---- one dial ---- */

struct call {
	struct real_loop w;
	struct target target;
	struct dialed dialed;
	struct link *link;
	struct why why;
	unsigned told, closed;
	bool inside;
	unsigned fds; /* open before */
	struct span heard;
	char heard_bytes[64];
};

static unsigned open_fds(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void on_bytes(void *owner, struct span s)
{
	struct call *c = owner;
	assert_true(c->heard.len + s.len <= sizeof c->heard_bytes);
	memcpy(c->heard_bytes + c->heard.len, s.at, s.len);
	c->heard = span_of(c->heard_bytes, c->heard.len + s.len);
}

static void on_closed(void *owner)
{
	struct call *c = owner;
	c->closed++;
	c->link = NULL;
}

static const struct link_events events = {.bytes = on_bytes, .closed = on_closed};

static void on_dialed(void *owner, struct link *link, const struct why *why)
{
	struct call *c = owner;
	assert_false(c->inside);
	assert_int_equal(c->told, 0);
	assert_true((link != NULL) != (why != NULL));
	c->told++;
	c->link = link;
	if (link)
		link_own(link, &events, c);
	else
		c->why = *why;
}

static void call_open(struct call *c, enum target_kind kind, const char *host, uint16_t port)
{
	*c = (struct call){.target = {.kind = kind, .port = port}};
	memset(&world, 0, sizeof world);
	snprintf(c->target.host, sizeof c->target.host, "%s", host);
	c->fds = open_fds();
	real_open(&c->w, NULL);
}

static int dial(struct call *c)
{
	c->dialed.fn = on_dialed;
	c->dialed.owner = c;
	c->inside = true;
	int r = dial_start(c->w.env, &c->target, &c->dialed);
	c->inside = false;
	return r;
}

static void call_close(struct call *c)
{
	if (c->link)
		link_close(c->link, true);
	real_until(&c->w, !c->link);
	if (world.lookup)
		answer_lookup(NULL, UV_EAI_AGAIN);
	real_close(&c->w);
	assert_int_equal(open_fds(), c->fds);
}

static void some_turns(struct call *c)
{
	for (int i = 0; i < 20; i++)
		real_turn(&c->w);
}

/* Fires what is due within ms, and comes back to the loop's own time. */
static void jump(struct call *c, uint64_t ms)
{
	uint64_t now = c->w.env->timers->now;
	timers_run(c->w.env->timers, now + ms);
	c->w.env->timers->now = now;
}

/* The session counts them, whoever dialled: here they stay uncounted. */
static uint64_t failures(const struct call *c)
{
	return metric_get(c->w.env->metrics, METRIC_DIAL_FAILED);
}

/* The link is the connection that fd listens for. */
static void check_link(struct call *c, int door)
{
	assert_non_null(c->link);
	int peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	char buf[8];
	assert_true(peer >= 0);
	assert_int_equal(link_send(c->link, span_str("up"), 0), 0);
	assert_int_equal(read(peer, buf, sizeof buf), 2);
	link_read(c->link, 100);
	assert_int_equal(write(peer, "down", 4), 4);
	real_until(&c->w, c->heard.len == 4);
	assert_memory_equal(c->heard_bytes, "down", 4);
	assert_int_equal(failures(c), 0);
	close(peer);
}

/* ---- one address ---- */

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;
	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* A far peer may vanish without a word; one on this machine cannot. */
static void test_options(void **state)
{
	static const int sides[] = {SOCK_CLIENT, SOCK_BACKEND, SOCK_NEAR};
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		sock_tune(fd, (enum sock_side)sides[i]);
		assert_true(option(fd, IPPROTO_TCP, TCP_NODELAY));
		assert_int_equal(!!option(fd, SOL_SOCKET, SO_KEEPALIVE), sides[i] != SOCK_NEAR);
		assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) > 0,
		                 sides[i] != SOCK_NEAR);
		close(fd);
	}
}

/* The socket of each dial is a far or a near one by its address. */
static void test_near_and_far(void **state)
{
	static const char *const near[] = {"127.0.0.1", "127.1.2.3", "::1"};
	static const char *const far[] = {"192.0.2.1", "128.0.0.1", "2001:db8::1"};
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct call c;
		call_open(&c, TARGET_TCP, i < 3 ? near[i] : far[i - 3], 9);
		unit_note("%s", c.target.host);
		world.connect_error = ENETUNREACH; /* nobody is bothered */
		assert_int_equal(dial(&c), 0);
		real_until(&c.w, c.told);
		assert_int_equal(world.keeps_alive, i >= 3);
		call_close(&c);
	}
	unit_note_clear();
}

static void test_numeric(void **state)
{
	struct call c;
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port), on = 0;
	socklen_t len = sizeof on;
	(void)state;
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	world.answer_names = true; /* nobody is asked */
	assert_int_equal(dial(&c), 0);
	assert_int_equal(c.told, 0);
	assert_null(world.lookup);
	real_until(&c.w, c.told);
	assert_int_equal(getsockopt(world.last_socket, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	assert_true(on);
	assert_true(fcntl(world.last_socket, F_GETFD) & FD_CLOEXEC);
	check_link(&c, door);
	call_close(&c);
	close(door);
}

static void test_numeric_ipv6(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	socklen_t len = sizeof in6;
	struct call c;
	(void)state;
	int door = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (door < 0 || bind(door, (struct sockaddr *)&in6, sizeof in6) < 0) {
		print_message("no IPv6 here: not tested\n");
		close(door);
		return;
	}
	assert_int_equal(listen(door, 4), 0);
	assert_int_equal(getsockname(door, (struct sockaddr *)&in6, &len), 0);
	call_open(&c, TARGET_TCP, "::1", ntohs(in6.sin6_port));
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	assert_null(world.lookup);
	real_until(&c.w, c.told);
	check_link(&c, door);
	call_close(&c);
	close(door);
}

static void test_refused(void **state)
{
	struct call c;
	char want[128];
	uint16_t port = dead_port();
	(void)state;
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(dial(&c), 0);
	real_until(&c.w, c.told);
	snprintf(want, sizeof want, "backend 127.0.0.1:%u refused the connection", port);
	assert_string_equal(c.why.text, want);
	assert_int_equal(c.why.layer, WHY_DIAL);
	assert_int_equal(c.why.close, 1011);
	assert_int_equal(c.why.status, 502);
	assert_int_equal(c.why.err, -ECONNREFUSED);
	assert_int_equal(failures(&c), 0);
	assert_null(c.dialed.dial);
	call_close(&c);
}

/* The connection comes between being asked for its peer and the second connect, which then says 0;
 * a third would say EISCONN, and on other systems the second does. */
static void test_connected_meanwhile(void **state)
{
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct call c;
		call_open(&c, TARGET_TCP, "127.0.0.1", port);
		world.not_yet = 1;
		world.is_connected = i;
		assert_int_equal(dial(&c), 0);
		assert_int_equal(world.not_yet, 0);
		real_until(&c.w, c.told);
		check_link(&c, door);
		call_close(&c);
	}
	close(door);
}

/* The connection comes while the loop waits for it, not during dial. */
static void test_slow_connect(void **state)
{
	struct call c;
	struct hole h;
	uint16_t port = 0;
	(void)state;
	hole_open(&h, "127.0.0.1", &port);
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(dial(&c), 0);
	some_turns(&c);
	assert_int_equal(c.told, 0);
	/* Making room lets one of the retried SYNs in. */
	real_until(&c.w, (let_one_in(&h), c.told));
	assert_non_null(c.link);
	call_close(&c);
	hole_close(&h);
}

static void test_no_answer(void **state)
{
	struct call c;
	struct hole h;
	char want[128];
	uint16_t port = 0;
	(void)state;
	hole_open(&h, "127.0.0.1", &port);
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(dial(&c), 0);
	some_turns(&c);
	jump(&c, 9000);
	some_turns(&c);
	assert_int_equal(c.told, 0);
	jump(&c, 10000);
	real_until(&c.w, c.told);
	snprintf(want, sizeof want, "backend 127.0.0.1:%u did not answer within 10 s", port);
	assert_string_equal(c.why.text, want);
	assert_int_equal(c.why.status, 504);
	assert_int_equal(c.why.close, 1011);
	assert_int_equal(c.why.err, -ETIMEDOUT);
	call_close(&c);
	hole_close(&h);
}

/* It fails while the loop waits: nobody listens any more when the SYN is sent again. */
static void test_late_refusal(void **state)
{
	struct call c;
	struct hole h;
	char want[128];
	uint16_t port = 0;
	(void)state;
	hole_open(&h, "127.0.0.1", &port);
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(dial(&c), 0);
	real_turn(&c.w);
	hole_close(&h);
	c.fds -= 1 + 8; /* the door and the plugs */
	real_until(&c.w, c.told);
	snprintf(want, sizeof want, "backend 127.0.0.1:%u refused the connection", port);
	assert_string_equal(c.why.text, want);
	call_close(&c);
}

static void test_what_connect_says(void **state)
{
	static const struct {
		int error;
		unsigned status;
		const char *text;
	} rows[] = {
		{ETIMEDOUT, 504, "backend 127.0.0.1:5901 did not answer"},
		{EHOSTUNREACH, 502, "backend 127.0.0.1:5901 cannot be reached from here"},
		{EACCES, 502, "backend 127.0.0.1:5901: permission denied"},
		{ENOBUFS, 502, "backend 127.0.0.1:5901: out of network buffers"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct call c;
		unit_note("row %zu", i);
		call_open(&c, TARGET_TCP, "127.0.0.1", 5901);
		world.connect_error = rows[i].error;
		assert_int_equal(dial(&c), 0);
		real_until(&c.w, c.told);
		assert_string_equal(c.why.text, rows[i].text);
		assert_int_equal(c.why.status, rows[i].status);
		assert_int_equal(c.why.err, -rows[i].error);
		call_close(&c);
	}
	unit_note_clear();
}

/* ---- names ---- */

static void test_real_name(void **state)
{
	struct call c;
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	(void)state;
	call_open(&c, TARGET_TCP, "localhost", port); /* ::1 may come first, and refuse */
	assert_int_equal(dial(&c), 0);
	assert_int_equal(world.sockets, 0);
	real_until(&c.w, c.told);
	check_link(&c, door);
	call_close(&c);
	close(door);
}

static void test_lookup_failures(void **state)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{UV_EAI_NONAME, "backend vnc1:5901: host name not found"},
		{UV_EAI_NODATA, "backend vnc1:5901: host name not found"},
		{UV_EAI_AGAIN, "backend vnc1:5901: the name server did not answer"},
		{UV_EAI_FAIL, "backend vnc1:5901: the name look-up failed"},
		{UV_ENOMEM, "backend vnc1:5901: out of memory"},
		{0, "backend vnc1:5901: host name not found"}, /* no address at all */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct call c;
		unit_note("row %zu", i);
		call_open(&c, TARGET_TCP, "vnc1", 5901);
		world.answer_names = true;
		assert_int_equal(dial(&c), 0);
		some_turns(&c);
		assert_int_equal(c.told, 0);
		answer_lookup(NULL, rows[i].status);
		real_until(&c.w, c.told);
		assert_string_equal(c.why.text, rows[i].text);
		assert_int_equal(c.why.status, 502);
		assert_true(c.why.err < 0 && c.why.err > -1000);
		call_close(&c);
	}
	unit_note_clear();
}

static void test_lookup_takes_too_long(void **state)
{
	struct call c;
	(void)state;
	call_open(&c, TARGET_TCP, "vnc1", 5901);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	jump(&c, 10000);
	real_until(&c.w, c.told);
	assert_string_equal(c.why.text, "backend vnc1:5901 did not answer within 10 s");
	answer_lookup("127.0.0.1", 0); /* too late, and harmless */
	some_turns(&c);
	assert_int_equal(world.sockets, 0);
	call_close(&c);
}

/* libuv refuses a name before it asks anybody. */
static void test_impossible_name(void **state)
{
	struct call c;
	char name[TARGET_HOST];
	(void)state;
	memset(name, 'x', sizeof name);
	name[TARGET_HOST - 1] = 0;
	call_open(&c, TARGET_TCP, name, 5901);
	assert_int_equal(dial(&c), 0);
	real_until(&c.w, c.told);
	assert_null(c.link);
	/* Shortened in the middle: both ends of the name and what happened are there. */
	assert_memory_equal(c.why.text, "backend xxxxxxxx", 16);
	assert_non_null(strstr(c.why.text, "...x"));
	assert_non_null(strstr(c.why.text, "x:5901"));
	assert_true(strlen(c.why.text) > strlen(strstr(c.why.text, "x:5901")) - 6);
	assert_true(strstr(c.why.text, "x:5901")[6] != 0);
	call_close(&c);
}

/* ---- many addresses ---- */

static void test_families_take_turns(void **state)
{
	static const struct {
		const char *found, *tried;
	} rows[] = {
		{"::a ::b ::c 127.0.0.1 127.0.0.2", "::a 127.0.0.1 ::b 127.0.0.2 ::c"},
		{"127.0.0.1 127.0.0.2 127.0.0.3 ::a", "127.0.0.1 ::a 127.0.0.2 127.0.0.3"},
		{"127.0.0.9", "127.0.0.9"},
		{"::a ::b", "::a ::b"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct call c;
		char tried[1024] = "";
		size_t len = 0;
		unit_note("row %zu", i);
		call_open(&c, TARGET_TCP, "vnc1", 5901);
		world.answer_names = true;
		world.connect_error = ENETUNREACH; /* each fails at once: the next needs no timer */
		assert_int_equal(dial(&c), 0);
		answer_lookup(rows[i].found, 0);
		for (unsigned k = 0; k < world.tried_n; k++)
			len += (size_t)snprintf(tried + len, sizeof tried - len, "%s%s",
			                        k ? " " : "", world.tried[k]);
		/* Abbreviated forms may be written differently. */
		char want[1024] = "";
		size_t want_len = 0;
		for (const char *at = rows[i].tried; *at;) {
			char one[64], norm[64];
			struct in6_addr bytes;
			size_t n = strcspn(at, " ");
			memcpy(one, at, n);
			one[n] = 0;
			int family = strchr(one, ':') ? AF_INET6 : AF_INET;
			assert_int_equal(inet_pton(family, one, &bytes), 1);
			inet_ntop(family, &bytes, norm, sizeof norm);
			want_len += (size_t)snprintf(want + want_len, sizeof want - want_len,
			                             "%s%s", want_len ? " " : "", norm);
			at += n + (at[n] == ' ');
		}
		assert_string_equal(tried, want);
		real_until(&c.w, c.told);
		assert_string_equal(c.why.text, "backend vnc1:5901 cannot be reached from here");
		call_close(&c);
	}
	unit_note_clear();
}

/* A name server may know more than we try: 64, and both families among them. */
static void test_so_many_addresses(void **state)
{
	struct call c;
	char found[2048];
	size_t len = 0;
	(void)state;
	for (unsigned i = 1; i <= 100; i++)
		len += (size_t)snprintf(found + len, sizeof found - len, "fd00::%x ", i);
	snprintf(found + len, sizeof found - len, "127.0.0.1");
	call_open(&c, TARGET_TCP, "vnc1", 5901);
	world.answer_names = true;
	world.connect_error = ENETUNREACH; /* each fails at once: the next needs no timer */
	assert_int_equal(dial(&c), 0);
	answer_lookup(found, 0);
	assert_int_equal(world.tried_n, 64);
	assert_string_equal(world.tried[1], "127.0.0.1");
	assert_string_equal(world.tried[63], "fd00::3f");
	real_until(&c.w, c.told);
	call_close(&c);
}

/* The first one refuses: the second is tried at once, without the stagger. */
static void test_next_after_failure(void **state)
{
	struct call c;
	uint16_t port = 0;
	int door = listen_on("127.0.0.3", &port);
	(void)state;
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3", 0);
	assert_int_equal(world.sockets, 2); /* no time has passed */
	real_until(&c.w, c.told);
	check_link(&c, door);
	call_close(&c);
	close(door);
}

/* The first one hangs: the second is tried after 250 ms, and wins; the first is closed. */
static void test_next_after_stagger(void **state)
{
	struct call c;
	struct hole h;
	uint16_t port = 0;
	(void)state;
	int door = listen_on("127.0.0.3", &port);
	hole_open(&h, "127.0.0.2", &port);
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3", 0);
	assert_int_equal(world.sockets, 1);
	assert_in_range(timers_next(c.w.env->timers), 1, 250);
	real_until(&c.w, c.told); /* in real time, this once */
	assert_int_equal(world.sockets, 2);
	check_link(&c, door);
	call_close(&c);
	close(door);
	hole_close(&h);
}

/* All hang but the third, and the first two are still tried when it answers. */
static void test_three_at_once(void **state)
{
	struct call c;
	struct hole a, b;
	uint16_t port = 0;
	(void)state;
	int door = listen_on("127.0.0.4", &port);
	hole_open(&a, "127.0.0.2", &port);
	hole_open(&b, "127.0.0.3", &port);
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3 127.0.0.4", 0);
	jump(&c, 250);
	assert_int_equal(world.sockets, 2);
	jump(&c, 500);
	assert_int_equal(world.sockets, 3);
	real_until(&c.w, c.told);
	check_link(&c, door);
	call_close(&c);
	close(door);
	hole_close(&a);
	hole_close(&b);
}

/* The first hangs, the second wins late: who was first does not matter, who answers does. */
static void test_first_wins_late(void **state)
{
	struct call c;
	struct hole a, b;
	uint16_t port = 0;
	(void)state;
	hole_open(&a, "127.0.0.2", &port);
	hole_open(&b, "127.0.0.3", &port);
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3", 0);
	jump(&c, 250);
	assert_int_equal(world.sockets, 2);
	real_until(&c.w, (let_one_in(&a), c.told));
	assert_non_null(c.link);
	call_close(&c);
	hole_close(&a);
	hole_close(&b);
}

/* Two hang. One of them then fails: the other goes on, and wins. */
static void test_one_of_two_fails_late(void **state)
{
	struct call c;
	struct hole a, b;
	uint16_t port = 0;
	(void)state;
	hole_open(&a, "127.0.0.2", &port);
	hole_open(&b, "127.0.0.3", &port);
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3", 0);
	jump(&c, 250);
	assert_int_equal(world.sockets, 2);
	hole_close(&a);
	c.fds -= 1 + 8;
	unsigned asked = world.connects;
	real_until(&c.w, world.connects > asked); /* the loop has heard of the refusal */
	assert_int_equal(c.told, 0);
	real_until(&c.w, (let_one_in(&b), c.told));
	assert_non_null(c.link);
	call_close(&c);
	hole_close(&b);
}

/* Of several failures the first that says more than "unreachable" is told. */
static void test_which_failure_is_told(void **state)
{
	static const char *const found[] = {"127.0.0.2 127.0.0.1 127.0.0.3", "127.0.0.1 127.0.0.2",
	                                    "127.0.0.3 127.0.0.1"};
	uint16_t port = dead_port();
	char want[128];
	(void)state;
	snprintf(want, sizeof want, "backend vnc1:%u refused the connection", port);
	for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
		struct call c;
		call_open(&c, TARGET_TCP, "vnc1", port);
		world.answer_names = true;
		world.unreachable = "127.0.0.2 127.0.0.3";
		assert_int_equal(dial(&c), 0);
		answer_lookup(found[i], 0);
		real_until(&c.w, c.told);
		assert_string_equal(c.why.text, want);
		call_close(&c);
	}
}

/* ---- unix sockets ---- */

struct place {
	char dir[64], path[100];
	int door;
};

static void place_open(struct place *p, bool listens)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	snprintf(p->dir, sizeof p->dir, "/tmp/test_dial.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/s", p->dir);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", p->path);
	p->door = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(p->door, (struct sockaddr *)&un, sizeof un), 0);
	if (listens)
		assert_int_equal(listen(p->door, 1), 0);
}

static void place_close(struct place *p)
{
	close(p->door);
	unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

static void test_unix(void **state)
{
	struct call c;
	struct place p;
	(void)state;
	place_open(&p, true);
	call_open(&c, TARGET_UNIX, p.path, 0);
	assert_int_equal(dial(&c), 0);
	assert_int_equal(c.told, 0);
	real_until(&c.w, c.told);
	check_link(&c, p.door);
	call_close(&c);
	place_close(&p);
}

static void test_unix_failures(void **state)
{
	struct call c;
	struct place p;
	char want[200];
	(void)state;
	place_open(&p, false);
	for (int i = 0; i < 2; i++) {
		call_open(&c, TARGET_UNIX, p.path, 0);
		assert_int_equal(dial(&c), 0);
		real_until(&c.w, c.told);
		snprintf(want, sizeof want, "backend unix:%s%s", p.path,
		         i ? ": no such socket" : " refused the connection");
		assert_string_equal(c.why.text, want);
		assert_int_equal(c.why.status, 502);
		assert_int_equal(failures(&c), 0);
		call_close(&c);
		unlink(p.path);
	}
	place_close(&p);
}

/* A name of 80 bytes and more is told by its ends, so that what happened has room. */
static void test_long_names(void **state)
{
	(void)state;
	for (unsigned n = 78; n < 83; n++) {
		struct call c;
		char path[108], name[116], want[160];
		memset(path, 'p', sizeof path);
		memcpy(path, "/nonexistent/", 13);
		path[n - 5] = 0;
		snprintf(name, sizeof name, "unix:%s", path);
		call_open(&c, TARGET_UNIX, path, 0);
		assert_int_equal(dial(&c), 0);
		real_until(&c.w, c.told);
		if (n < 80)
			snprintf(want, sizeof want, "backend %s: no such socket", name);
		else
			snprintf(want, sizeof want, "backend %.40s...%s: no such socket", name,
			         name + n - 30);
		assert_string_equal(c.why.text, want);
		call_close(&c);
	}
}

/* The backlog is full: tried again until there is room, or the time is over. */
static void test_unix_busy(void **state)
{
	struct call c;
	struct place p;
	char want[200];
	int plugs[2];
	(void)state;
	for (int gives_up = 0; gives_up < 2; gives_up++) {
		struct sockaddr_un un = {.sun_family = AF_UNIX};
		place_open(&p, true);
		snprintf(un.sun_path, sizeof un.sun_path, "%s", p.path);
		for (int i = 0; i < 2; i++) {
			plugs[i] = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
			assert_int_equal(
				__real_connect(plugs[i], (struct sockaddr *)&un, sizeof un), 0);
		}
		call_open(&c, TARGET_UNIX, p.path, 0);
		assert_int_equal(dial(&c), 0);
		jump(&c, 250);
		assert_int_equal(world.sockets, 2);
		some_turns(&c);
		assert_int_equal(c.told, 0);
		if (gives_up) {
			jump(&c, 20000);
			real_until(&c.w, c.told);
			snprintf(want, sizeof want, "backend unix:%s did not answer within 10 s",
			         p.path);
			assert_string_equal(c.why.text, want);
		} else {
			for (int i = 0; i < 2; i++)
				close(accept4(p.door, NULL, NULL, SOCK_CLOEXEC));
			real_until(&c.w, c.told);
			check_link(&c, p.door);
		}
		call_close(&c);
		for (int i = 0; i < 2; i++)
			close(plugs[i]);
		place_close(&p);
	}
}

/* ---- losing interest ---- */

static void stop(struct call *c)
{
	c->inside = true;
	dial_stop(c->w.env, &c->dialed);
	dial_stop(c->w.env, &c->dialed); /* nothing under way: nothing happens */
	c->inside = false;
	assert_null(c->dialed.dial);
	some_turns(c);
	assert_int_equal(c->told, 0);
	assert_int_equal(failures(c), 0);
}

static void test_stop_when_connected(void **state)
{
	struct call c;
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	(void)state;
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(dial(&c), 0); /* connected already; telling is deferred */
	stop(&c);
	call_close(&c);
	close(door);
}

static void test_stop_when_refused(void **state)
{
	struct call c;
	(void)state;
	call_open(&c, TARGET_TCP, "127.0.0.1", dead_port());
	assert_int_equal(dial(&c), 0);
	stop(&c);
	call_close(&c);
}

static void test_stop_while_connecting(void **state)
{
	struct call c;
	struct hole a, b;
	uint16_t port = 0;
	(void)state;
	hole_open(&a, "127.0.0.2", &port);
	hole_open(&b, "127.0.0.3", &port);
	call_open(&c, TARGET_TCP, "vnc1", port);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	answer_lookup("127.0.0.2 127.0.0.3 127.0.0.4", 0);
	jump(&c, 250);
	real_turn(&c.w);
	unsigned sockets = world.sockets;
	assert_true(sockets >= 2);
	stop(&c);
	assert_int_equal(world.sockets, sockets);
	call_close(&c);
	hole_close(&a);
	hole_close(&b);
}

static void test_stop_while_looking_up(void **state)
{
	struct call c;
	(void)state;
	call_open(&c, TARGET_TCP, "vnc1", 5901);
	world.answer_names = true;
	assert_int_equal(dial(&c), 0);
	stop(&c);
	answer_lookup("127.0.0.1", 0);
	some_turns(&c);
	assert_int_equal(world.sockets, 0);
	assert_int_equal(c.told, 0);
	call_close(&c);
}

/* The same with libuv's own threads, at every stage of them, and loop_free right behind. */
static void test_stop_real_lookups(void **state)
{
	struct call c;
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	(void)state;
	for (int turns = 0; turns < 5; turns++) {
		struct dialed more[20];
		call_open(&c, TARGET_TCP, "localhost", port);
		for (int i = 0; i < 20; i++) {
			more[i] = (struct dialed){.fn = on_dialed, .owner = &c};
			assert_int_equal(dial_start(c.w.env, &c.target, &more[i]), 0);
		}
		c.told = 1; /* from now on a call is a failure */
		if (turns < 2)
			assert_int_equal(world.sockets, 0);
		for (int i = 0; i < 20; i++)
			dial_stop(c.w.env, &more[i]);
		if (turns)
			real_turn(&c.w);
		call_close(&c);
	}
	close(door);
}

static void test_stop_a_busy_unix_socket(void **state)
{
	struct call c;
	struct place p;
	(void)state;
	place_open(&p, true);
	call_open(&c, TARGET_UNIX, p.path, 0);
	world.connect_error = EAGAIN;
	assert_int_equal(dial(&c), 0);
	real_turn(&c.w);
	stop(&c);
	call_close(&c);
	place_close(&p);
}

/* ---- shortages, and what is no target ---- */

static void test_not_a_target(void **state)
{
	struct call c;
	char path[TARGET_HOST];
	(void)state;
	call_open(&c, TARGET_TESTCARD, "", 0);
	assert_int_equal(dial(&c), -EINVAL);
	call_close(&c);
	memset(path, 'x', sizeof path);
	path[108] = 0;
	call_open(&c, TARGET_UNIX, path, 0);
	assert_int_equal(dial(&c), -EINVAL);
	some_turns(&c);
	assert_int_equal(c.told, 0);
	call_close(&c);
	path[107] = 0; /* the longest there is */
	call_open(&c, TARGET_UNIX, path, 0);
	assert_int_equal(dial(&c), 0);
	real_until(&c.w, c.told);
	assert_int_equal(c.why.err, -ENOENT);
	call_close(&c);
}

struct place_to_dial {
	enum target_kind kind;
	const char *host;
	uint16_t port;
};

/* With the failing-th allocation failing; 0: none. Returns how many there were. */
static unsigned long dial_once(const struct place_to_dial *to, unsigned long failing)
{
	struct call c;
	call_open(&c, to->kind, to->host, to->port);
	world.answer_names = true;
	fail_malloc_at(failing);
	int r = dial(&c);
	if (r == 0 && world.lookup)
		answer_lookup("127.0.0.2 127.0.0.1", 0);
	if (r == 0)
		real_until(&c.w, c.told);
	/* Whatever failed: a link, a reason, or -ENOMEM at once; never silence. */
	assert_true(r == -ENOMEM || c.told == 1);
	if (!failing)
		assert_non_null(c.link);
	if (r == 0 && !c.link)
		assert_int_equal(c.why.err, -ENOMEM);
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
	call_close(&c);
	return calls;
}

static void test_without_memory(void **state)
{
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	const struct place_to_dial places[] = {
		{TARGET_TCP, "127.0.0.1", port},
		{TARGET_TCP, "vnc1", port},
	};
	(void)state;
	assert_int_equal(listen(door, 1000), 0);
	for (unsigned i = 0; i < 2; i++) {
		unsigned long n = dial_once(&places[i], 0);
		assert_true(n >= 2 + i); /* the dial, the link; the look-up */
		for (unsigned long k = 1; k <= n; k++)
			dial_once(&places[i], k);
	}
	close(door);
}

static void test_without_descriptors(void **state)
{
	struct call c;
	struct rlimit old, few;
	uint16_t port = 0;
	int door = listen_on("127.0.0.1", &port);
	(void)state;
	call_open(&c, TARGET_TCP, "127.0.0.1", port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(next);
	few.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int r = dial(&c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, 0);
	real_until(&c.w, c.told);
	assert_int_equal(c.why.err, -EMFILE);
	assert_non_null(strstr(c.why.text, "too many open files"));
	call_close(&c);
	close(door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_options),
		UNIT(test_near_and_far),
		UNIT(test_numeric),
		UNIT(test_numeric_ipv6),
		UNIT(test_refused),
		UNIT(test_connected_meanwhile),
		UNIT(test_slow_connect),
		UNIT(test_no_answer),
		UNIT(test_late_refusal),
		UNIT(test_what_connect_says),
		UNIT(test_real_name),
		UNIT(test_lookup_failures),
		UNIT(test_lookup_takes_too_long),
		UNIT(test_impossible_name),
		UNIT(test_families_take_turns),
		UNIT(test_so_many_addresses),
		UNIT(test_next_after_failure),
		UNIT(test_next_after_stagger),
		UNIT(test_three_at_once),
		UNIT(test_first_wins_late),
		UNIT(test_one_of_two_fails_late),
		UNIT(test_which_failure_is_told),
		UNIT(test_unix),
		UNIT(test_unix_failures),
		UNIT(test_long_names),
		UNIT(test_unix_busy),
		UNIT(test_stop_when_connected),
		UNIT(test_stop_when_refused),
		UNIT(test_stop_while_connecting),
		UNIT(test_stop_while_looking_up),
		UNIT(test_stop_real_lookups),
		UNIT(test_stop_a_busy_unix_socket),
		UNIT(test_not_a_target),
		UNIT(test_without_memory),
		UNIT(test_without_descriptors),
	};
	/* libuv keeps two descriptors from its first loop on. */
	struct real_loop first;
	real_open(&first, NULL);
	real_close(&first);
	return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}
