/* engine: see the header. */
#include "crypt/engine.h"

#include <mbedtls/gcm.h>
#include <stdio.h>

#if defined(MBEDTLS_GCM_ALT)
#include "gcm_engine.h"

const char *engine_text(char out[ENGINE_TEXT])
{
	const struct gcm_engine *best = gcm_engine_pick(0);

	snprintf(out, ENGINE_TEXT, " with ipsec-mb %s (%s)", gcm_engine_version(),
	         best ? best->name : "portable");
	return out;
}
#else
const char *engine_text(char out[ENGINE_TEXT])
{
#if defined(MBEDTLS_USER_CONFIG_H)
	out[0] = 0;
#else
	snprintf(out, ENGINE_TEXT, " of the system");
#endif
	return out;
}
#endif
