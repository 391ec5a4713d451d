/* chachapoly_engine: the ways this processor can do ChaCha20-Poly1305 with ipsec-mb, as constant tables
 * of its functions; see gcm_engine.h for why not through its manager.
 */
#ifndef CHACHAPOLY_ENGINE_H
#define CHACHAPOLY_ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct chachapoly_engine;

/* One message with its additional data; iv: 12 bytes; tag: 16; out and in: the same, or apart. */
struct chachapoly_message {
	const uint8_t *in, *iv, *aad;
	uint8_t *out, *tag;
	size_t len, aad_len;
};

enum { CHACHAPOLY_ENGINE_MAX = 1 << 30 }; /* bytes a message or its data may have */

/* The fastest the processor has, of those not in the set without (CHACHAPOLY_WITHOUT_*); NULL: none. */
const struct chachapoly_engine *chachapoly_engine_pick(unsigned without);
const char *chachapoly_engine_name(const struct chachapoly_engine *e);

void chachapoly_engine_seal(const struct chachapoly_engine *e, const uint8_t key[32],
                            const struct chachapoly_message *m);
/* Decrypts, and writes the tag it computed to m->tag: comparing is the caller's. */
void chachapoly_engine_open(const struct chachapoly_engine *e, const uint8_t key[32],
                            const struct chachapoly_message *m);

#endif
