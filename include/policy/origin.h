/* origin: may a page from this Origin open a session (cross-site WebSocket hijacking,
 * RFC 6455 10.2). Pure.
 *
 * No Origin header: allowed (not a browser). Otherwise its host must equal the host of the Host
 * header, any port, unless the list names it. A list entry is "any", a host ("a.example",
 * "[::1]"), a host with a port, a whole origin ("https://a.example:8443"), "*.example" for all
 * below it (with a scheme or a port, if you like) or "null" for pages without an origin of their
 * own (files, sandboxed frames), which match nothing else but "any". Hosts and schemes compare
 * without case; a port that is not written is the scheme's own.
 */
#ifndef POLICY_ORIGIN_H
#define POLICY_ORIGIN_H

#include "base/span.h"

/* origin.at and host.at are NULL when there is no such header. */
bool origin_allowed(struct span origin, struct span host, const char *const *allow, size_t n);

#endif
