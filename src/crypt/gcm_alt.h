/* gcm_alt: AES-GCM as Mbed TLS sees it on x86-64. <mbedtls/gcm.h> includes this file in place of
 * its own context (MBEDTLS_GCM_ALT) and goes on to declare the functions, which gcm_alt.c defines.
 *
 *   mbedtls_gcm_context ──┬─ engine + keys   ipsec-mb: whole messages, 12-byte nonces
 *                         └─ portable        Mbed TLS's own code: everything else, made when needed
 *
 * There is no state beside the context: the engine is a constant table, chosen at setkey by what
 * the processor can do. One context is used by one thread at a time, as with Mbed TLS's own.
 */
#ifndef GCM_ALT_H
#define GCM_ALT_H

struct gcm_engine;
struct gcm_portable;

/* Two of them live as long as a TLS session: 32 bytes here and up to 1,344 for the keys. All zeros is
 * an initialised context. */
typedef struct mbedtls_gcm_context {
	const struct gcm_engine *engine; /* NULL: portable does it all */
	void *keys; /* owned: the engine's round keys and hash keys, wiped before they are freed; NULL
	             * with an engine: there was no memory, which the first message is told */
	struct gcm_portable *portable; /* owned: the same key again; NULL until somebody needs it */
	unsigned char key_len;         /* bytes */
	unsigned char without; /* engines (GCM_WITHOUT_*) that setkey does not choose: for tests */
} mbedtls_gcm_context;

enum { GCM_WITHOUT_VAES512 = 1, GCM_WITHOUT_VAES256 = 2, GCM_WITHOUT_SSE = 4, GCM_WITHOUT_ALL = 7 };

#endif
