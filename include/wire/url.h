/* url: request targets, RFC 3986. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include "base/span.h"

/* Splits "/path?query" (query without '?'; empty when absent). */
void url_split(struct span target, struct span *ret_path, struct span *ret_query);
/* Decodes %XX once. Writes at most cap bytes (no NUL) to out and returns how many, or -EINVAL
 * for a bad escape, a NUL or another control byte, -ENAMETOOLONG when out is too small. */
int url_decode(struct span s, char *out, size_t cap);
/* The path of a file below a root: decodes once, refuses NUL, control bytes, backslash, invalid
 * UTF-8, more than one leading slash and every ".." segment; drops "." and empty segments. The
 * result is relative ("" for the root), NUL-terminated; *ret_dir: it ended in a slash.
 * Returns its length, or -EINVAL (400), -ENAMETOOLONG. */
int url_file_path(struct span path, char *out, size_t cap, bool *ret_dir);
/* The host of an Origin ("https://a.example:8443" -> "a.example") or of a Host header
 * ("[::1]:6080" -> "::1"). False when it has none ("null", "file://"). */
bool url_origin_host(struct span origin, struct span *ret_host);
bool url_host_name(struct span host, struct span *ret_host);

#endif
