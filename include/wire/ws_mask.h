/* ws_mask: XOR with a 4-byte key, RFC 6455 5.3. Eight bytes a step, portable, any alignment. */
#ifndef WIRE_WS_MASK_H
#define WIRE_WS_MASK_H

#include "base/span.h"

/* Applies mask to s; at is the key byte to start with, 0..3. Returns where the key stands after
 * it. */
unsigned ws_mask(struct span s, const uint8_t mask[4], unsigned at);

#endif
