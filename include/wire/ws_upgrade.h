/* ws_upgrade: is this request head a WebSocket opening handshake we accept, and with what
 * subprotocol. RFC 6455 4.2.1; pure.
 */
#ifndef WIRE_WS_UPGRADE_H
#define WIRE_WS_UPGRADE_H

#include "wire/http_head.h"

enum ws_proto { WS_PROTO_NONE, WS_PROTO_BINARY, WS_PROTO_BASE64 };

/* What a 426 must carry (RFC 6455 4.4, RFC 9110 15.5.22): the `extra` of http_reply_error. */
#define WS_UPGRADE_426 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"

/* h->upgrade is true. Checks GET, HTTP/1.1, version 13, key, subprotocol (`binary` wins, then
 * `base64`; none offered is fine; only unknown ones is 400). 0, or -EBADMSG with *ret_status
 * (400, 405, 426 …) and *reterr for the body. On 426 the caller adds WS_UPGRADE_426. */
int ws_upgrade_check(const struct http_head *h, enum ws_proto *ret_proto, unsigned *ret_status,
                     const char **reterr);

#endif
