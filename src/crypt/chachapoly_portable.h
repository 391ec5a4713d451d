/* chachapoly_portable: Mbed TLS's own ChaCha20-Poly1305 under other names; see gcm_portable.h. They do
 * what <mbedtls/chachapoly.h> says of the names they had.
 */
#ifndef CHACHAPOLY_PORTABLE_H
#define CHACHAPOLY_PORTABLE_H

#include <stddef.h>

struct chachapoly_portable;

/* An initialised context on the heap; NULL: no memory. _delete wipes it; NULL is fine. */
struct chachapoly_portable *chachapoly_portable_new(void);
void chachapoly_portable_delete(struct chachapoly_portable *c);

int chachapoly_portable_setkey(struct chachapoly_portable *c, const unsigned char key[32]);
int chachapoly_portable_encrypt_and_tag(struct chachapoly_portable *c, size_t length,
                                        const unsigned char nonce[12], const unsigned char *aad,
                                        size_t aad_len, const unsigned char *input,
                                        unsigned char *output, unsigned char tag[16]);
int chachapoly_portable_auth_decrypt(struct chachapoly_portable *c, size_t length,
                                     const unsigned char nonce[12], const unsigned char *aad,
                                     size_t aad_len, const unsigned char tag[16],
                                     const unsigned char *input, unsigned char *output);
/* mode: an mbedtls_chachapoly_mode_t. */
int chachapoly_portable_starts(struct chachapoly_portable *c, const unsigned char nonce[12],
                               int mode);
int chachapoly_portable_update_aad(struct chachapoly_portable *c, const unsigned char *aad,
                                   size_t aad_len);
int chachapoly_portable_update(struct chachapoly_portable *c, size_t len,
                               const unsigned char *input, unsigned char *output);
int chachapoly_portable_finish(struct chachapoly_portable *c, unsigned char mac[16]);
/* The library's self-test over these functions: 0 or -1; verbose: prints. */
int chachapoly_portable_self_test(int verbose);

#endif
