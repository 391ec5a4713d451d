/* versions: see the header. */
#include "wire/versions.h"

#include <llhttp.h>
#include <mbedtls/version.h>
#include <stdio.h>

#define TEXT_OF(x) TEXT_OF_(x)
#define TEXT_OF_(x) #x

const char *wire_llhttp_version(void)
{
	return TEXT_OF(LLHTTP_VERSION_MAJOR) "." TEXT_OF(LLHTTP_VERSION_MINOR) "." TEXT_OF(
		LLHTTP_VERSION_PATCH);
}

const char *wire_mbedtls_version(char out[WIRE_VERSION])
{
	unsigned v = mbedtls_version_get_number(); /* 0xMMNNPP00 */

	snprintf(out, WIRE_VERSION, "%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255);
	return out;
}
