/* ciphers: a list of ciphersuites as people write it, made the array Mbed TLS wants. Pure.
 *
 *   "ECDHE+AESGCM:CHACHA20:!AES256"  ─►  {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, …}
 *
 * OpenSSL's language (openssl-ciphers(1)): entries between ':', ',' or blanks, each a suite by its
 * OpenSSL name, IANA name or Mbed TLS name, or a word for many (HIGH, ECDHE, AESGCM, aRSA, TLSv1.2,
 * ALL, DEFAULT …); a+b is what both a and b stand for. Entries are added in order; -x takes away
 * what may come back later, !x for good, +x moves to the end. @STRENGTH sorts by the length of the
 * key, @SECLEVEL=N takes out what is too weak for OpenSSL's level N. Words for what does not exist
 * here (RC4, MD5, aNULL, PSK …) and words nobody knows stand for nothing, as in OpenSSL, so that
 * lists from elsewhere work: it is an error only when nothing is left.
 *
 * As in OpenSSL such a list is about TLS 1.2. The suites of TLS 1.3 stay as they are, in front,
 * unless the list names one of them (TLS_AES_128_GCM_SHA256): then only those it names.
 */
#ifndef CRYPT_CIPHERS_H
#define CRYPT_CIPHERS_H

#include <stddef.h>

enum { CIPHERS_MAX = 64, CIPHERS_ERROR = 300 };

struct ciphers {
	int ids[CIPHERS_MAX];
	size_t n;
};

/* all, normal: what there is and what DEFAULT is, ids with a 0 at the end. 0, or -EINVAL with one
 * sentence in err. */
int ciphers_parse(struct ciphers *ret, const char *list, const int *all, const int *normal,
                  char err[CIPHERS_ERROR]);
/* "ECDHE-RSA-AES128-GCM-SHA256", the name OpenSSL has for it; NULL: unknown to this table. */
const char *ciphers_name(int id);

#endif
