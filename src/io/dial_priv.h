/* The parts of a dial: addresses (dial_addr.c), their resolution, words for failures. */
#ifndef IO_DIAL_PRIV_H
#define IO_DIAL_PRIV_H

#include "loop_priv.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What a name server may have us try. */
enum { DIAL_ADDRS = 64 };

union dial_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct dial_addrs {
	union dial_addr at[DIAL_ADDRS];
	unsigned n;
};

struct addrinfo;
/* IPv6 and IPv4 interleaved, beginning with the family of the first (RFC 8305, 4), port filled
 * in. */
void dial_addrs_from(struct dial_addrs *ret, const struct addrinfo *list, uint16_t port);
/* The address if `host` is one, without asking anybody; else n is 0. */
void dial_addrs_numeric(struct dial_addrs *ret, const char *host, uint16_t port);

/* The reason of a failure: err is -errno, -ECANCELED for our own deadline, or one of libuv's UV_EAI_
 * codes (err of the reason is then -ENXIO). */
struct why dial_why(const struct target *t, int err, uint32_t dial_ms);
/* Whether an error says more about the backend than the one known so far (0: none). */
bool dial_says_more(int known, int err);

#endif
