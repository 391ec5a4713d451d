/* b64: base64 (RFC 4648 section 4, with padding), whole and as a stream.
 *
 * The decoder keeps its place between calls, so a quantum may straddle frames. Padding ends a
 * quantum; a new one may follow ("YQ==YQ==" is "aa"), because every chunk of the `base64`
 * subprotocol is padded on its own. Anything outside the alphabet, misplaced or missing padding
 * inside a quantum, and non-zero unused bits are errors.
 */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/span.h"

struct b64_dec {
	uint32_t bits;
	uint8_t have; /* characters of the current quantum seen, 0..3 */
	uint8_t pad;  /* '=' seen in it */
};

/* Encoded size of n bytes, padding included. */
static inline size_t b64_enc_len(size_t n)
{
	return (n + 2) / 3 * 4;
}
/* Writes b64_enc_len(in.len) characters to out; no NUL. out must not overlap in. */
void b64_enc(char *out, struct span in);
/* Decodes in place: the result is s->at[0 .. *ret_n); 0 or -EINVAL. Zeroed struct = start. */
int b64_dec_next(struct b64_dec *d, struct span s, size_t *ret_n);
/* True when no quantum is half done. */
bool b64_dec_whole(const struct b64_dec *d);

#endif
