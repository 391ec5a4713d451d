/* origin: may a page from this Origin open a session (cross-site WebSocket hijacking,
 * RFC 6455 10.2). Pure.
 *
 * No Origin header: allowed (not a browser). Otherwise its host must equal the host of the Host
 * header, any port, unless the list names it. A list entry is "any", a host ("a.example"), a
 * host with a port, a whole origin ("https://a.example:8443") or "*.example" for all below it.
 */
#ifndef POLICY_ORIGIN_H
#define POLICY_ORIGIN_H

#include "base/span.h"

bool origin_allowed(struct span origin, struct span host, const char *const *allow, size_t n);

#endif
