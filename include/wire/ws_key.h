/* ws_key: the opening handshake's key and its answer, RFC 6455 1.3 and 4.2.2. */
#ifndef WIRE_WS_KEY_H
#define WIRE_WS_KEY_H

#include "base/span.h"

enum { WS_ACCEPT = 29 }; /* 28 characters and NUL */

/* True if key is the base64 form of 16 bytes, as 4.2.1 demands. The four bits that 16 bytes leave
 * unused may have any value: the example key in 4.1 ("AQIDBAUGBwgJCgsMDQ4PEC==") sets one. */
bool ws_key_ok(struct span key);
/* The Sec-WebSocket-Accept value for key. 0, -EINVAL when key is not
 * ws_key_ok, or -EIO if SHA-1 is not to be had. */
int ws_key_accept(struct span key, char out[WS_ACCEPT]);

#endif
