/* x25519: the public half of an X25519 key several times as fast.
 *
 * Everest's code for X25519 (MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED) serves Mbed TLS's own key exchange,
 * but a TLS 1.3 handshake goes through PSA, which takes it for the shared secret alone and computes
 * the public key with the generic curve arithmetic: half of what a handshake costs a server
 * with a P-256 certificate. So scripts/mbedtls.sh compiles the one file that does so, psa_crypto_ecp.c,
 * with mbedtls_ecp_mul renamed to the function below. It does what <mbedtls/ecp.h> says of the name
 * it had.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <mbedtls/ecp.h>

#if defined(MBEDTLS_USER_CONFIG_H)
#include "x25519.h"

#include <everest/x25519.h>
#include <mbedtls/platform_util.h>
#include <string.h>

/* X25519(secret, 9) is the same sum as a shared secret with the base point for a peer. */
static int public_of(uint8_t out[32], const mbedtls_mpi *secret)
{
	mbedtls_x25519_context x;
	size_t n;
	int ret;

	mbedtls_x25519_init(&x);
	memset(x.peer_point, 0, sizeof x.peer_point);
	x.peer_point[0] = 9;
	ret = mbedtls_mpi_write_binary_le(secret, x.our_secret, sizeof x.our_secret);
	ret = ret ? ret : mbedtls_x25519_calc_secret(&x, &n, out, 32, NULL, NULL);
	mbedtls_platform_zeroize(&x, sizeof x);
	return ret;
}

int x25519_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *r, const mbedtls_mpi *m,
                   const mbedtls_ecp_point *p, int (*rng)(void *, unsigned char *, size_t),
                   void *rng_ctx)
{
	uint8_t out[32];
	int ret;

	if (grp->id != MBEDTLS_ECP_DP_CURVE25519 || p != &grp->G)
		return mbedtls_ecp_mul(grp, r, m, p, rng, rng_ctx);
	ret = public_of(out, m);
	return ret ? ret : mbedtls_ecp_point_read_binary(grp, r, out, sizeof out);
}
#endif
