/* limits: how long each wait may last and how much each peer may grow. Filled by app/options
 * (the one table of defaults), read by everybody through env->limits. Milliseconds.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

struct limits {
	uint32_t first_byte_ms; /* a client that says nothing */
	uint32_t head_ms;       /* a request head that does not end */
	uint32_t tls_ms;        /* a TLS handshake, either side */
	uint32_t keepalive_ms;  /* silence between two requests */
	uint32_t dial_ms;       /* resolve and connect, all addresses together */
	uint32_t stall_ms;      /* bytes queued and none taken by the peer */
	uint32_t close_ms;      /* the peer's answer to our end */
	uint32_t drain_ms;      /* shutdown: everybody out */
	uint32_t ping_ms;       /* heartbeat; 0: off */
	uint32_t pong_ms;       /* answer to a ping; 0: not enforced */
	uint32_t connections;   /* per process; 0: as many as descriptors allow */
};

#endif
