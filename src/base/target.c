/* HOST:PORT, the form users write backends in. */
#include "base/target.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>

const char *target_name(const struct target *t, char out[TARGET_NAME])
{
	struct str s;
	str_init(&s, out, TARGET_NAME);
	if (t->kind == TARGET_TESTCARD)
		str_puts(&s, "testcard");
	else if (t->kind == TARGET_WRAPPED)
		str_fmt(&s, "command:%s", t->host);
	else if (t->kind == TARGET_UNIX)
		str_fmt(&s, "unix:%s", t->host);
	else if (strchr(t->host, ':'))
		str_fmt(&s, "[%s]:%u", t->host, t->port);
	else
		str_fmt(&s, "%s:%u", t->host, t->port);
	return out;
}

/* An IPv6 address, perhaps with a scope ("fe80::1%eth0"). */
static bool is_ipv6(const char *host)
{
	char text[TARGET_HOST];
	struct str s;
	struct in6_addr ip;
	str_init(&s, text, sizeof text);
	str_put(&s, span_of(host, strcspn(host, "%")));
	return !s.cut && inet_pton(AF_INET6, text, &ip) == 1;
}

static bool has_blank_or_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] == 0x7f)
			return true;
	return false;
}

/* NULL, or what is wrong with it. */
static const char *take_host(char out[TARGET_HOST], struct span s)
{
	struct str host;
	if (s.len && s.at[0] == '[') {
		if (s.at[s.len - 1] != ']')
			return "the bracket [ is not closed: write [ADDRESS]:PORT";
		s = span_of(s.at + 1, s.len - 2);
	}
	if (s.len == 0)
		return "the host is missing: write HOST:PORT, for example localhost:5900";
	if (has_blank_or_control(s))
		return "the host holds a blank or a control character";
	if (memchr(s.at, '/', s.len))
		return "write HOST:PORT alone, without a scheme or a path";
	if (memchr(s.at, '[', s.len) || memchr(s.at, ']', s.len))
		return "a bracket is out of place: write [ADDRESS]:PORT";
	str_init(&host, out, TARGET_HOST);
	str_put(&host, s);
	if (host.cut)
		return "the host is longer than 255 bytes";
	if (memchr(s.at, ':', s.len) && !is_ipv6(out))
		return "this is not an IPv6 address and a port: write [ADDRESS]:PORT";
	return NULL;
}

int target_host(char ret[TARGET_HOST], struct span s, const char **reterr)
{
	char host[TARGET_HOST] = "";
	const char *bad = take_host(host, s);
	if (bad) {
		*reterr = bad;
		return -EINVAL;
	}
	memcpy(ret, host, TARGET_HOST);
	return 0;
}

int target_parse(struct target *ret, const char *text, const char **reterr)
{
	struct target t = {.kind = TARGET_TCP};
	uint64_t port;
	const char *colon = strrchr(text, ':');
	const char *bad = NULL;
	if (!colon)
		bad = "the port is missing: write HOST:PORT, for example localhost:5900";
	else
		bad = take_host(t.host, span_of(text, (size_t)(colon - text)));
	if (!bad && !str_number(colon + 1, 1, 65535, &port))
		bad = "the port must be a number from 1 to 65535";
	if (bad) {
		*reterr = bad;
		return -EINVAL;
	}
	t.port = (uint16_t)port;
	*ret = t;
	return 0;
}
