/* engine: which code encrypts here, for --version. */
#ifndef CRYPT_ENGINE_H
#define CRYPT_ENGINE_H

enum { ENGINE_TEXT = 64 };

/* What stands behind "Mbed TLS 3.6.6": " with ipsec-mb 1.3.0 (AVX512 VAES)"; "(portable)" where the
 * processor has none of its instructions; "" where we built it without; " of the system".
 * Writes to out and returns it. */
const char *engine_text(char out[ENGINE_TEXT]);

#endif
