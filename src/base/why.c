/* Reasons: built once, worded for people. */
#include "base/why.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The length without a character that was cut at the end. */
static size_t whole_chars(const char *text, size_t len)
{
	size_t start = len;
	uint32_t code;
	while (start > 0 && len - start < 4 && ((uint8_t)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || (uint8_t)text[start - 1] < 0x80)
		return len;
	start--;
	return str_char(span_of(text + start, len - start), &code) ? len : start;
}

struct why why_make(enum why_layer layer, unsigned close, unsigned status, int err, const char *fmt,
                    ...)
{
	struct why w = {
		.layer = (uint8_t)layer,
		.close = (uint16_t)close,
		.status = (uint16_t)status,
		.err = err,
	};
	struct str s;
	va_list ap;
	str_init(&s, w.text, sizeof w.text);
	va_start(ap, fmt);
	str_vfmt(&s, fmt, ap);
	va_end(ap);
	if (s.cut) {
		s.len = whole_chars(w.text, s.len);
		w.text[s.len] = 0;
	}
	/* Users' names may be in it, and a Close reason is UTF-8 (RFC 6455 5.5.1). */
	str_clean(&s);
	return w;
}

const char *why_layer_name(enum why_layer layer)
{
	switch (layer) {
	case WHY_NONE: return "none";
	case WHY_TCP: return "tcp";
	case WHY_TLS: return "tls";
	case WHY_HTTP: return "http";
	case WHY_WS: return "ws";
	case WHY_DIAL: return "dial";
	case WHY_SESSION: return "session";
	case WHY_SERVER: return "server";
	}
	return "unknown";
}

struct words {
	int err;
	const char *text;
};

/* Where libc's own words would puzzle somebody who does not program. */
static const struct words plain[] = {
	{0, "no error"},
	{ECONNREFUSED, "connection refused"},
	{ECONNRESET, "connection reset"},
	{ECONNABORTED, "connection aborted"},
	{ETIMEDOUT, "timed out"},
	{EHOSTUNREACH, "no route to host"},
	{ENETUNREACH, "network unreachable"},
	{EHOSTDOWN, "host is down"},
	{ENETDOWN, "network is down"},
	{EPIPE, "broken pipe"},
	{EADDRINUSE, "address already in use"},
	{EADDRNOTAVAIL, "address is not one of this machine's"},
	{EAFNOSUPPORT, "address family not available here"},
	{EACCES, "permission denied"},
	{EPERM, "not permitted"},
	{ENOENT, "no such file"},
	{ENOTDIR, "not a directory"},
	{EISDIR, "is a directory"},
	{ENAMETOOLONG, "name too long"},
	{ENOTSOCK, "not a socket"},
	{EPROTOTYPE, "the socket is of another type"},
	{EMFILE, "too many open files"},
	{ENFILE, "too many open files in the system"},
	{ENOMEM, "out of memory"},
	{ENOBUFS, "out of network buffers"},
	{ENOSPC, "disk full"},
	{EIO, "input/output error"},
	{ECANCELED, "canceled"},
	{EINVAL, "invalid argument"},
	{EPROTO, "protocol error"},
	{ENOTCONN, "not connected"},
};

const char *why_errno(int err)
{
	int positive = err == INT_MIN ? INT_MAX : err < 0 ? -err : err;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (plain[i].err == positive)
			return plain[i].text;
	const char *text = strerrordesc_np(positive);
	return text ? text : "unknown error";
}

void why_first(struct why *first, const struct why *why)
{
	if (first->layer == WHY_NONE && why)
		*first = *why;
}
