/* why: the reason a thing ended, made once, where the fault was first seen, passed up unchanged
 * and consumed once, when the session ends: it becomes a log line, and a Close frame or an HTTP
 * status, whichever the phase allows.
 *
 * `text` is written for a person and is also what the peer reads, so it must fit a Close frame:
 * at most 123 bytes of UTF-8 (RFC 6455 5.5 and 7.1.6); why_make cuts at a character boundary.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include <stdint.h>

enum { WHY_TEXT = 124 };

/* Who saw it first. */
enum why_layer {
	WHY_NONE, /* nothing happened yet: a zeroed struct why is "no reason" */
	WHY_TCP,
	WHY_TLS,
	WHY_HTTP,
	WHY_WS,
	WHY_DIAL,
	WHY_SESSION, /* deadlines, limits */
	WHY_SERVER,  /* shutdown, reload */
};

struct why {
	uint8_t layer;   /* enum why_layer */
	uint16_t close;  /* WebSocket close code for the peer, RFC 6455 7.4; 0: nothing to tell */
	uint16_t status; /* HTTP status if the peer has not been upgraded yet; 0: none */
	int err;         /* -errno or 0 */
	char text[WHY_TEXT];
};

/* Builds a reason; close and status may be 0. */
struct why why_make(enum why_layer layer, unsigned close, unsigned status, int err, const char *fmt,
                    ...) __attribute__((format(printf, 5, 6)));
/* The first cause wins: sets *first unless it is set already. why may be NULL. */
void why_first(struct why *first, const struct why *why);
/* "tcp", "ws", … for logs. */
const char *why_layer_name(enum why_layer layer);
/* A short phrase for -errno in the words of a network user ("connection refused"). */
const char *why_errno(int err);

#endif
