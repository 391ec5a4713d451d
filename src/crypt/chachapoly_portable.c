/* chachapoly_portable: see the header. Here <mbedtls/chachapoly.h> is read with the renamings of
 * mbedtls_user_config.h, so the compiler holds our declarations against the library's.
 */
#define WEBSPLICE_PORTABLE
#include <mbedtls/chachapoly.h>

/* Defined only where the configuration is ours and has an alternative. */
#if defined(mbedtls_chachapoly_context) && defined(__x86_64__)
#include "chachapoly_portable.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>

struct chachapoly_portable *chachapoly_portable_new(void)
{
	struct chachapoly_portable *c = malloc(sizeof *c);

	if (c)
		chachapoly_portable_init(c);
	return c;
}

void chachapoly_portable_delete(struct chachapoly_portable *c)
{
	if (!c)
		return;
	chachapoly_portable_free(c);
	mbedtls_platform_zeroize(c, sizeof *c);
	free(c);
}

int chachapoly_portable_starts(struct chachapoly_portable *c, const unsigned char nonce[12],
                               int mode)
{
	return chachapoly_portable_begin(c, nonce, (mbedtls_chachapoly_mode_t)mode);
}
#endif
