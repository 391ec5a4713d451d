/* crt_text: what a certificate says, as text for people and policies: UTF-8, no controls. */
#ifndef CRYPT_CRT_TEXT_H
#define CRYPT_CRT_TEXT_H

#include "crypt/tls.h"

#include <mbedtls/x509_crt.h>

/* Issued by itself, by its names. */
bool crt_is_self_signed(const mbedtls_x509_crt *crt);
void crt_subject(const mbedtls_x509_crt *crt, char out[TLS_SUBJECT]);
/* SHA-256 of the DER, "AB:CD:…"; empty when it cannot be computed. */
void crt_fingerprint(const mbedtls_x509_crt *crt, char out[TLS_FINGERPRINT]);
/* The common name; empty when there is none. Whether all of it had room. */
bool crt_cn(const mbedtls_x509_name *subject, char *out, size_t cap);
/* "DNS:a.example, IP:192.0.2.1": whole names, as many as have room. */
void crt_sans(const mbedtls_x509_crt *crt, char *out, size_t cap);
void crt_identity(const mbedtls_x509_crt *crt, struct tls_identity *ret);
/* Whether it is for this address: 4 or 16 bytes. */
bool crt_is_for_ip(const mbedtls_x509_crt *crt, const uint8_t *ip, size_t len);

#endif
