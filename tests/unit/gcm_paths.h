/* gcm_paths: the ways AES-GCM may be computed on this machine, for tests that take them all. A path
 * this processor does not have is left out; portable is always there. Where Mbed TLS is the
 * distribution's, its own code is the only one. */
#ifndef UNIT_GCM_PATHS_H
#define UNIT_GCM_PATHS_H

#include <mbedtls/gcm.h>

#if defined(MBEDTLS_GCM_ALT)
#include "../../src/crypt/gcm_engine.h"
#include "../../src/crypt/gcm_portable.h"
#endif

#include <stdbool.h>
#include <stddef.h>

struct gcm_path {
	const char *name;
	unsigned without; /* engines it must not take */
};

static const struct gcm_path gcm_path_list[] = {
#if defined(MBEDTLS_GCM_ALT)
	{"the best", 0},
	{"without AVX512", GCM_WITHOUT_VAES512},
	{"without VAES", GCM_WITHOUT_VAES512 | GCM_WITHOUT_VAES256},
#endif
	{"portable", 7},
};
enum { GCM_PATHS = sizeof gcm_path_list / sizeof gcm_path_list[0] };

/* An initialised context that takes that path, with that key. */
static inline int gcm_path_key(mbedtls_gcm_context *ctx, const struct gcm_path *path,
                               const unsigned char *key, size_t key_len)
{
	mbedtls_gcm_init(ctx);
#if defined(MBEDTLS_GCM_ALT)
	ctx->without = (unsigned char)path->without;
#else
	(void)path;
#endif
	return mbedtls_gcm_setkey(ctx, MBEDTLS_CIPHER_ID_AES, key, (unsigned)key_len * 8);
}

/* Does an engine work for it? */
static inline bool gcm_path_engine(const mbedtls_gcm_context *ctx)
{
#if defined(MBEDTLS_GCM_ALT)
	return ctx->keys != NULL;
#else
	(void)ctx;
	return false;
#endif
}

#endif
