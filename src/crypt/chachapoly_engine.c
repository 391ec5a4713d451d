/* chachapoly_engine: see the header. */
#include <mbedtls/build_info.h>

#if defined(MBEDTLS_CHACHAPOLY_ALT)
#include "chachapoly_alt.h"
#include "chachapoly_engine.h"

#include <intel-ipsec-mb.h>
#include <mbedtls/platform_util.h>

typedef struct chacha20_poly1305_context_data work_data;
typedef void init_fn(const void *key, work_data *w, const void *iv, const void *aad,
                     uint64_t aad_len);
typedef void update_fn(const void *key, work_data *w, void *out, const void *in, uint64_t len);
typedef void finalize_fn(work_data *w, void *tag, uint64_t tag_len);

struct chachapoly_engine {
	const char *name;
	init_fn *init;
	update_fn *seal, *open;
	finalize_fn *finalize;
};

#define FINISHED(suffix)                                                                           \
	init_fn init_chacha20_poly1305_##suffix;                                                   \
	finalize_fn finalize_chacha20_poly1305_##suffix;
#define UPDATED(suffix)                                                                            \
	update_fn update_enc_chacha20_poly1305_##suffix, update_dec_chacha20_poly1305_##suffix;
/* clang-format off */
#define ENGINE(text, suffix, ends) { \
	text, init_chacha20_poly1305_##ends, update_enc_chacha20_poly1305_##suffix, \
	update_dec_chacha20_poly1305_##suffix, finalize_chacha20_poly1305_##ends }
/* clang-format on */

FINISHED(fma_avx512)
UPDATED(fma_avx512)
UPDATED(avx2)
static const struct chachapoly_engine avx512 = ENGINE("AVX512 IFMA", fma_avx512, fma_avx512);
/* In 1.3 what comes before and after is the same for AVX and AVX2. */
#if IMB_VERSION_NUM >= IMB_VERSION(2, 0, 0)
FINISHED(avx2)
static const struct chachapoly_engine avx2 = ENGINE("AVX2", avx2, avx2);
#else
FINISHED(avx)
static const struct chachapoly_engine avx2 = ENGINE("AVX2", avx2, avx);
#endif

static int has_avx512(void)
{
	return __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq");
}

const struct chachapoly_engine *chachapoly_engine_pick(unsigned without)
{
	if (!(without & CHACHAPOLY_WITHOUT_AVX512) && has_avx512())
		return &avx512;
	return !(without & CHACHAPOLY_WITHOUT_AVX2) && __builtin_cpu_supports("avx2") ? &avx2
	                                                                              : NULL;
}

const char *chachapoly_engine_name(const struct chachapoly_engine *e)
{
	return e->name;
}

static void crypt(const struct chachapoly_engine *e, update_fn *update, const uint8_t key[32],
                  const struct chachapoly_message *m)
{
	work_data work; /* holds the one-time key, key stream of the last block */

	e->init(key, &work, m->iv, m->aad, m->aad_len);
	if (m->len > 0)
		update(key, &work, m->out, m->in, m->len);
	e->finalize(&work, m->tag, 16);
	mbedtls_platform_zeroize(&work, sizeof work);
}

void chachapoly_engine_seal(const struct chachapoly_engine *e, const uint8_t key[32],
                            const struct chachapoly_message *m)
{
	crypt(e, e->seal, key, m);
}

void chachapoly_engine_open(const struct chachapoly_engine *e, const uint8_t key[32],
                            const struct chachapoly_message *m)
{
	crypt(e, e->open, key, m);
}
#endif
