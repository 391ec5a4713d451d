/* gcm_portable: Mbed TLS's own AES-GCM under other names, so that it can stand behind gcm_alt.
 *
 * scripts/mbedtls.sh compiles the library's gcm.c once more with WEBSPLICE_PORTABLE, which makes
 * mbedtls_user_config.h rename what it defines. They do what <mbedtls/gcm.h> says of the names they
 * had, and run on any processor (with its AES instructions, if it has them).
 * The structure is only known inside gcm_portable.c.
 */
#ifndef GCM_PORTABLE_H
#define GCM_PORTABLE_H

#include <mbedtls/cipher.h>
#include <stddef.h>

struct gcm_portable;

/* An initialised context on the heap; NULL: no memory. _delete wipes it; NULL is fine. */
struct gcm_portable *gcm_portable_new(void);
void gcm_portable_delete(struct gcm_portable *g);

int gcm_portable_setkey(struct gcm_portable *g, mbedtls_cipher_id_t cipher,
                        const unsigned char *key, unsigned int keybits);
int gcm_portable_crypt_and_tag(struct gcm_portable *g, int mode, size_t length,
                               const unsigned char *iv, size_t iv_len, const unsigned char *add,
                               size_t add_len, const unsigned char *input, unsigned char *output,
                               size_t tag_len, unsigned char *tag);
int gcm_portable_starts(struct gcm_portable *g, int mode, const unsigned char *iv, size_t iv_len);
int gcm_portable_update_ad(struct gcm_portable *g, const unsigned char *add, size_t add_len);
int gcm_portable_update(struct gcm_portable *g, const unsigned char *input, size_t input_length,
                        unsigned char *output, size_t output_size, size_t *output_length);
int gcm_portable_finish(struct gcm_portable *g, unsigned char *output, size_t output_size,
                        size_t *output_length, unsigned char *tag, size_t tag_len);
/* The library's self-test over these functions: 0 or 1; verbose: prints. */
int gcm_portable_self_test(int verbose);

#endif
