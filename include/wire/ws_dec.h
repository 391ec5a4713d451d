/* ws_dec: RFC 6455 frames, bytes in, events out. In place, no allocation, no callback.
 *
 *   struct span in = …;                      // bytes as they came, cut anywhere
 *   while ((e = ws_dec_next(&d, &in, &out)) != WS_MORE) …
 *
 * Consumes from `in` exactly what it says and keeps only a header that is not complete yet
 * (hdr) and the control frame that is being read (ctl). Data frames of any size stream through:
 * WS_DATA hands out the payload, unmasked in place, as it arrives.
 *
 *   WS_DATA   out = some payload of a data message (opcode in d->opcode); never empty
 *   WS_END    the data message is complete (after its last WS_DATA, or alone when it was empty)
 *   WS_PING   out = payload, 0..125 bytes in d->ctl, valid until the next call
 *   WS_PONG   likewise
 *   WS_CLOSE  out = reason (valid UTF-8), d->code = close code, 0 when the frame was empty
 *   WS_BAD    the peer broke the protocol: d->code is the Close code to send (1002 or 1007),
 *             d->error says why in plain words. Every later call returns WS_BAD again;
 *             what is left of `in` is dropped.
 *   WS_MORE   in is used up
 *
 * After WS_CLOSE no frame may follow; what follows is dropped (WS_MORE).
 * Checked: masking required from clients and forbidden from servers (5.1), RSV bits (5.2),
 * reserved opcodes, control frames ≤ 125 bytes and not fragmented (5.5), continuation rules
 * (5.4), minimal length encoding and the 2^63 bit (5.2), close codes a peer may send (7.4) and
 * UTF-8 in close reasons (5.5.1). Payload of text messages is not checked for UTF-8 here.
 */
#ifndef WIRE_WS_DEC_H
#define WIRE_WS_DEC_H

#include "base/span.h"

enum ws_opcode {
	WS_OP_CONT = 0,
	WS_OP_TEXT = 1,
	WS_OP_BINARY = 2,
	WS_OP_CLOSE = 8,
	WS_OP_PING = 9,
	WS_OP_PONG = 10,
};

enum ws_event { WS_MORE, WS_DATA, WS_END, WS_PING, WS_PONG, WS_CLOSE, WS_BAD };

struct ws_dec {
	bool server;     /* our role: true: the peer is a client and must mask */
	uint8_t state;   /* private */
	uint8_t opcode;  /* of the data message being read: WS_OP_TEXT or WS_OP_BINARY */
	bool in_message; /* between the first and the last frame of a data message */
	uint8_t have;    /* bytes of hdr or ctl so far */
	uint8_t hdr[14];
	uint8_t ctl[125];
	uint8_t mask[4];
	uint8_t mask_at; /* 0..3 */
	uint16_t code;
	uint64_t left; /* payload bytes of the current frame still to come */
	const char *error;
};

void ws_dec_init(struct ws_dec *d, bool server);
enum ws_event ws_dec_next(struct ws_dec *d, struct span *in, struct span *out);

#endif
