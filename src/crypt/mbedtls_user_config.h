/* mbedtls_user_config: what our build of Mbed TLS has beyond and below its defaults.
 *
 * scripts/mbedtls.sh builds the library with this file as MBEDTLS_USER_CONFIG_FILE, and everything
 * of ours that includes a header of Mbed TLS is compiled with it too (the Makefile sees to it):
 * the structures must agree. Mbed TLS reads it after its own mbedtls_config.h and before its
 * check_config.h, which refuses combinations that make no sense. The library of the distribution
 * (make MBEDTLS=system) knows nothing of it.
 *
 * What a certificate or a key file of the real world may be made of stays, old as it is: MD5,
 * SHA-1, DES and CBC are how keys were encrypted for decades. None of these makes a cipher suite
 * or a signature acceptable in TLS.
 */
#ifndef MBEDTLS_USER_CONFIG_H
#define MBEDTLS_USER_CONFIG_H

/* Workers are threads that share certificates, the ticket keys and PSA's key store. */
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD

/* X25519 as formally verified code, several times as fast as the generic curve arithmetic. */
#define MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED

/* TLS over a stream: no datagrams. */
#undef MBEDTLS_SSL_PROTO_DTLS
#undef MBEDTLS_SSL_DTLS_ANTI_REPLAY
#undef MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE
#undef MBEDTLS_SSL_DTLS_CONNECTION_ID
#undef MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT
#undef MBEDTLS_SSL_DTLS_HELLO_VERIFY
#undef MBEDTLS_SSL_COOKIE_C
#undef MBEDTLS_TIMING_C

/* No renegotiation; sessions are resumed with tickets, not from a cache; none is moved to another
 * process. */
#undef MBEDTLS_SSL_RENEGOTIATION
#undef MBEDTLS_SSL_CACHE_C
#undef MBEDTLS_SSL_CONTEXT_SERIALIZATION
#undef MBEDTLS_SSL_KEYING_MATERIAL_EXPORT

/* Key exchange: ephemeral elliptic curves, with a certificate. (TLS 1.3 resumes with a key both
 * sides know and a fresh exchange on top.) */
#undef MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_DHE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_RSA_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_RSA_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_DHE_RSA_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_ECDH_ECDSA_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_ECDH_RSA_ENABLED
#undef MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED
#undef MBEDTLS_DHM_C
#undef MBEDTLS_ECJPAKE_C

/* Curves: P-256, P-384, P-521 and X25519 stay. */
#undef MBEDTLS_ECP_DP_SECP192R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP192K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP256K1_ENABLED
#undef MBEDTLS_ECP_DP_BP256R1_ENABLED
#undef MBEDTLS_ECP_DP_BP384R1_ENABLED
#undef MBEDTLS_ECP_DP_BP512R1_ENABLED
#undef MBEDTLS_ECP_DP_CURVE448_ENABLED

/* Ciphers, modes and hashes that neither a session nor a key file asks for. */
#undef MBEDTLS_CAMELLIA_C
#undef MBEDTLS_ARIA_C
#undef MBEDTLS_CCM_C
#undef MBEDTLS_CMAC_C
#undef MBEDTLS_NIST_KW_C
#undef MBEDTLS_CIPHER_MODE_CFB
#undef MBEDTLS_CIPHER_MODE_CTR
#undef MBEDTLS_CIPHER_MODE_OFB
#undef MBEDTLS_CIPHER_MODE_XTS
#undef MBEDTLS_CIPHER_PADDING_ONE_AND_ZEROS
#undef MBEDTLS_CIPHER_PADDING_ZEROS_AND_LEN
#undef MBEDTLS_CIPHER_PADDING_ZEROS
#undef MBEDTLS_RIPEMD160_C
#undef MBEDTLS_SHA224_C
#undef MBEDTLS_SHA3_C
#undef MBEDTLS_LMS_C
#undef MBEDTLS_PKCS7_C
#undef MBEDTLS_PADLOCK_C
#undef MBEDTLS_PK_RSA_ALT_SUPPORT

/* Certificates are read and, for --self-signed, written; requests for them are not. */
#undef MBEDTLS_X509_CSR_PARSE_C
#undef MBEDTLS_X509_CSR_WRITE_C

/* Sockets are ours, PSA stores no keys in files, and there is nobody to read debug messages. */
#undef MBEDTLS_NET_C
#undef MBEDTLS_PSA_CRYPTO_STORAGE_C
#undef MBEDTLS_PSA_ITS_FILE_C
#undef MBEDTLS_DEBUG_C
#undef MBEDTLS_VERSION_FEATURES

/* On x86-64 AES-GCM and ChaCha20-Poly1305 are ours (src/crypt/gcm_alt.c, chachapoly_alt.c): they hand
 * what TLS does to ipsec-mb. Mbed TLS's own code is compiled a second time under other names, for
 * everything else; gcm_portable.h and chachapoly_portable.h declare these. */
#if defined(WEBSPLICE_PORTABLE)
#define mbedtls_gcm_context gcm_portable
#define mbedtls_gcm_init gcm_portable_init
#define mbedtls_gcm_setkey gcm_portable_setkey
#define mbedtls_gcm_crypt_and_tag gcm_portable_crypt_and_tag
#define mbedtls_gcm_auth_decrypt gcm_portable_auth_decrypt
#define mbedtls_gcm_starts gcm_portable_starts
#define mbedtls_gcm_update_ad gcm_portable_update_ad
#define mbedtls_gcm_update gcm_portable_update
#define mbedtls_gcm_finish gcm_portable_finish
#define mbedtls_gcm_free gcm_portable_free
#define mbedtls_gcm_self_test gcm_portable_self_test
#define mbedtls_chachapoly_context chachapoly_portable
#define mbedtls_chachapoly_init chachapoly_portable_init
#define mbedtls_chachapoly_free chachapoly_portable_free
#define mbedtls_chachapoly_setkey chachapoly_portable_setkey
#define mbedtls_chachapoly_starts chachapoly_portable_begin
#define mbedtls_chachapoly_update_aad chachapoly_portable_update_aad
#define mbedtls_chachapoly_update chachapoly_portable_update
#define mbedtls_chachapoly_finish chachapoly_portable_finish
#define mbedtls_chachapoly_encrypt_and_tag chachapoly_portable_encrypt_and_tag
#define mbedtls_chachapoly_auth_decrypt chachapoly_portable_auth_decrypt
#define mbedtls_chachapoly_self_test chachapoly_portable_self_test
#elif defined(__x86_64__)
#define MBEDTLS_GCM_ALT
#define MBEDTLS_CHACHAPOLY_ALT
#endif

#endif
