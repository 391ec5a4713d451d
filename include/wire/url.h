/* url: request targets, authorities and origins, RFC 3986 and RFC 6454. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include "base/span.h"

/* Splits "/path?query" (query without '?'; empty when absent). */
void url_split(struct span target, struct span *ret_path, struct span *ret_query);
/* Decodes %XX once. Writes at most cap bytes (no NUL) to out and returns how many, or -EINVAL
 * for a bad escape, a NUL or another control byte, -ENAMETOOLONG when out is too small. '+' is
 * a plus. */
int url_decode(struct span s, char *out, size_t cap);
/* The path of a file below a root: decodes once, refuses NUL, control bytes, backslash, invalid
 * UTF-8, more than one leading slash and every ".." segment; drops "." and empty segments. Looks
 * at the decoded bytes, so "%2f" is a slash like any other. The result is relative ("" for the
 * root), NUL-terminated; *ret_dir: it ended in a slash (or in "/.").
 * Returns its length, or -EINVAL (400), -ENAMETOOLONG; cap counts the NUL. */
int url_file_path(struct span path, char *out, size_t cap, bool *ret_dir);

/* "host", "host:port", "[v6]" or "[v6]:port": the host without brackets; port 0 when absent
 * ("host:" has none either). False, with the outputs untouched, for anything else: no host, a
 * port that is not 1 to 65535, user names, lists, blanks. */
bool url_host_port(struct span s, struct span *ret_host, unsigned *ret_port);
/* "scheme://host[:port]" and nothing after it. Without a port, *ret_port is the scheme's own (80
 * for http and ws, 443 for https and wss, otherwise 0). False for "null", "file://" and so on. */
bool url_origin(struct span origin, struct span *ret_scheme, struct span *ret_host,
                unsigned *ret_port);
/* The host of an Origin ("https://a.example:8443" -> "a.example") or of a Host header
 * ("[::1]:6080" -> "::1"). False when it has none ("null", "file://"). */
bool url_origin_host(struct span origin, struct span *ret_host);
bool url_host_name(struct span host, struct span *ret_host);

#endif
