/* http_scan: raw bytes of a request head. Line by line, every byte is looked at once. */
#include "http_scan.h"

static const struct http_fault bare_cr = {400, "a carriage return without a line feed"};
static const struct http_fault bare_lf = {400, "a line feed without a carriage return"};
static const struct http_fault cut_short = {400, "the request head has no end"};
static const struct http_fault not_http = {400, "this is not an HTTP request"};
static const struct http_fault empty = {400, "empty lines instead of a request"};
static const struct http_fault tls = {400, "TLS on a port that speaks plain HTTP"};
static const struct http_fault bad_line = {400, "malformed request line"};
static const struct http_fault bad_target = {400, "a character in the address that is not allowed"};
static const struct http_fault long_target = {414, "the address is too long"};
static const struct http_fault version = {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
static const struct http_fault folded = {400, "a header line that begins with a blank"};
static const struct http_fault no_colon = {400, "a header line without a colon"};
static const struct http_fault blank_name = {400, "a blank between a header name and its colon"};
static const struct http_fault bad_name = {400,
                                           "a header name with a character that is not allowed"};
static const struct http_fault bad_value = {400, "a control character in a header"};
static const struct http_fault too_many = {431, "too many header lines"};
static const struct http_fault too_big = {431, "the request head is too big"};
static const struct http_fault trailing = {400, "bytes behind the end of the request head"};

bool http_is_token(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c > ' ' && c < 0x7f && strchr("!#$%&'*+-.^_`|~", c);
}

bool http_token_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!http_is_token(s.at[i]))
			return false;
	return s.len > 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Takes the first line of *rest; *ret_line is it without its end. */
static const struct http_fault *take_line(struct span *rest, struct span *ret_line)
{
	const uint8_t *lf = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	if (!lf)
		return &cut_short;
	struct span line = span_take(rest, (size_t)(lf - rest->at) + 1);
	if (line.len < 2 || line.at[line.len - 2] != '\r')
		return &bare_lf;
	line.len -= 2;
	if (memchr(line.at, '\r', line.len))
		return &bare_cr;
	*ret_line = line;
	return NULL;
}

/* Takes what stands before the next blank, and the blank. False without a blank. */
static bool take_word(struct span *line, struct span *ret_word)
{
	const uint8_t *blank = memchr(line->at, ' ', line->len);
	if (!blank)
		return false;
	*ret_word = span_take(line, (size_t)(blank - line->at));
	span_take(line, 1);
	return true;
}

/* "HTTP/1.1" (RFC 9112 2.3). */
static const struct http_fault *scan_version(struct http_scan *ret, struct span s)
{
	if (s.len != 8 || memcmp(s.at, "HTTP/", 5) != 0 || s.at[6] != '.')
		return &bad_line;
	unsigned major = s.at[5] - (unsigned)'0', minor = s.at[7] - (unsigned)'0';
	if (major > 9 || minor > 9)
		return &bad_line;
	ret->major = major;
	ret->minor = minor;
	return major == 1 && minor <= 1 ? NULL : &version;
}

static const struct http_fault *scan_target(struct span s)
{
	if (s.len == 0)
		return &bad_line;
	if (s.len > HTTP_SCAN_TARGET)
		return &long_target;
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] >= 0x7f || s.at[i] == '#')
			return &bad_target;
	return NULL;
}

static const struct http_fault *scan_request(struct http_scan *ret, struct span line)
{
	struct span target;
	if (!take_word(&line, &ret->method) || !http_token_ok(ret->method))
		return &bad_line;
	bool old = !take_word(&line, &target); /* HTTP/0.9: "GET /" */
	if (old)
		target = line;
	const struct http_fault *fault = scan_target(target);
	if (fault)
		return fault;
	ret->target = target;
	return old ? &version : scan_version(ret, line);
}

static const struct http_fault *scan_field(struct span line)
{
	if (is_blank(line.at[0]))
		return &folded;
	const uint8_t *colon = memchr(line.at, ':', line.len);
	if (!colon)
		return &no_colon;
	struct span name = span_take(&line, (size_t)(colon - line.at));
	if (name.len > 0 && is_blank(name.at[name.len - 1]))
		return &blank_name;
	if (!http_token_ok(name))
		return &bad_name;
	for (size_t i = 1; i < line.len; i++)
		if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f)
			return &bad_value;
	return NULL;
}

/* Empty lines before the request are skipped (RFC 9112 2.2). */
static const struct http_fault *scan_first(struct http_scan *ret, struct span *rest)
{
	struct span line;
	size_t leading = rest->len;
	while (rest->len >= 2 && memcmp(rest->at, "\r\n", 2) == 0)
		span_take(rest, 2);
	if (leading - rest->len >= HTTP_SCAN_LEADING)
		return &empty;
	uint8_t first = rest->len > 0 ? rest->at[0] : '\r';
	if (first == 0x16) /* a TLS record: handshake */
		return &tls;
	if (!http_is_token(first) && first != '\r' && first != '\n')
		return &not_http;
	const struct http_fault *fault = take_line(rest, &line);
	if (fault)
		return fault == &cut_short && rest->len > HTTP_SCAN_TARGET ? &long_target : fault;
	return scan_request(ret, line);
}

static const struct http_fault *scan_rest(struct http_scan *ret, struct span *rest)
{
	struct span line;
	for (;;) {
		const struct http_fault *fault = take_line(rest, &line);
		if (fault)
			return fault;
		if (line.len == 0)
			return rest->len > 0 ? &trailing : NULL;
		if (++ret->fields > HTTP_SCAN_FIELDS)
			return &too_many;
		fault = scan_field(line);
		if (fault)
			return fault;
	}
}

const struct http_fault *http_scan(struct http_scan *ret, struct span head)
{
	*ret = (struct http_scan){0};
	struct span rest = head;
	const struct http_fault *fault = scan_first(ret, &rest);
	if (!fault)
		fault = scan_rest(ret, &rest);
	if (fault == &cut_short && head.len >= HTTP_SCAN_HEAD)
		return &too_big;
	return fault || head.len <= HTTP_SCAN_HEAD ? fault : &too_big;
}
