/* How far the kernel runs ahead of a client: further, as long as it takes what it gets at once.
 *
 *   link ─► near: its limit of unsent bytes is what is looked at ─► far: reads, or lets it wait
 */
#include "io/tcp_link.h"
#include "../../src/io/loop_priv.h"
#include "real_loop.h"
#include "socket_pair.h"
#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOW = 131072, SWIFT = 524288 };
enum { TOO_LONG_US = 50000 }; /* for a write of a swift client's */

struct pace {
	struct real_loop w;
	struct link *link;
	int near, far;
};

static void on_closed(void *owner)
{
	((struct pace *)owner)->link = NULL;
}

static const struct link_events events = {link_deaf_bytes, link_deaf_event, link_deaf_event,
                                          link_deaf_lost, on_closed};

static void pace_open(struct pace *p, enum sock_side side)
{
	int fds[2];

	*p = (struct pace){0};
	real_open(&p->w, NULL);
	socket_pair_tcp(fds, false);
	p->near = fds[0];
	p->far = fds[1];
	sock_tune(p->near, side);
	assert_int_equal(tcp_link_open(&p->link, p->w.loop, p->near, false, "client"), 0);
	link_own(p->link, &events, p);
}

static void pace_close(struct pace *p)
{
	link_close(p->link, true);
	real_until(&p->w, !p->link);
	close(p->far);
	real_close(&p->w);
}

static int limit_of(int fd)
{
	int limit = -1;
	socklen_t len = sizeof limit;

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, &len), 0);
	return limit;
}

/* Until something has to wait for the client. */
static void fill(struct pace *p)
{
	static uint8_t piece[32768];

	while (p->link->queued == 0)
		assert_int_equal(link_send(p->link, span_of(piece, sizeof piece), 0), 0);
}

static void drink(struct pace *p)
{
	static uint8_t gone[65536];

	while (recv(p->far, gone, sizeof gone, 0) > 0)
		;
}

/* One spell of waiting, ended by the client at once. */
static void spell(struct pace *p)
{
	fill(p);
	real_until(&p->w, (drink(p), p->link->queued == 0));
}

/* As often as it takes on a busy machine. */
static void make_swift(struct pace *p)
{
	real_until(&p->w, (fill(p), drink(p), limit_of(p->near) == SWIFT));
}

static void test_swift_client(void **state)
{
	struct pace p;

	(void)state;
	pace_open(&p, SOCK_CLIENT);
	assert_int_equal(limit_of(p.near), SLOW);
	spell(&p);
	assert_int_equal(limit_of(p.near), SLOW); /* one says nothing */
	make_swift(&p);
	pace_close(&p);
}

/* It is one no longer when a write has to wait, and may become one again. */
static void test_swift_no_longer(void **state)
{
	struct pace p;

	(void)state;
	pace_open(&p, SOCK_CLIENT);
	for (int i = 0; i < 2; i++) {
		make_swift(&p);
		fill(&p);
		real_turn(&p.w);
		fill(&p);
		usleep(TOO_LONG_US);
		real_until(&p.w, (drink(&p), limit_of(p.near) == SLOW));
	}
	pace_close(&p);
}

/* A client that lets every write wait never is. */
static void test_slow_client(void **state)
{
	struct pace p;

	(void)state;
	pace_open(&p, SOCK_CLIENT);
	for (int i = 0; i < 20; i++) {
		fill(&p);
		usleep(TOO_LONG_US / 10);
		real_until(&p.w, (drink(&p), p.link->queued == 0));
		assert_int_equal(limit_of(p.near), SLOW);
	}
	pace_close(&p);
}

/* A backend has no limit, and gets none. */
static void test_backend_has_none(void **state)
{
	struct pace p;

	(void)state;
	pace_open(&p, SOCK_BACKEND);
	assert_int_equal(limit_of(p.near), 0);
	for (int i = 0; i < 20; i++)
		spell(&p);
	sock_pace(p.near, true);
	assert_int_equal(limit_of(p.near), 0);
	pace_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_swift_client),
		UNIT(test_swift_no_longer),
		UNIT(test_slow_client),
		UNIT(test_backend_has_none),
	};
	return cmocka_run_group_tests_name("tcp_pace", tests, NULL, NULL);
}
