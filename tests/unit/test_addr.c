/* Addresses from the kernel's structs into text. */
#include "base/addr.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct addr v4(const char *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	assert_int_equal(inet_pton(AF_INET, ip, &in.sin_addr), 1);
	return addr_from((struct sockaddr *)&in);
}

static struct addr v6(const char *ip, uint16_t port, uint32_t scope)
{
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
	assert_int_equal(inet_pton(AF_INET6, ip, &in.sin6_addr), 1);
	return addr_from((struct sockaddr *)&in);
}

static void expect(struct addr a, int kind, const char *text, const char *ip)
{
	char out[ADDR_TEXT];
	assert_int_equal(a.kind, kind);
	assert_ptr_equal(addr_text(&a, out), out);
	assert_string_equal(out, text);
	assert_ptr_equal(addr_ip_text(&a, out), out);
	assert_string_equal(out, ip);
}

static void test_ipv4(void **state)
{
	(void)state;
	static const uint8_t bytes[4] = {192, 0, 2, 7};
	struct addr a = v4("192.0.2.7", 4711);
	expect(a, ADDR_V4, "192.0.2.7:4711", "192.0.2.7");
	assert_int_equal(a.port, 4711);
	assert_memory_equal(a.ip, bytes, 4);
	expect(v4("255.255.255.255", 65535), ADDR_V4, "255.255.255.255:65535", "255.255.255.255");
	expect(v4("0.0.0.0", 0), ADDR_V4, "0.0.0.0:0", "0.0.0.0");
}

static void test_ipv6(void **state)
{
	(void)state;
	expect(v6("2001:db8::1", 4711, 0), ADDR_V6, "[2001:db8::1]:4711", "2001:db8::1");
	expect(v6("::", 1, 0), ADDR_V6, "[::]:1", "::");
	expect(v6("fe80::1", 80, 3), ADDR_V6, "[fe80::1%3]:80", "fe80::1%3");
}

static void test_ipv4_in_ipv6_is_ipv4(void **state)
{
	(void)state;
	struct addr a = v6("::ffff:192.0.2.7", 4711, 5), b = v4("192.0.2.7", 4711);
	expect(a, ADDR_V4, "192.0.2.7:4711", "192.0.2.7");
	assert_memory_equal(&a, &b, sizeof a);
	expect(v6("::192.0.2.7", 1, 0), ADDR_V6, "[::192.0.2.7]:1", "::192.0.2.7");
}

static void test_longest_text_fits(void **state)
{
	(void)state;
	struct addr a = v6("abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd", 65535, UINT32_MAX);
	expect(a, ADDR_V6, "[abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd%4294967295]:65535",
	       "abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd%4294967295");
}

static void test_others(void **state)
{
	(void)state;
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	struct sockaddr odd = {.sa_family = AF_NETLINK};
	expect(addr_from((struct sockaddr *)&un), ADDR_UNIX, "unix", "unix");
	expect(addr_from(&odd), ADDR_NONE, "unknown", "unknown");
	expect(addr_from(NULL), ADDR_NONE, "unknown", "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_ipv4),
		UNIT(test_ipv6),
		UNIT(test_ipv4_in_ipv6_is_ipv4),
		UNIT(test_longest_text_fits),
		UNIT(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
