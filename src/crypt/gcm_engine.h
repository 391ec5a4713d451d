/* gcm_engine: the ways this processor can do AES-GCM with ipsec-mb, as constant tables.
 *
 * ipsec-mb's documented entrance is a manager: 200 KB, set up in 30 to 150 us, with pointers to every
 * algorithm it has (12 MB of code), to be kept somewhere by somebody. We need six of its functions
 * for each set of instructions, whose names and arguments are the same in 1.3 and 2.0, so
 * gcm_engine.c names them itself: nothing to set up, nothing to keep, nothing writable of ours, and
 * only their code is linked. Should a later version drop a name, linking fails: make MBEDTLS=system
 * does without. (Either way the library sets one word of its own, imb_errno, to "no error" in
 * every call from every thread. Nobody reads it.)
 */
#ifndef GCM_ENGINE_H
#define GCM_ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct gcm_key_data;
struct gcm_context_data;

/* out and in: the same, or apart. iv: 12 bytes. tag_len: 4 to 16. All for messages and additional
 * data of at most GCM_ENGINE_MAX bytes. */
typedef void gcm_crypt_fn(const struct gcm_key_data *keys, struct gcm_context_data *work,
                          uint8_t *out, const uint8_t *in, uint64_t len, const uint8_t *iv,
                          const uint8_t *aad, uint64_t aad_len, uint8_t *tag, uint64_t tag_len);

/* For one size of key. */
struct gcm_cipher {
	void (*expand)(const void *key, void *round_keys);
	void (*precompute)(struct gcm_key_data *keys); /* the hash keys, from the round keys */
	gcm_crypt_fn *seal, *open;                     /* open writes the tag it computed */
};

struct gcm_engine {
	const char *name; /* "AVX512 VAES" */
	struct gcm_cipher aes128, aes256;
};

enum { GCM_ENGINE_MAX = 1 << 30 };

/* The fastest the processor has, of those not in the set without (GCM_WITHOUT_*); NULL: none. */
const struct gcm_engine *gcm_engine_pick(unsigned without);

/* Of ipsec-mb, "1.3.0". */
const char *gcm_engine_version(void);

/* Key data for a key of 16 or 32 bytes, on the heap; NULL: no memory. _delete wipes it; NULL is fine. */
struct gcm_key_data *gcm_engine_keys(const struct gcm_engine *e, const uint8_t *key,
                                     size_t key_len);
void gcm_engine_delete(struct gcm_key_data *keys);
/* The key it was made from: its first bytes. */
const uint8_t *gcm_engine_key(const struct gcm_key_data *keys);

/* One message with its additional data. */
struct gcm_message {
	const uint8_t *in, *iv, *aad;
	uint8_t *out, *tag;
	size_t len, aad_len, tag_len;
};

void gcm_engine_seal(const struct gcm_engine *e, const struct gcm_key_data *keys, size_t key_len,
                     const struct gcm_message *m);
/* Decrypts, and writes the tag it computed to m->tag: comparing is the caller's. */
void gcm_engine_open(const struct gcm_engine *e, const struct gcm_key_data *keys, size_t key_len,
                     const struct gcm_message *m);

#endif
