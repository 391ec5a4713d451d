/* gcm_alt: see the header. The functions are those of <mbedtls/gcm.h>, which says what they do.
 *
 * What TLS does, a whole message with a 12-byte nonce under a 128- or 256-bit key, goes to an engine
 * if the processor has one. All else goes to the portable code with the same key: other nonces,
 * messages in parts, AES-192, sizes no record has. Both give the same bytes.
 */
#include <mbedtls/gcm.h>

#if defined(MBEDTLS_GCM_ALT)
#include "gcm_engine.h"
#include "gcm_portable.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <stdbool.h>
#include <string.h>

enum { NONCE = 12, TAG_MIN = 4, TAG_MAX = 16 };

void mbedtls_gcm_init(mbedtls_gcm_context *ctx)
{
	memset(ctx, 0, sizeof *ctx);
}

static void drop_keys(mbedtls_gcm_context *ctx)
{
	gcm_engine_delete(ctx->keys);
	gcm_portable_delete(ctx->portable);
	ctx->keys = NULL;
	ctx->portable = NULL;
	ctx->engine = NULL;
}

void mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
	if (!ctx)
		return;
	drop_keys(ctx);
	mbedtls_platform_zeroize(ctx, sizeof *ctx);
}

static int set_portable(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const uint8_t *key,
                        unsigned bits)
{
	int ret;

	ctx->portable = gcm_portable_new();
	if (!ctx->portable)
		return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
	ret = gcm_portable_setkey(ctx->portable, cipher, key, bits);
	if (ret != 0) {
		gcm_portable_delete(ctx->portable);
		ctx->portable = NULL;
	}
	return ret;
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher,
                       const unsigned char *key, unsigned int keybits)
{
	drop_keys(ctx);
	if (cipher == MBEDTLS_CIPHER_ID_AES && (keybits == 128 || keybits == 256))
		ctx->engine = gcm_engine_pick(ctx->without);
	if (!ctx->engine)
		return set_portable(ctx, cipher, key, keybits);
	ctx->key_len = (unsigned char)(keybits / 8);
	ctx->keys = gcm_engine_keys(ctx->engine, key, ctx->key_len);
	/* If there is no memory, the first message says so: when a key cannot be set, Mbed TLS 3.6 frees a
	 * TLS 1.3 transform and leaks the contexts in it (ssl_tls13_keys.c). */
	return 0;
}

/* The portable context with our key, made when it is first asked for. */
static int need_portable(mbedtls_gcm_context *ctx)
{
	if (ctx->portable)
		return 0;
	if (!ctx->keys)
		return ctx->engine ? MBEDTLS_ERR_CIPHER_ALLOC_FAILED : MBEDTLS_ERR_GCM_BAD_INPUT;
	return set_portable(ctx, MBEDTLS_CIPHER_ID_AES, gcm_engine_key(ctx->keys),
	                    ctx->key_len * 8u);
}

/* One the engine takes. Output that runs ahead of the input is refused elsewhere. */
static bool for_engine(const mbedtls_gcm_context *ctx, size_t iv_len, const struct gcm_message *m)
{
	return ctx->keys && iv_len == NONCE && m->tag_len >= TAG_MIN && m->tag_len <= TAG_MAX &&
	       m->len <= GCM_ENGINE_MAX && m->aad_len <= GCM_ENGINE_MAX &&
	       !(m->out > m->in && (size_t)(m->out - m->in) < m->len);
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t length,
                              const unsigned char *iv, size_t iv_len, const unsigned char *add,
                              size_t add_len, const unsigned char *input, unsigned char *output,
                              size_t tag_len, unsigned char *tag)
{
	const struct gcm_message m = {input, iv, add, output, tag, length, add_len, tag_len};
	int ret;

	if (for_engine(ctx, iv_len, &m)) {
		if (mode == MBEDTLS_GCM_ENCRYPT)
			gcm_engine_seal(ctx->engine, ctx->keys, ctx->key_len, &m);
		else
			gcm_engine_open(ctx->engine, ctx->keys, ctx->key_len, &m);
		return 0;
	}
	ret = need_portable(ctx);
	return ret != 0 ? ret
	                : gcm_portable_crypt_and_tag(ctx->portable, mode, length, iv, iv_len, add,
	                                             add_len, input, output, tag_len, tag);
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *iv,
                             size_t iv_len, const unsigned char *add, size_t add_len,
                             const unsigned char *tag, size_t tag_len, const unsigned char *input,
                             unsigned char *output)
{
	unsigned char check[TAG_MAX];
	int ret = mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, length, iv, iv_len, add,
	                                    add_len, input, output, tag_len, check);

	if (ret == 0 && mbedtls_ct_memcmp(tag, check, tag_len) != 0) {
		mbedtls_platform_zeroize(output, length);
		ret = MBEDTLS_ERR_GCM_AUTH_FAILED;
	}
	mbedtls_platform_zeroize(check, sizeof check);
	return ret;
}

int mbedtls_gcm_starts(mbedtls_gcm_context *ctx, int mode, const unsigned char *iv, size_t iv_len)
{
	int ret = need_portable(ctx);

	return ret != 0 ? ret : gcm_portable_starts(ctx->portable, mode, iv, iv_len);
}

/* The next three only make sense after starts. */

int mbedtls_gcm_update_ad(mbedtls_gcm_context *ctx, const unsigned char *add, size_t add_len)
{
	return !ctx->portable ? MBEDTLS_ERR_GCM_BAD_INPUT
	                      : gcm_portable_update_ad(ctx->portable, add, add_len);
}

int mbedtls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *input, size_t input_length,
                       unsigned char *output, size_t output_size, size_t *output_length)
{
	return !ctx->portable ? MBEDTLS_ERR_GCM_BAD_INPUT
	                      : gcm_portable_update(ctx->portable, input, input_length, output,
	                                            output_size, output_length);
}

int mbedtls_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *output, size_t output_size,
                       size_t *output_length, unsigned char *tag, size_t tag_len)
{
	return !ctx->portable ? MBEDTLS_ERR_GCM_BAD_INPUT
	                      : gcm_portable_finish(ctx->portable, output, output_size,
	                                            output_length, tag, tag_len);
}
#endif
