/* host_names: see the header. */
#include "host_names.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

static void add(struct host_names *h, const char *name)
{
	struct str s;

	if (!*name || h->n == SELF_SIGNED_NAMES)
		return;
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->names[i], name) == 0)
			return;
	str_init(&s, h->text[h->n], HOST_NAME);
	str_puts(&s, name);
	if (!s.cut) {
		h->names[h->n] = h->text[h->n];
		h->n++;
	}
}

static void add_host(struct host_names *h)
{
	char name[HOST_NAME] = "";

	if (gethostname(name, sizeof name - 1) < 0)
		return;
	add(h, name);
	name[strcspn(name, ".")] = 0;
	add(h, name);
}

static void add_address(struct host_names *h, const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	char text[INET6_ADDRSTRLEN] = "";

	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
	else if (sa->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
	add(h, text);
}

void host_names_get(struct host_names *ret, const char *more)
{
	struct ifaddrs *all = NULL;

	ret->n = 0;
	add_host(ret);
	if (more)
		add(ret, more);
	add(ret, "localhost");
	add(ret, "127.0.0.1");
	add(ret, "::1");
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && (i->ifa_flags & IFF_UP))
			add_address(ret, i->ifa_addr);
	freeifaddrs(all);
}
