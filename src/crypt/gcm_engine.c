/* gcm_engine: see the header. */
#include <mbedtls/build_info.h>

#if defined(MBEDTLS_GCM_ALT)
#include "gcm_alt.h"
#include "gcm_engine.h"

#include <cpuid.h>
#include <intel-ipsec-mb.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>

/* What the library defines for the instructions `suffix`. */
#define DECLARE(suffix)                                                                            \
	void aes_gcm_precomp_128_##suffix(struct gcm_key_data *keys);                              \
	void aes_gcm_precomp_256_##suffix(struct gcm_key_data *keys);                              \
	gcm_crypt_fn aes_gcm_enc_128_##suffix, aes_gcm_dec_128_##suffix;                           \
	gcm_crypt_fn aes_gcm_enc_256_##suffix, aes_gcm_dec_256_##suffix;

/* clang-format off */
#define CIPHER(bits, suffix)                                                                       \
	{                                                                                          \
		aes_keyexp_##bits##_enc_sse, aes_gcm_precomp_##bits##_##suffix,                    \
			aes_gcm_enc_##bits##_##suffix, aes_gcm_dec_##bits##_##suffix               \
	}

#define ENGINE(text, suffix)                                                                       \
	{                                                                                          \
		.name = text, .aes128 = CIPHER(128, suffix), .aes256 = CIPHER(256, suffix)         \
	}
/* clang-format on */

DECLARE(vaes_avx512)
DECLARE(sse)
static const struct gcm_engine vaes512 = ENGINE("AVX512 VAES", vaes_avx512);
static const struct gcm_engine sse = ENGINE("AES-NI", sse);

/* The compiler's runtime asked the processor and the system before main. */
static int has_aesni(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("sse4.1");
}

/* clang 14 does not know the word: there the processor is asked, which a virtual machine makes slow. */
static int has_vaes(void)
{
#if defined(__clang__)
	unsigned a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES);
#else
	return __builtin_cpu_supports("vaes");
#endif
}

static int has_vaes512(void)
{
	return has_aesni() && has_vaes() && __builtin_cpu_supports("vpclmulqdq") &&
	       __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

#if IMB_VERSION_NUM >= IMB_VERSION(2, 0, 0)
DECLARE(vaes_avx2)
static const struct gcm_engine vaes256 = ENGINE("AVX2 VAES", vaes_avx2);

static const struct gcm_engine *pick_vaes256(void)
{
	return has_aesni() && has_vaes() && __builtin_cpu_supports("vpclmulqdq") &&
	                       __builtin_cpu_supports("avx2")
	               ? &vaes256
	               : NULL;
}
#else
static const struct gcm_engine *pick_vaes256(void)
{
	return NULL;
}
#endif

const struct gcm_engine *gcm_engine_pick(unsigned without)
{
	if (!(without & GCM_WITHOUT_VAES512) && has_vaes512())
		return &vaes512;
	if (!(without & GCM_WITHOUT_VAES256) && pick_vaes256())
		return pick_vaes256();
	return !(without & GCM_WITHOUT_SSE) && has_aesni() ? &sse : NULL;
}

const char *gcm_engine_version(void)
{
	return IMB_VERSION_STR;
}

static const struct gcm_cipher *cipher_of(const struct gcm_engine *e, size_t key_len)
{
	return key_len == 16 ? &e->aes128 : &e->aes256;
}

/* Vectors are loaded from the key data: it begins on a cache line, whatever the header we were
 * compiled with says of its alignment. */
enum {
	KEYS_ALIGN = 64,
	KEYS_SIZE = (sizeof(struct gcm_key_data) + KEYS_ALIGN - 1) / KEYS_ALIGN * KEYS_ALIGN
};

struct gcm_key_data *gcm_engine_keys(const struct gcm_engine *e, const uint8_t *key, size_t key_len)
{
	struct gcm_key_data *keys = aligned_alloc(KEYS_ALIGN, KEYS_SIZE);

	if (!keys)
		return NULL;
	cipher_of(e, key_len)->expand(key, keys->expanded_keys);
	cipher_of(e, key_len)->precompute(keys);
	return keys;
}

void gcm_engine_delete(struct gcm_key_data *keys)
{
	if (!keys)
		return;
	mbedtls_platform_zeroize(keys, KEYS_SIZE);
	free(keys);
}

/* FIPS 197, 5.2: the expanded key begins with the key. */
const uint8_t *gcm_engine_key(const struct gcm_key_data *keys)
{
	return keys->expanded_keys;
}

static void crypt(gcm_crypt_fn *fn, const struct gcm_key_data *keys, const struct gcm_message *m)
{
	struct gcm_context_data work; /* may keep key stream of the last block */

	fn(keys, &work, m->out, m->in, m->len, m->iv, m->aad, m->aad_len, m->tag, m->tag_len);
	mbedtls_platform_zeroize(&work, sizeof work);
}

void gcm_engine_seal(const struct gcm_engine *e, const struct gcm_key_data *keys, size_t key_len,
                     const struct gcm_message *m)
{
	crypt(cipher_of(e, key_len)->seal, keys, m);
}

void gcm_engine_open(const struct gcm_engine *e, const struct gcm_key_data *keys, size_t key_len,
                     const struct gcm_message *m)
{
	crypt(cipher_of(e, key_len)->open, keys, m);
}
#endif
