/* fuzz: url and origin. The input is a target, a host and an origin at once; for origin_allowed it
 * is cut at its first line feed.
 *
 * Held: decoding never makes more bytes than there were and none that may not be there; a file
 * path that is accepted stays below its root, and encoding it again gives itself; hosts that are
 * accepted are of the right bytes; an origin is allowed by any entry that is the origin.
 */
#include "policy/origin.h"
#include "wire/url.h"
#include "wire/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static char *take(size_t n)
{
	char *at = malloc(n ? n : 1);
	check(at != NULL);
	return at;
}

static void check_decode(struct span s)
{
	char *out = take(s.len);
	int n = url_decode(s, out, s.len);
	check(n == -EINVAL || (n >= 0 && (size_t)n <= s.len));
	for (int i = 0; i < n; i++)
		check((uint8_t)out[i] >= 0x20 && out[i] != 0x7f);
	if (n > 0)
		check(url_decode(s, out, (size_t)n - 1) == -ENAMETOOLONG);
	free(out);
}

/* "/" and every byte of path escaped. */
static size_t escape(char *out, const char *path, size_t n)
{
	out[0] = '/';
	for (size_t i = 0; i < n; i++)
		snprintf(out + 1 + 3 * i, 4, "%%%02x", (uint8_t)path[i]);
	return 1 + 3 * n;
}

static void check_file_path(struct span s)
{
	char *out = take(s.len + 1);
	bool dir = false, dir_again = false;
	int n = url_file_path(s, out, s.len + 1, &dir);
	if (n < 0) {
		check(n == -EINVAL);
		free(out);
		return;
	}
	check((size_t)n < s.len && strlen(out) == (size_t)n);
	check(utf8_ok(span_of(out, (size_t)n)) && !strchr(out, '\\'));
	check(n > 0 || dir);
	char *wrapped = take((size_t)n + 3);
	snprintf(wrapped, (size_t)n + 3, "/%s/", out);
	check(n == 0 || !strstr(wrapped, "//"));
	check(!strstr(wrapped, "/./") && !strstr(wrapped, "/../"));
	char *escaped = take(3 * (size_t)n + 2), *again = take((size_t)n + 2);
	size_t len = escape(escaped, out, (size_t)n);
	check(url_file_path(span_of(escaped, len), again, (size_t)n + 2, &dir_again) == n);
	check(memcmp(again, out, (size_t)n + 1) == 0);
	free(again);
	free(escaped);
	free(wrapped);
	free(out);
}

static void check_host(struct span host)
{
	check(host.len > 0);
	for (size_t i = 0; i < host.len; i++)
		check(host.at[i] > ' ' && host.at[i] < 0x7f &&
		      !strchr("/?#@,[]\\\"<>^`{|}", host.at[i]));
}

static void check_names(struct span s)
{
	struct span scheme, host, name;
	unsigned port;
	if (url_host_port(s, &host, &port)) {
		check_host(host);
		check(port <= 65535 && url_host_name(s, &name) && span_eq(host, name));
	}
	if (url_origin(s, &scheme, &host, &port)) {
		check_host(host);
		check(scheme.len > 0 && port <= 65535);
		check(url_origin_host(s, &name) && span_eq(host, name));
	}
}

static void check_origin(struct span s)
{
	const uint8_t *cut = s.len ? memchr(s.at, '\n', s.len) : NULL;
	size_t n = cut ? (size_t)(cut - s.at) : s.len;
	struct span origin = span_of(s.at, n), host = {NULL, 0}, a, b;
	if (cut)
		host = span_of(cut + 1, s.len - n - 1);
	bool same = url_origin_host(origin, &a) && url_host_name(host, &b) && span_ieq(a, b);
	check(origin_allowed(origin, host, NULL, 0) == (same || !origin.at));

	char *entry = take(n + 1);
	if (n)
		memcpy(entry, origin.at, n);
	entry[n] = 0;
	const char *list[] = {"*.example", entry, "[::1]:80"};
	bool named = url_origin_host(origin, &a) && a.at[0] != '*';
	check(!named || origin_allowed(origin, host, list, 3));
	list[1] = "any";
	check(origin_allowed(origin, host, list, 3));
	free(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span s = span_of(data, len), path, query;
	url_split(s, &path, &query);
	check(path.len + query.len == len || path.len + query.len + 1 == len);
	check_decode(s);
	check_decode(query);
	check_file_path(s);
	check_file_path(path);
	check_names(s);
	check_origin(s);
	return 0;
}
