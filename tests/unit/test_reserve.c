/* Ports of loopback that are kept, or looked for. */
#include "io/reserve.h"
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket on 127.0.0.1 (or ::1), or -errno. */
static int bind_here(bool six, uint16_t port, bool reuse)
{
	const int on = 1;
	struct sockaddr_in in = {.sin_family = AF_INET,
	                         .sin_port = htons(port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, six ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
	         six ? sizeof in6 : sizeof in) == 0)
		return fd;
	int err = -errno;
	close(fd);
	return err;
}

static void test_open(void **state)
{
	struct reserve r = {.fds = {-1, -1}};
	(void)state;
	assert_int_equal(reserve_open(&r), 0);
	assert_true(r.port > 0 && r.fds[0] >= 0);
	for (int six = 0; six < (r.fds[1] >= 0 ? 2 : 1); six++) {
		assert_int_equal(bind_here(six, r.port, false), -EADDRINUSE); /* a stranger */
		for (int again = 0; again < 3; again++) { /* the program, also when it restarts */
			int fd = bind_here(six, r.port, true);
			assert_true(fd >= 0);
			assert_int_equal(listen(fd, 1), 0);
			assert_int_equal(bind_here(six, r.port, true), -EADDRINUSE);
			close(fd);
		}
	}
	uint16_t port = r.port;
	reserve_close(&r);
	reserve_close(&r);
	assert_int_equal(r.fds[0], -1);
	int fd = bind_here(false, port, false);
	assert_true(fd >= 0 || fd == -EADDRINUSE); /* free again, unless somebody was quick */
	if (fd >= 0)
		close(fd);
}

/* Many at a time are different ones. */
static void test_open_many(void **state)
{
	enum { MANY = 50 };
	struct reserve all[MANY];
	(void)state;
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(reserve_open(&all[i]), 0);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(all[k].port, all[i].port);
	}
	for (int i = 0; i < MANY; i++)
		reserve_close(&all[i]);
}

static unsigned range_begin(void)
{
	char text[64] = "";
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	return (unsigned)strtoul(text, NULL, 10);
}

static void test_pick(void **state)
{
	static const uint32_t seeds[] = {0, 1, 22767, 4000000000u, UINT32_MAX};
	unsigned below = range_begin();
	(void)state;
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
		uint16_t port = 0, other = 0;
		assert_int_equal(reserve_pick(&port, seeds[i]), 0);
		assert_true(port > 0);
		if (below >= 12000)
			assert_true(port >= 10000 && port < below);
		/* taken, it is not found again */
		int fd = bind_here(false, port, false);
		if (fd < 0)
			continue; /* somebody was quick */
		assert_int_equal(reserve_pick(&other, seeds[i]), 0);
		assert_int_not_equal(other, port);
		close(fd);
		fd = bind_here(true, port, false);
		if (fd < 0)
			continue;
		assert_int_equal(reserve_pick(&other, seeds[i]), 0);
		assert_int_not_equal(other, port);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_open),
		UNIT(test_open_many),
		UNIT(test_pick),
	};
	return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
