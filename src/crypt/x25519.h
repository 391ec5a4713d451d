/* x25519: takes the place of mbedtls_ecp_mul in one file of Mbed TLS; see x25519.c. */
#ifndef X25519_H
#define X25519_H

#include <mbedtls/ecp.h>

/* r = m * p. On X25519 with p the group's own base point it is Everest's doing (constant time, no
 * need of rng), elsewhere mbedtls_ecp_mul's. m: a private key, as PSA has checked it. 0 or an error of
 * Mbed TLS. */
int x25519_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *r, const mbedtls_mpi *m,
                   const mbedtls_ecp_point *p, int (*rng)(void *, unsigned char *, size_t),
                   void *rng_ctx);

#endif
