/* ws_link: WebSocket (RFC 6455) over a link, both roles, binary or base64.
 *
 *   owner ─ bytes ─► [ frame header in the headroom ] ─► below
 *   owner ◄─ bytes ─ [ unmasked in place, the payloads of one read moved together ] ◄─ below
 *
 * One send is one message in one unfragmented frame; one bytes event is what one read of the
 * link below held. In base64 mode every send is one text frame of padded base64, and input is
 * decoded as one stream, whatever the frames.
 *
 * Closing: finish sends a Close frame (code and reason from `why`, 1000 without) and ends the
 * link below behind it. A Close from the peer is answered at once and told as eof with `shut`
 * set and `peer_code` = its code. A peer that breaks the protocol gets a Close with the reason and
 * the owner gets lost. The peer's answer to our Close has limits->close_ms.
 * Heartbeat: a Ping every limits->ping_ms while the peer keeps up; no answer within
 * limits->pong_ms is lost. Not enforced while the owner has stopped reading, because the answer
 * may be waiting behind the data.
 * Pings are answered, but only the last of each read, so a flood costs its sender more than us.
 */
#ifndef LINK_WS_LINK_H
#define LINK_WS_LINK_H

#include "base/env.h"

enum ws_link_flags { WS_LINK_CLIENT = 1, WS_LINK_BASE64 = 2 };

/* Stacks a WebSocket link on below, which it owns from now on. 0, or -ENOMEM and below is still
 * the caller's. */
int ws_link_open(struct link **ret, struct env *env, struct link *below, unsigned flags);
/* Bytes that came with the handshake: decoded as if below had just delivered them. An event of
 * its own kind: the owner's callbacks may run. s needs LINK_HEADROOM like any delivered span. */
void ws_link_feed(struct link *l, struct span s);

#endif
