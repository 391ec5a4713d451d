/* chachapoly_alt: ChaCha20-Poly1305 as Mbed TLS sees it on x86-64, in the manner of gcm_alt.h: whole
 * messages go to ipsec-mb if the processor has AVX2, parts to Mbed TLS's own code.
 */
#ifndef CHACHAPOLY_ALT_H
#define CHACHAPOLY_ALT_H

struct chachapoly_engine;
struct chachapoly_portable;

/* All zeros is an initialised context. */
typedef struct mbedtls_chachapoly_context {
	const struct chachapoly_engine *engine; /* NULL: portable does it all */
	struct chachapoly_portable *portable;   /* owned; NULL until somebody needs it */
	unsigned char key[32];                  /* wiped by free */
	unsigned char
		without; /* engines (CHACHAPOLY_WITHOUT_*) that setkey does not choose: for tests */
} mbedtls_chachapoly_context;

enum { CHACHAPOLY_WITHOUT_AVX512 = 1, CHACHAPOLY_WITHOUT_AVX2 = 2, CHACHAPOLY_WITHOUT_ALL = 3 };

#endif
