/* chachapoly_alt: see the header. The functions are those of <mbedtls/chachapoly.h>, which says what
 * they do; gcm_alt.c is their elder brother.
 */
#include <mbedtls/chachapoly.h>

#if defined(MBEDTLS_CHACHAPOLY_ALT)
#include "chachapoly_engine.h"
#include "chachapoly_portable.h"

#include <mbedtls/cipher.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <stdbool.h>
#include <string.h>

enum { TAG = 16 };

void mbedtls_chachapoly_init(mbedtls_chachapoly_context *ctx)
{
	memset(ctx, 0, sizeof *ctx);
}

void mbedtls_chachapoly_free(mbedtls_chachapoly_context *ctx)
{
	if (!ctx)
		return;
	chachapoly_portable_delete(ctx->portable);
	mbedtls_platform_zeroize(ctx, sizeof *ctx);
}

/* The portable context with our key, made when it is first asked for. */
static int need_portable(mbedtls_chachapoly_context *ctx)
{
	if (ctx->portable)
		return 0;
	ctx->portable = chachapoly_portable_new();
	return !ctx->portable ? MBEDTLS_ERR_CIPHER_ALLOC_FAILED
	                      : chachapoly_portable_setkey(ctx->portable, ctx->key);
}

int mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *ctx, const unsigned char key[32])
{
	chachapoly_portable_delete(ctx->portable);
	ctx->portable = NULL;
	memcpy(ctx->key, key, sizeof ctx->key);
	ctx->engine = chachapoly_engine_pick(ctx->without);
	return ctx->engine ? 0 : need_portable(ctx);
}

static bool for_engine(const mbedtls_chachapoly_context *ctx, size_t length, size_t aad_len)
{
	return ctx->engine && length <= CHACHAPOLY_ENGINE_MAX && aad_len <= CHACHAPOLY_ENGINE_MAX;
}

int mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *ctx, size_t length,
                                       const unsigned char nonce[12], const unsigned char *aad,
                                       size_t aad_len, const unsigned char *input,
                                       unsigned char *output, unsigned char tag[16])
{
	const struct chachapoly_message m = {input, nonce, aad, output, tag, length, aad_len};
	int ret;

	if (for_engine(ctx, length, aad_len)) {
		chachapoly_engine_seal(ctx->engine, ctx->key, &m);
		return 0;
	}
	ret = need_portable(ctx);
	return ret != 0 ? ret
	                : chachapoly_portable_encrypt_and_tag(ctx->portable, length, nonce, aad,
	                                                      aad_len, input, output, tag);
}

static int engine_auth_decrypt(const mbedtls_chachapoly_context *ctx,
                               const struct chachapoly_message *m, const uint8_t tag[16])
{
	int ret = 0;

	chachapoly_engine_open(ctx->engine, ctx->key, m);
	if (mbedtls_ct_memcmp(tag, m->tag, TAG) != 0) {
		mbedtls_platform_zeroize(m->out, m->len);
		ret = MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
	}
	mbedtls_platform_zeroize(m->tag, TAG);
	return ret;
}

int mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *ctx, size_t length,
                                    const unsigned char nonce[12], const unsigned char *aad,
                                    size_t aad_len, const unsigned char tag[16],
                                    const unsigned char *input, unsigned char *output)
{
	unsigned char check[TAG];
	const struct chachapoly_message m = {input, nonce, aad, output, check, length, aad_len};
	int ret;

	if (for_engine(ctx, length, aad_len))
		return engine_auth_decrypt(ctx, &m, tag);
	ret = need_portable(ctx);
	return ret != 0 ? ret
	                : chachapoly_portable_auth_decrypt(ctx->portable, length, nonce, aad,
	                                                   aad_len, tag, input, output);
}

int mbedtls_chachapoly_starts(mbedtls_chachapoly_context *ctx, const unsigned char nonce[12],
                              mbedtls_chachapoly_mode_t mode)
{
	int ret = need_portable(ctx);

	return ret != 0 ? ret : chachapoly_portable_starts(ctx->portable, nonce, mode);
}

/* The next three only make sense after starts. */

int mbedtls_chachapoly_update_aad(mbedtls_chachapoly_context *ctx, const unsigned char *aad,
                                  size_t aad_len)
{
	return !ctx->portable ? MBEDTLS_ERR_CHACHAPOLY_BAD_STATE
	                      : chachapoly_portable_update_aad(ctx->portable, aad, aad_len);
}

int mbedtls_chachapoly_update(mbedtls_chachapoly_context *ctx, size_t len,
                              const unsigned char *input, unsigned char *output)
{
	return !ctx->portable ? MBEDTLS_ERR_CHACHAPOLY_BAD_STATE
	                      : chachapoly_portable_update(ctx->portable, len, input, output);
}

int mbedtls_chachapoly_finish(mbedtls_chachapoly_context *ctx, unsigned char mac[16])
{
	return !ctx->portable ? MBEDTLS_ERR_CHACHAPOLY_BAD_STATE
	                      : chachapoly_portable_finish(ctx->portable, mac);
}
#endif
