/* self_signed: a certificate made here, for wss:// without any preparation. ECDSA P-256, good for
 * 397 days (browsers take no more than 398), for TLS servers only. Pure but for randomness: names
 * and the time are the caller's. It computes: at start or in a job, never on a loop.
 */
#ifndef CRYPT_SELF_SIGNED_H
#define CRYPT_SELF_SIGNED_H

#include "crypt/tls_site.h"

enum {
	SELF_SIGNED_NAMES = 64,          /* the most */
	SELF_SIGNED_CERT = 24576,        /* bytes of PEM, with the NUL */
	SELF_SIGNED_KEY = 1024,          /* likewise */
	SELF_SIGNED_S = 397 * 24 * 3600, /* from a day before now, for clocks that are slow */
};

struct self_signed {
	char cert[SELF_SIGNED_CERT], key[SELF_SIGNED_KEY]; /* PEM */
};

/* names: host names and addresses without brackets, 1 … SELF_SIGNED_NAMES; all of them are in the
 * subjectAltName, the first that is short enough is the common name. now: seconds since 1970.
 * 0, or -errno with a sentence in err. */
int self_signed_make(struct self_signed *ret, const char *const *names, size_t n, int64_t now,
                     char err[TLS_ERROR]);
/* Nothing of it remains in memory. */
void self_signed_wipe(struct self_signed *s);

#endif
