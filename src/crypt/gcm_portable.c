/* gcm_portable: see the header. Here <mbedtls/gcm.h> is read with the renamings of
 * mbedtls_user_config.h, so the compiler holds our declarations against the library's.
 */
#define WEBSPLICE_PORTABLE
#include <mbedtls/gcm.h>

/* Defined only where the configuration is ours and has an alternative. */
#if defined(mbedtls_gcm_context) && defined(__x86_64__)
#include "gcm_portable.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>

struct gcm_portable *gcm_portable_new(void)
{
	struct gcm_portable *g = malloc(sizeof *g);

	if (g)
		gcm_portable_init(g);
	return g;
}

void gcm_portable_delete(struct gcm_portable *g)
{
	if (!g)
		return;
	gcm_portable_free(g);
	mbedtls_platform_zeroize(g, sizeof *g);
	free(g);
}
#endif
