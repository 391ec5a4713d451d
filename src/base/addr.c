/* Peer addresses out of the kernel's form and into text. */
#include "base/addr.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static struct addr from_v4(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct addr a = {.kind = ADDR_V4};
	memcpy(&in, sa, sizeof in);
	a.port = ntohs(in.sin_port);
	memcpy(a.ip, &in.sin_addr, 4);
	return a;
}

static struct addr from_v6(const struct sockaddr *sa)
{
	struct sockaddr_in6 in;
	struct addr a = {.kind = ADDR_V6};
	memcpy(&in, sa, sizeof in);
	a.port = ntohs(in.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
		a.kind = ADDR_V4;
		memcpy(a.ip, in.sin6_addr.s6_addr + 12, 4);
		return a;
	}
	a.scope = in.sin6_scope_id;
	memcpy(a.ip, &in.sin6_addr, 16);
	return a;
}

struct addr addr_from(const struct sockaddr *sa)
{
	switch (sa ? sa->sa_family : AF_UNSPEC) {
	case AF_INET: return from_v4(sa);
	case AF_INET6: return from_v6(sa);
	case AF_UNIX: return (struct addr){.kind = ADDR_UNIX};
	default: return (struct addr){.kind = ADDR_NONE};
	}
}

/* inet_ntop goes through printf, and this is in every line of the log. */
static void put_v4(struct str *s, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			str_putc(s, '.');
		str_put_number(s, ip[i]);
	}
}

/* Appends the address alone. */
static void put_ip(struct str *s, const struct addr *a)
{
	char text[INET6_ADDRSTRLEN];
	switch (a->kind) {
	case ADDR_V4: put_v4(s, a->ip); break;
	case ADDR_V6: str_puts(s, inet_ntop(AF_INET6, a->ip, text, sizeof text)); break;
	case ADDR_UNIX: str_puts(s, "unix"); break;
	default: str_puts(s, "unknown"); break;
	}
	if (a->scope)
		str_fmt(s, "%%%u", a->scope);
}

const char *addr_ip_text(const struct addr *a, char out[ADDR_TEXT])
{
	struct str s;
	str_init(&s, out, ADDR_TEXT);
	put_ip(&s, a);
	return out;
}

const char *addr_text(const struct addr *a, char out[ADDR_TEXT])
{
	struct str s;
	str_init(&s, out, ADDR_TEXT);
	if (a->kind == ADDR_V6)
		str_putc(&s, '[');
	put_ip(&s, a);
	if (a->kind == ADDR_V6)
		str_putc(&s, ']');
	if (a->kind == ADDR_V4 || a->kind == ADDR_V6) {
		str_putc(&s, ':');
		str_put_number(&s, a->port);
	}
	return out;
}
