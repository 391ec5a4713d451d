/* ldflags: -Wl,--wrap=mbedtls_x25519_calc_secret */
/* The public half of an X25519 key, as TLS 1.3 gets it from PSA: RFC 7748's, and random ones against
 * the generic curve arithmetic; and that it is Everest that computes it. Other curves are untouched. */
#include "unit.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#if defined(MBEDTLS_USER_CONFIG_H)
#include "../../src/crypt/x25519.h"
#include <everest/x25519.h>

static unsigned everest_calls;
typedef int secret_fn(mbedtls_x25519_context *ctx, size_t *olen, unsigned char *buf, size_t blen,
                      int (*rng)(void *, unsigned char *, size_t), void *rng_ctx);
secret_fn __real_mbedtls_x25519_calc_secret, __wrap_mbedtls_x25519_calc_secret;

int __wrap_mbedtls_x25519_calc_secret(mbedtls_x25519_context *ctx, size_t *olen, unsigned char *buf,
                                      size_t blen, int (*rng)(void *, unsigned char *, size_t),
                                      void *rng_ctx)
{
	everest_calls++;
	return __real_mbedtls_x25519_calc_secret(ctx, olen, buf, blen, rng, rng_ctx);
}
#endif

enum { LEN = 32 };

static void from_hex(uint8_t to[LEN], const char *hex)
{
	for (size_t i = 0; i < LEN; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};

		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static psa_key_id_t import(psa_ecc_family_t family, const uint8_t *secret, size_t n)
{
	psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id;

	psa_set_key_usage_flags(&a, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&a, PSA_ALG_ECDH);
	psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(family));
	assert_int_equal(psa_import_key(&a, secret, n, &id), PSA_SUCCESS);
	return id;
}

/* Through PSA; id stays. */
static psa_key_id_t public_half(const uint8_t secret[LEN], uint8_t out[LEN])
{
	psa_key_id_t id = import(PSA_ECC_FAMILY_MONTGOMERY, secret, LEN);
	size_t n;

	assert_int_equal(psa_export_public_key(id, out, LEN, &n), PSA_SUCCESS);
	assert_int_equal(n, LEN);
	return id;
}

/* RFC 7748, 6.1. */
static void test_rfc_7748(void **state)
{
	uint8_t a[LEN], b[LEN], want_a[LEN], want_b[LEN], shared[LEN], got[LEN], got_b[LEN];
	psa_key_id_t ka, kb;
	size_t n;

	(void)state;
	from_hex(a, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	from_hex(want_a, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	from_hex(b, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	from_hex(want_b, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	from_hex(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	ka = public_half(a, got);
	assert_memory_equal(got, want_a, LEN);
	kb = public_half(b, got_b);
	assert_memory_equal(got_b, want_b, LEN);
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, ka, want_b, LEN, got, LEN, &n),
	                 PSA_SUCCESS);
	assert_memory_equal(got, shared, LEN);
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, kb, want_a, LEN, got, LEN, &n),
	                 PSA_SUCCESS);
	assert_memory_equal(got, shared, LEN);
	psa_destroy_key(ka);
	psa_destroy_key(kb);
}

static void by_generic(mbedtls_ecp_group *grp, const uint8_t secret[LEN], uint8_t out[LEN])
{
	mbedtls_ecp_keypair k;
	mbedtls_ecp_point q;
	size_t n;

	mbedtls_ecp_keypair_init(&k);
	mbedtls_ecp_point_init(&q);
	assert_int_equal(mbedtls_ecp_read_key(MBEDTLS_ECP_DP_CURVE25519, &k, secret, LEN), 0);
	assert_int_equal(mbedtls_ecp_mul(grp, &q, &k.MBEDTLS_PRIVATE(d), &grp->G,
	                                 mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE),
	                 0);
	assert_int_equal(
		mbedtls_ecp_point_write_binary(grp, &q, MBEDTLS_ECP_PF_COMPRESSED, &n, out, LEN),
		0);
	assert_int_equal(n, LEN);
	mbedtls_ecp_keypair_free(&k);
	mbedtls_ecp_point_free(&q);
}

static void test_random_against_generic(void **state)
{
	mbedtls_ecp_group grp;
	struct rng rng = {5};

	(void)state;
	mbedtls_ecp_group_init(&grp);
	assert_int_equal(mbedtls_ecp_group_load(&grp, MBEDTLS_ECP_DP_CURVE25519), 0);
	for (unsigned i = 0; i < 50; i++) {
		uint8_t secret[LEN], fast[LEN], slow[LEN];

		rng_fill(&rng, secret, LEN);
		psa_destroy_key(public_half(secret, fast));
		by_generic(&grp, secret, slow);
		assert_memory_equal(fast, slow, LEN);
	}
	mbedtls_ecp_group_free(&grp);
}

#if defined(MBEDTLS_USER_CONFIG_H)
static void test_everest_does_it(void **state)
{
	uint8_t secret[LEN] = {1, 2, 3}, out[LEN];

	(void)state;
	everest_calls = 0;
	psa_destroy_key(public_half(secret, out));
	assert_int_equal(everest_calls, 1);
}

/* Any other point, any other curve: as ever. */
static void test_others(void **state)
{
	static const mbedtls_ecp_group_id ids[] = {MBEDTLS_ECP_DP_CURVE25519,
	                                           MBEDTLS_ECP_DP_SECP256R1};

	(void)state;
	everest_calls = 0;
	for (size_t i = 0; i < 2; i++) {
		mbedtls_ecp_group grp;
		mbedtls_ecp_point p, got, want;
		mbedtls_mpi d;

		mbedtls_ecp_group_init(&grp);
		mbedtls_ecp_point_init(&p);
		mbedtls_ecp_point_init(&got);
		mbedtls_ecp_point_init(&want);
		mbedtls_mpi_init(&d);
		assert_int_equal(mbedtls_ecp_group_load(&grp, ids[i]), 0);
		assert_int_equal(mbedtls_ecp_copy(&p, &grp.G), 0);
		assert_int_equal(mbedtls_ecp_gen_privkey(&grp, &d, mbedtls_psa_get_random,
		                                         MBEDTLS_PSA_RANDOM_STATE),
		                 0);
		assert_int_equal(mbedtls_ecp_mul(&grp, &want, &d, &grp.G, mbedtls_psa_get_random,
		                                 MBEDTLS_PSA_RANDOM_STATE),
		                 0);
		assert_int_equal(x25519_ecp_mul(&grp, &got, &d, &p, mbedtls_psa_get_random,
		                                MBEDTLS_PSA_RANDOM_STATE),
		                 0);
		assert_int_equal(mbedtls_ecp_point_cmp(&got, &want), 0);
		mbedtls_ecp_group_free(&grp);
		mbedtls_ecp_point_free(&p);
		mbedtls_ecp_point_free(&got);
		mbedtls_ecp_point_free(&want);
		mbedtls_mpi_free(&d);
	}
	assert_int_equal(everest_calls, 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rfc_7748),
		UNIT(test_random_against_generic),
#if defined(MBEDTLS_USER_CONFIG_H)
		UNIT(test_everest_does_it),
		UNIT(test_others),
#endif
	};
	int failed;

	if (psa_crypto_init() != PSA_SUCCESS)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	mbedtls_psa_crypto_free();
	return failed;
}
