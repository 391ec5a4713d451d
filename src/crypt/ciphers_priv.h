/* What the two files of ciphers share: the table of suites with what is true of each, and the
 * words that ask for it. */
#ifndef CRYPT_CIPHERS_PRIV_H
#define CRYPT_CIPHERS_PRIV_H

#include "base/span.h"

/* One bit each: what a word may ask of a suite. */
enum cipher_trait {
	KX_ECDHE = 1 << 0,
	KX_DHE = 1 << 1,
	KX_RSA = 1 << 2,
	AU_ECDSA = 1 << 3,
	AU_RSA = 1 << 4,
	ENC_GCM = 1 << 5,
	ENC_CCM = 1 << 6,
	ENC_CCM8 = 1 << 7,
	ENC_CBC = 1 << 8,
	ENC_CHACHA = 1 << 9,
	KEY_128 = 1 << 10,
	KEY_256 = 1 << 11,
	MAC_SHA1 = 1 << 12,
	MAC_SHA256 = 1 << 13,
	MAC_SHA384 = 1 << 14,
	MIN_SSL3 = 1 << 15, /* the first version that has the suite, as OpenSSL counts */
	MIN_TLS10 = 1 << 16,
	MIN_TLS12 = 1 << 17,
	MIN_TLS13 = 1 << 18,
};

struct cipher {
	int id;
	const char *name; /* OpenSSL's */
	const char *iana;
	unsigned traits;
};
/* In the order of OpenSSL's ALL. */
extern const struct cipher ciphers_table[];
extern const size_t ciphers_table_n;

/* A word stands for the suites that have one of `any` (0: whatever they have) and all of `with`. */
struct cipher_word {
	const char *word;
	unsigned any, with;
};
/* NULL: it stands for nothing here. */
const struct cipher_word *ciphers_word(struct span word);

#endif
