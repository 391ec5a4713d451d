/* ws_enc: frame headers and control frames. */
#include "wire/ws_enc.h"

#include "wire/utf8.h"
#include "wire/ws_mask.h"

enum { FIN = 0x80, MASKED = 0x80, CTL_PAYLOAD = 125 };

static void put_be(uint8_t *out, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; v >>= 8)
		out[i] = (uint8_t)(v & 0xff);
}

/* Bytes of extended length that len needs. */
static size_t ext_len(uint64_t len)
{
	if (len < 126)
		return 0;
	return len <= 0xffff ? 2 : 8;
}

size_t ws_enc_head_len(uint64_t len, bool masked)
{
	return 2 + ext_len(len) + (masked ? 4 : 0);
}

size_t ws_enc_head(uint8_t head[WS_HEAD_MAX], uint64_t len, uint8_t opcode, const uint8_t *mask4)
{
	size_t ext = ext_len(len);
	uint8_t len7 = ext == 0 ? (uint8_t)len : ext == 2 ? 126 : 127;
	head[0] = (uint8_t)(FIN | opcode);
	head[1] = (uint8_t)((mask4 ? MASKED : 0) | len7);
	put_be(head + 2, len, ext);
	if (mask4)
		memcpy(head + 2 + ext, mask4, 4);
	return 2 + ext + (mask4 ? 4 : 0);
}

/* Puts the header before payload_len bytes that are already in place behind it. */
static size_t seal(uint8_t out[WS_CTL_MAX], uint8_t opcode, size_t head, size_t payload_len,
                   const uint8_t *mask4)
{
	ws_enc_head(out, payload_len, opcode, mask4);
	if (mask4)
		ws_mask(span_of(out + head, payload_len), mask4, 0);
	return head + payload_len;
}

size_t ws_enc_ctl(uint8_t out[WS_CTL_MAX], uint8_t opcode, struct span payload,
                  const uint8_t *mask4)
{
	size_t n = payload.len < CTL_PAYLOAD ? payload.len : CTL_PAYLOAD;
	size_t head = ws_enc_head_len(n, mask4 != NULL);
	if (n > 0)
		memcpy(out + head, payload.at, n);
	return seal(out, opcode, head, n, mask4);
}

size_t ws_enc_close(uint8_t out[WS_CTL_MAX], uint16_t code, struct span reason,
                    const uint8_t *mask4)
{
	size_t head = ws_enc_head_len(0, mask4 != NULL);
	if (code == 0)
		return seal(out, WS_OP_CLOSE, head, 0, mask4);
	size_t n = utf8_cut(reason, CTL_PAYLOAD - 2);
	put_be(out + head, code, 2);
	if (n > 0)
		memcpy(out + head + 2, reason.at, n);
	return seal(out, WS_OP_CLOSE, head, 2 + n, mask4);
}
