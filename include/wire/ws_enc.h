/* ws_enc: frame headers and control frames, RFC 6455 5.2 and 5.5. */
#ifndef WIRE_WS_ENC_H
#define WIRE_WS_ENC_H

#include "base/span.h"
#include "wire/ws_dec.h"

enum { WS_HEAD_MAX = 14, WS_CTL_MAX = 14 + 125 };

/* Writes the header of one unfragmented frame (FIN set) and returns its length. mask4 NULL: not
 * masked (server role). */
size_t ws_enc_head(uint8_t head[WS_HEAD_MAX], uint64_t len, uint8_t opcode, const uint8_t *mask4);
/* How long that header is going to be. */
size_t ws_enc_head_len(uint64_t len, bool masked);
/* Writes a whole control frame with at most 125 bytes of payload; longer payload is cut. */
size_t ws_enc_ctl(uint8_t out[WS_CTL_MAX], uint8_t opcode, struct span payload,
                  const uint8_t *mask4);
/* Writes a Close frame. code 0: empty. The reason is cut to 123 bytes at a UTF-8 boundary. */
size_t ws_enc_close(uint8_t out[WS_CTL_MAX], uint16_t code, struct span reason,
                    const uint8_t *mask4);

#endif
