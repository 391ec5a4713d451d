/* Addresses to dial, in order, and words for what they answered. */
#include "dial_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>

static const struct addrinfo *next_of(const struct addrinfo *a, int family)
{
	while (a && a->ai_family != family)
		a = a->ai_next;
	return a;
}

static void add(struct dial_addrs *d, const struct addrinfo *a, uint16_t port)
{
	union dial_addr *w = &d->at[d->n];
	if (d->n == DIAL_ADDRS || a->ai_addrlen > sizeof *w)
		return;
	memcpy(w, a->ai_addr, a->ai_addrlen);
	if (w->sa.sa_family == AF_INET6)
		w->in6.sin6_port = htons(port);
	else
		w->in.sin_port = htons(port);
	d->n++;
}

void dial_addrs_from(struct dial_addrs *ret, const struct addrinfo *list, uint16_t port)
{
	int first = list && list->ai_family == AF_INET ? AF_INET : AF_INET6;
	int second = first == AF_INET ? AF_INET6 : AF_INET;
	const struct addrinfo *a = next_of(list, first), *b = next_of(list, second);
	ret->n = 0;
	while (a || b) {
		if (a) {
			add(ret, a, port);
			a = next_of(a->ai_next, first);
		}
		if (b) {
			add(ret, b, port);
			b = next_of(b->ai_next, second);
		}
	}
}

void dial_addrs_numeric(struct dial_addrs *ret, const char *host, uint16_t port)
{
	union dial_addr *w = &ret->at[0];
	*w = (union dial_addr){0};
	if (inet_pton(AF_INET, host, &w->in.sin_addr) == 1) { /* the usual one, at no cost */
		w->in.sin_family = AF_INET;
		w->in.sin_port = htons(port);
		ret->n = 1;
		return;
	}
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list = NULL;
	ret->n = 0;
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return;
	dial_addrs_from(ret, list, port);
	freeaddrinfo(list);
}

/* The name of the target, short enough that what happened to it still fits a reason. */
static void short_name(const struct target *t, char out[80])
{
	enum { HEAD = 40, TAIL = 30 };
	char name[TARGET_NAME];
	size_t len = strlen(target_name(t, name));
	if (len < 80) {
		memcpy(out, name, len + 1);
		return;
	}
	memcpy(out, name, HEAD);
	memcpy(out + HEAD, "...", 3);
	memcpy(out + HEAD + 3, name + len - TAIL, TAIL + 1);
}

static const char *what_happened(int err)
{
	switch (err) {
	case -ECONNREFUSED: return " refused the connection";
	case UV_EAI_NONAME:
	case UV_EAI_NODATA:
	case UV_EAI_ADDRFAMILY: return ": host name not found";
	case UV_EAI_AGAIN: return ": the name server did not answer";
	case -ENOENT: return ": no such socket";
	case -ENOTSOCK: return ": not a socket";
	case -EAGAIN: return " is too busy to answer";
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EADDRNOTAVAIL:
	case -EAFNOSUPPORT: return " cannot be reached from here";
	case -ETIMEDOUT: return " did not answer";
	default: return NULL;
	}
}

static bool is_lookup(int err)
{
	return err <= UV_EAI_ADDRFAMILY && err >= UV_EAI_PROTOCOL;
}

struct why dial_why(const struct target *t, int err, uint32_t dial_ms)
{
	char name[80];
	short_name(t, name);
	const char *what = what_happened(err);
	if (err == -ECANCELED) /* our own deadline */
		return why_make(WHY_DIAL, 1011, 504, -ETIMEDOUT,
		                "backend %s did not answer within %u s", name,
		                (unsigned)(dial_ms + 999) / 1000);
	if (!what && is_lookup(err))
		what = ": the name look-up failed";
	if (what)
		return why_make(WHY_DIAL, 1011, err == -ETIMEDOUT ? 504 : 502,
		                is_lookup(err) ? -ENXIO : err, "backend %s%s", name, what);
	return why_make(WHY_DIAL, 1011, 502, err, "backend %s: %s", name, why_errno(err));
}

bool dial_says_more(int known, int err)
{
	switch (known) {
	case 0:
	case -ENETUNREACH:
	case -EADDRNOTAVAIL:
	case -EAFNOSUPPORT: return err != 0;
	default: return false;
	}
}
