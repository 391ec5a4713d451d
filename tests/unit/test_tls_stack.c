/* ldflags: -Wl,--wrap=mbedtls_platform_zeroize,--wrap=mbedtls_x25519_calc_secret */
/* What our parts of the cryptography keep on the stack while they work is wiped when they are done: an
 * engine's key stream, the tag that would have been right, an X25519 key.
 */
#include "unit.h"

#include "gcm_paths.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/ecp.h>

#if defined(MBEDTLS_GCM_ALT)
#include "../../src/crypt/chachapoly_engine.h"

#include <intel-ipsec-mb.h>
#endif
#if defined(MBEDTLS_USER_CONFIG_H)
#include <everest/x25519.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#endif

#if defined(MBEDTLS_USER_CONFIG_H)

/* ---- what is wiped ---- */

enum { WIPES = 64, TAG = 16, TEXT = 40 };

static struct {
	const void *at;
	size_t len;
	uint8_t was[TAG]; /* its first bytes */
} wipes[WIPES];
static unsigned wipes_n;

void __real_mbedtls_platform_zeroize(void *at, size_t len);
void __wrap_mbedtls_platform_zeroize(void *at, size_t len);

void __wrap_mbedtls_platform_zeroize(void *at, size_t len)
{
	if (len >= TAG && wipes_n < WIPES) {
		wipes[wipes_n].at = at;
		wipes[wipes_n].len = len;
		memcpy(wipes[wipes_n++].was, at, TAG);
	}
	__real_mbedtls_platform_zeroize(at, len);
}

#if defined(MBEDTLS_GCM_ALT)
static unsigned wiped_len(size_t len)
{
	unsigned n = 0;

	for (unsigned i = 0; i < wipes_n; i++)
		n += wipes[i].len == len;
	return n;
}

static unsigned wiped_tag(const uint8_t tag[TAG])
{
	unsigned n = 0;

	for (unsigned i = 0; i < wipes_n; i++)
		n += wipes[i].len == TAG && memcmp(wipes[i].was, tag, TAG) == 0;
	return n;
}

/* ---- AES-GCM and ChaCha20-Poly1305 ---- */

static const uint8_t key[32] = "thirty-two bytes of a secret key";

/* Whether the tag is the right one or not: what was computed to compare it with is wiped. */
static void gcm_is_wiped(mbedtls_gcm_context *ctx, size_t work)
{
	uint8_t text[TEXT] = "text", plain[TEXT], tag[TAG], wrong[TAG];

	wipes_n = 0;
	assert_int_equal(mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, TEXT, key, 12, key, 5,
	                                           text, text, TAG, tag),
	                 0);
	assert_true(!work || wiped_len(work) == 1);
	for (int bad = 0; bad < 2; bad++) {
		memcpy(wrong, tag, TAG);
		wrong[0] ^= (uint8_t)bad;
		wipes_n = 0;
		assert_int_equal(mbedtls_gcm_auth_decrypt(ctx, TEXT, key, 12, key, 5, wrong, TAG,
		                                          text, plain),
		                 bad ? MBEDTLS_ERR_GCM_AUTH_FAILED : 0);
		assert_true(!work || wiped_len(work) == 1);
		assert_int_equal(wiped_tag(tag), 1);
	}
}

static void test_gcm(void **state)
{
	(void)state;
	for (size_t i = 0; i < GCM_PATHS; i++) {
		mbedtls_gcm_context ctx;

		unit_note("%s", gcm_path_list[i].name);
		assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[i], key, sizeof key), 0);
		gcm_is_wiped(&ctx, gcm_path_engine(&ctx) ? sizeof(struct gcm_context_data) : 0);
		mbedtls_gcm_free(&ctx);
	}
	unit_note_clear();
}

static void chachapoly_is_wiped(mbedtls_chachapoly_context *ctx)
{
	enum { WORK = sizeof(struct chacha20_poly1305_context_data) };
	uint8_t text[TEXT] = "text", plain[TEXT], tag[TAG], wrong[TAG];

	wipes_n = 0;
	assert_int_equal(
		mbedtls_chachapoly_encrypt_and_tag(ctx, TEXT, key, key, 5, text, text, tag), 0);
	assert_int_equal(wiped_len(WORK), 1);
	for (int bad = 0; bad < 2; bad++) {
		memcpy(wrong, tag, TAG);
		wrong[0] ^= (uint8_t)bad;
		wipes_n = 0;
		assert_int_equal(
			mbedtls_chachapoly_auth_decrypt(ctx, TEXT, key, key, 5, wrong, text, plain),
			bad ? MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED : 0);
		assert_int_equal(wiped_len(WORK), 1);
		assert_int_equal(wiped_tag(tag), 1);
	}
}

/* Without an engine it is Mbed TLS's own business. */
static void test_chachapoly(void **state)
{
	(void)state;
	for (unsigned without = 0; without < CHACHAPOLY_WITHOUT_ALL; without++) {
		mbedtls_chachapoly_context ctx;

		if (!chachapoly_engine_pick(without))
			continue;
		unit_note("without %u", without);
		mbedtls_chachapoly_init(&ctx);
		ctx.without = (unsigned char)without;
		assert_int_equal(mbedtls_chachapoly_setkey(&ctx, key), 0);
		chachapoly_is_wiped(&ctx);
		mbedtls_chachapoly_free(&ctx);
	}
	unit_note_clear();
}
#endif

/* ---- X25519 ---- */

static const void *x25519_at;
typedef int secret_fn(mbedtls_x25519_context *ctx, size_t *olen, unsigned char *buf, size_t blen,
                      int (*rng)(void *, unsigned char *, size_t), void *rng_ctx);
secret_fn __real_mbedtls_x25519_calc_secret, __wrap_mbedtls_x25519_calc_secret;

int __wrap_mbedtls_x25519_calc_secret(mbedtls_x25519_context *ctx, size_t *olen, unsigned char *buf,
                                      size_t blen, int (*rng)(void *, unsigned char *, size_t),
                                      void *rng_ctx)
{
	int ret = __real_mbedtls_x25519_calc_secret(ctx, olen, buf, blen, rng, rng_ctx);

	x25519_at = ctx;
	wipes_n = 0; /* what comes from here on */
	return ret;
}

static void test_x25519(void **state)
{
	psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
	static const uint8_t secret[32] = {8, 2, 3, [31] = 0x40};
	uint8_t out[32];
	psa_key_id_t id;
	size_t n;

	(void)state;
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	psa_set_key_usage_flags(&a, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&a, PSA_ALG_ECDH);
	psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY));
	assert_int_equal(psa_import_key(&a, secret, sizeof secret, &id), PSA_SUCCESS);
	x25519_at = NULL;
	assert_int_equal(psa_export_public_key(id, out, sizeof out, &n), PSA_SUCCESS);
	assert_non_null(x25519_at);
	assert_true(wipes_n > 0);
	assert_ptr_equal(wipes[0].at, x25519_at);
	assert_int_equal(wipes[0].len, sizeof(mbedtls_x25519_context));
	psa_destroy_key(id);
	mbedtls_psa_crypto_free();
}

#else

static void test_none_of_ours(void **state)
{
	(void)state;
	unit_skip(); /* the distribution's library has its own code for all of it */
}
#endif

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#if defined(MBEDTLS_GCM_ALT)
		UNIT(test_gcm),
		UNIT(test_chachapoly),
#endif
#if defined(MBEDTLS_USER_CONFIG_H)
		UNIT(test_x25519),
#else
		UNIT(test_none_of_ours),
#endif
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
