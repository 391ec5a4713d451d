/* url: request targets, authorities and origins. Decode once, then look, never the other way
 * round: what was checked is what is used. */
#include "wire/url.h"

#include "wire/utf8.h"

#include <errno.h>

void url_split(struct span target, struct span *ret_path, struct span *ret_query)
{
	const uint8_t *mark = target.len ? memchr(target.at, '?', target.len) : NULL;
	size_t n = mark ? (size_t)(mark - target.at) : target.len;
	*ret_path = span_of(target.at, n);
	*ret_query = mark ? span_of(mark + 1, target.len - n - 1) : span_of(NULL, 0);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes one byte, escaped or not; -1 for a bad escape. */
static int take_byte(struct span *s)
{
	uint8_t c = *span_take(s, 1).at;
	if (c != '%')
		return c;
	if (s->len < 2)
		return -1;
	struct span digits = span_take(s, 2);
	int high = hex_digit(digits.at[0]), low = hex_digit(digits.at[1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int url_decode(struct span s, char *out, size_t cap)
{
	size_t n = 0;
	while (s.len > 0) {
		int c = take_byte(&s);
		if (c < 0x20 || c == 0x7f)
			return -EINVAL;
		if (n == cap)
			return -ENAMETOOLONG;
		out[n++] = (char)c;
	}
	return (int)n;
}

static bool is_dots(struct span segment, size_t n)
{
	return segment.len == n && memcmp(segment.at, "..", n) == 0;
}

/* Takes the segment at the front of *rest, and the slash behind it. */
static struct span take_segment(struct span *rest)
{
	const uint8_t *slash = memchr(rest->at, '/', rest->len);
	if (!slash)
		return span_take(rest, rest->len);
	struct span segment = span_take(rest, (size_t)(slash - rest->at));
	span_take(rest, 1);
	return segment;
}

/* Writes the segments of path to out, which may be where path begins. */
static int join_segments(struct span path, char *out)
{
	size_t n = 0;
	while (path.len > 0) {
		struct span segment = take_segment(&path);
		if (is_dots(segment, 2))
			return -EINVAL;
		if (segment.len == 0 || is_dots(segment, 1))
			continue;
		if (n > 0)
			out[n++] = '/';
		memmove(out + n, segment.at, segment.len);
		n += segment.len;
	}
	out[n] = '\0';
	return (int)n;
}

int url_file_path(struct span path, char *out, size_t cap, bool *ret_dir)
{
	if (cap == 0)
		return -ENAMETOOLONG;
	int n = url_decode(path, out, cap - 1);
	if (n < 0)
		return n;
	struct span s = span_of(out, (size_t)n);
	if (s.len == 0 || s.at[0] != '/' || (s.len > 1 && s.at[1] == '/'))
		return -EINVAL;
	if (memchr(s.at, '\\', s.len) || !utf8_ok(s))
		return -EINVAL;
	bool dot = s.len > 1 && s.at[s.len - 1] == '.' && s.at[s.len - 2] == '/';
	bool dir = dot || s.at[s.len - 1] == '/';
	n = join_segments(s, out);
	if (n >= 0)
		*ret_dir = dir;
	return n;
}

/* unreserved, percent and sub-delims less the comma, which in a Host header means that somebody
 * joined two of them (RFC 3986 3.2.2, RFC 9110 5.3). */
static bool is_name(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c > ' ' && c < 0x7f && strchr("-._~%!$&'()*+;=", c);
}

static bool is_v6(uint8_t c)
{
	return hex_digit(c) >= 0 || c == ':' || c == '.';
}

static bool all(struct span s, bool (*is)(uint8_t))
{
	for (size_t i = 0; i < s.len; i++)
		if (!is(s.at[i]))
			return false;
	return s.len > 0;
}

/* "", ":" or ":1" to ":65535". */
static bool read_port(struct span s, unsigned *ret_port)
{
	unsigned port = 0;
	if (s.len > 0 && s.at[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		port = port * 10 + (unsigned)(s.at[i] - '0');
		if (port > 65535)
			return false;
	}
	if (s.len > 1 && port == 0)
		return false;
	*ret_port = port;
	return true;
}

bool url_host_port(struct span s, struct span *ret_host, unsigned *ret_port)
{
	if (s.len == 0)
		return false;
	bool v6 = s.at[0] == '[';
	const uint8_t *end = memchr(s.at, v6 ? ']' : ':', s.len);
	if (v6 && !end)
		return false;
	size_t n = end ? (size_t)(end - s.at) : s.len;
	struct span host = v6 ? span_of(s.at + 1, n - 1) : span_of(s.at, n);
	struct span port = span_of(s.at + n + v6, s.len - n - v6);
	if (!all(host, v6 ? is_v6 : is_name) || !read_port(port, ret_port))
		return false;
	*ret_host = host;
	return true;
}

static bool is_scheme(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '+' || c == '-' || c == '.';
}

static unsigned scheme_port(struct span scheme)
{
	if (span_ieq(scheme, span_str("http")) || span_ieq(scheme, span_str("ws")))
		return 80;
	if (span_ieq(scheme, span_str("https")) || span_ieq(scheme, span_str("wss")))
		return 443;
	return 0;
}

bool url_origin(struct span origin, struct span *ret_scheme, struct span *ret_host,
                unsigned *ret_port)
{
	const uint8_t *colon = origin.len ? memchr(origin.at, ':', origin.len) : NULL;
	if (!colon)
		return false;
	struct span scheme = span_take(&origin, (size_t)(colon - origin.at));
	if (!all(scheme, is_scheme) || origin.len < 3 || memcmp(origin.at, "://", 3) != 0)
		return false;
	span_take(&origin, 3);
	unsigned port;
	if (!url_host_port(origin, ret_host, &port))
		return false;
	*ret_scheme = scheme;
	*ret_port = port ? port : scheme_port(scheme);
	return true;
}

bool url_origin_host(struct span origin, struct span *ret_host)
{
	struct span scheme;
	unsigned port;
	return url_origin(origin, &scheme, ret_host, &port);
}

bool url_host_name(struct span host, struct span *ret_host)
{
	unsigned port;
	return url_host_port(host, ret_host, &port);
}
