/* addr: a peer's address as a small plain value. IPv4 seen through a dual-stack socket
 * (::ffff:192.0.2.7) is IPv4 here.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/span.h"

enum addr_kind { ADDR_NONE, ADDR_V4, ADDR_V6, ADDR_UNIX };
enum { ADDR_TEXT = 64 };

struct addr {
	uint8_t kind;
	uint16_t port;
	uint32_t scope;
	uint8_t ip[16]; /* network order; 4 bytes used for ADDR_V4 */
};

struct sockaddr;
struct addr addr_from(const struct sockaddr *sa);
/* "192.0.2.7:4711", "[2001:db8::1]:4711", "unix"; returns out. */
const char *addr_text(const struct addr *a, char out[ADDR_TEXT]);
/* The address alone, without port and brackets. */
const char *addr_ip_text(const struct addr *a, char out[ADDR_TEXT]);

#endif
