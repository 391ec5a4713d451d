/* host_names: of a host that the test makes up, and of this one. */
/* ldflags: -Wl,--wrap=gethostname,--wrap=getifaddrs,--wrap=freeifaddrs */
#include "../../src/app/host_names.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

/* ---- the system's answers ---- */

enum { INTERFACES = 80 };

/* name NULL: this host's own answers. */
static struct {
	const char *name;
	struct ifaddrs at[INTERFACES];
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addrs[INTERFACES];
	size_t n;
	int err;
	unsigned frees;
} host;

int __wrap_gethostname(char *name, size_t len);
int __real_gethostname(char *name, size_t len);
int __wrap_getifaddrs(struct ifaddrs **ret);
int __real_getifaddrs(struct ifaddrs **ret);
void __wrap_freeifaddrs(struct ifaddrs *all);
void __real_freeifaddrs(struct ifaddrs *all);

int __wrap_gethostname(char *name, size_t len)
{
	if (!host.name)
		return __real_gethostname(name, len);
	snprintf(name, len, "%s", host.name);
	return 0;
}

int __wrap_getifaddrs(struct ifaddrs **ret)
{
	if (!host.name)
		return __real_getifaddrs(ret);
	errno = ENOMEM;
	*ret = host.at;
	return host.err;
}

void __wrap_freeifaddrs(struct ifaddrs *all)
{
	if (all == host.at)
		host.frees++;
	else
		__real_freeifaddrs(all);
}

static void be(const char *name)
{
	memset(&host, 0, sizeof host);
	host.name = name;
}

/* text NULL: an interface without an address. */
static void interface(const char *text, unsigned flags)
{
	size_t i = host.n++;
	assert_true(i < INTERFACES);
	if (i > 0)
		host.at[i - 1].ifa_next = &host.at[i];
	host.at[i].ifa_flags = flags;
	if (!text)
		return;
	host.at[i].ifa_addr = &host.addrs[i].any;
	bool six = strchr(text, ':') != NULL;
	host.addrs[i].any.sa_family = six ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(host.addrs[i].any.sa_family, text,
	                           six ? (void *)&host.addrs[i].v6.sin6_addr
	                               : (void *)&host.addrs[i].v4.sin_addr),
	                 1);
}

/* The names, with blanks between them. */
static void names_are(const char *more, const char *want)
{
	static struct host_names h;
	char have[2048] = "";
	size_t len = 0;
	host_names_get(&h, more);
	for (size_t i = 0; i < h.n; i++)
		len += (size_t)snprintf(have + len, sizeof have - len, "%s%s", i ? " " : "",
		                        h.names[i]);
	assert_string_equal(have, want);
}

/* ---- the tests ---- */

static void test_names(void **state)
{
	(void)state;
	be("desk.lan.example");
	names_are(NULL, "desk.lan.example desk localhost 127.0.0.1 ::1");
	names_are("vnc.example", "desk.lan.example desk vnc.example localhost 127.0.0.1 ::1");
	names_are("desk", "desk.lan.example desk localhost 127.0.0.1 ::1");
	be("desk");
	names_are(NULL, "desk localhost 127.0.0.1 ::1");
	be("localhost");
	names_are(NULL, "localhost 127.0.0.1 ::1");
	be("");
	names_are(NULL, "localhost 127.0.0.1 ::1");
}

static void test_addresses(void **state)
{
	(void)state;
	be("desk");
	interface("127.0.0.1", IFF_UP | IFF_LOOPBACK);
	interface("192.0.2.7", IFF_UP);
	interface("192.0.2.8", 0); /* is down */
	interface(NULL, IFF_UP);
	interface("::1", IFF_UP | IFF_LOOPBACK);
	interface("fe80::7", IFF_UP); /* means nothing without its interface */
	interface("2001:db8::7", IFF_UP);
	names_are(NULL, "desk localhost 127.0.0.1 ::1 192.0.2.7 2001:db8::7");
	assert_int_equal(host.frees, 1);
	host.err = -1;
	names_are(NULL, "desk localhost 127.0.0.1 ::1");
	assert_int_equal(host.frees, 1);
}

/* As many as a certificate takes, and no more. */
static void test_too_many(void **state)
{
	static struct host_names h;
	char text[INET_ADDRSTRLEN];
	(void)state;
	be("desk");
	for (unsigned i = 0; i < INTERFACES; i++) {
		snprintf(text, sizeof text, "192.0.2.%u", i);
		interface(text, IFF_UP);
	}
	host_names_get(&h, NULL);
	assert_int_equal(h.n, SELF_SIGNED_NAMES);
	assert_string_equal(h.names[SELF_SIGNED_NAMES - 1], "192.0.2.59");
}

/* Nothing twice, nothing empty, addresses that are addresses, and what everybody is called. */
static void test_this_host(void **state)
{
	(void)state;
	be(NULL);
	static struct host_names h;
	bool localhost = false, four = false, six = false, more = false;
	host_names_get(&h, "desk.example");
	assert_true(h.n >= 4 && h.n <= SELF_SIGNED_NAMES);
	for (size_t i = 0; i < h.n; i++) {
		struct in6_addr a;
		assert_true(*h.names[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(h.names[i], h.names[j]);
		localhost |= strcmp(h.names[i], "localhost") == 0;
		four |= strcmp(h.names[i], "127.0.0.1") == 0;
		six |= strcmp(h.names[i], "::1") == 0;
		more |= strcmp(h.names[i], "desk.example") == 0;
		if (inet_pton(AF_INET6, h.names[i], &a) == 1)
			assert_false(IN6_IS_ADDR_LINKLOCAL(&a));
	}
	assert_true(localhost && four && six && more);
	size_t n = h.n;
	host_names_get(&h, NULL);
	assert_int_equal(h.n, n - 1);
	host_names_get(&h, "localhost");
	assert_int_equal(h.n, n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_names), UNIT(test_addresses),
	                                   UNIT(test_too_many), UNIT(test_this_host)};
	return cmocka_run_group_tests_name("host_names", tests, NULL, NULL);
}
