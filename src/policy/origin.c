/* origin: may a page from this Origin open a session. */
#include "policy/origin.h"

#include "wire/url.h"

struct origin {
	struct span scheme, host; /* scheme.len 0 in a list entry: any */
	unsigned port;            /* 0 in a list entry: any */
};

/* "a.example" or "*.example" against a host. */
static bool host_matches(struct span pattern, struct span host)
{
	if (pattern.len < 2 || memcmp(pattern.at, "*.", 2) != 0)
		return span_ieq(pattern, host);
	struct span below = span_of(pattern.at + 1, pattern.len - 1); /* ".example" */
	if (host.len <= below.len)
		return false;
	return span_ieq(below, span_of(host.at + host.len - below.len, below.len));
}

/* "::1" as people write it: more than one colon and no brackets. */
static bool is_bare_v6(struct span s)
{
	const uint8_t *colon = s.len ? memchr(s.at, ':', s.len) : NULL;
	return colon && s.at[0] != '[' &&
	       memchr(colon + 1, ':', s.len - (size_t)(colon + 1 - s.at));
}

static bool read_entry(struct span entry, struct origin *ret)
{
	*ret = (struct origin){0};
	if (entry.len > 0 && entry.at[entry.len - 1] == '/')
		entry.len--; /* "https://a.example/", as copied from the address bar */
	if (url_origin(entry, &ret->scheme, &ret->host, &ret->port))
		return true;
	if (url_host_port(entry, &ret->host, &ret->port))
		return true;
	ret->host = entry;
	return is_bare_v6(entry);
}

static bool entry_allows(struct span entry, const struct origin *o)
{
	struct origin e;
	if (!read_entry(entry, &e))
		return false;
	if (e.scheme.len > 0 && !span_ieq(e.scheme, o->scheme))
		return false;
	if (e.port > 0 && e.port != o->port)
		return false;
	return host_matches(e.host, o->host);
}

/* The entries that are words. */
static bool word_allows(struct span entry, struct span origin)
{
	if (span_ieq(entry, span_str("any")))
		return true;
	return span_eq(entry, span_str("null")) && span_eq(origin, span_str("null"));
}

bool origin_allowed(struct span origin, struct span host, const char *const *allow, size_t n)
{
	if (!origin.at)
		return true;
	struct origin o;
	bool page = url_origin(origin, &o.scheme, &o.host, &o.port);
	struct span name;
	if (page && url_host_name(host, &name) && span_ieq(o.host, name))
		return true;
	for (size_t i = 0; i < n; i++) {
		struct span entry = span_str(allow[i]);
		if (word_allows(entry, origin) || (page && entry_allows(entry, &o)))
			return true;
	}
	return false;
}
