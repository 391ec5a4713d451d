/* tls_site: certificates and settings of TLS, for one role. Immutable once built and counted, so
 * that all workers share it and a reload swaps a pointer while live connections keep theirs.
 *
 *   files ─ read by the caller ─► tls_setup (bytes with names) ─► tls_site_new ─► tls_site
 *                                                                 └─ error in words
 *
 * No file is touched here: the caller reads them (at start, or in a job), so that a site can be
 * built from memory, and "has it changed?" is a comparison of bytes. tls_site_new still computes
 * (keys are checked against their certificates, an encrypted key is slow on purpose): at start or
 * in a job, never on a loop. It copies what it needs: nothing of tls_setup need outlive the call,
 * and the caller wipes the keys it has read.
 *
 * Threads: everything may be called from any thread. Randomness is PSA's generator, which the
 * library locks for itself, and so are ticket keys. The first tls_site_new sets PSA up
 * (psa_crypto_init) and must return before there are threads; later ones find it done.
 *
 * Server: a client gets a certificate whose names fit what it asks for (SNI, RFC 6066 3): ECDSA if
 * it can verify that (RFC 8446 4.4.2.2), whatever it likes better, else RSA. A client that asks for
 * nothing, or for a name nobody has, gets the first pair, or one that shares a name with it.
 * Session tickets: keys belong to the site, are shared by all workers and change every
 * TLS_TICKET_S; one generation back is still accepted. A new site has new keys: what a reload no
 * longer trusts cannot come back by a ticket. With `verify` there are no tickets, because a
 * resumed session would show no certificate.
 */
#ifndef CRYPT_TLS_SITE_H
#define CRYPT_TLS_SITE_H

#include "base/span.h"

enum {
	TLS_ERROR = 400,         /* bytes of an error sentence */
	TLS_PAIRS = 32,          /* the most certificates of a site */
	TLS_SUITES = 64,         /* the most ciphersuites */
	TLS_TICKET_S = 4 * 3600, /* a ticket key's life; a ticket's, too */
	TLS_FINGERPRINT = 96,    /* "AB:CD:…" of SHA-256, and the NUL */
	TLS_SUBJECT = 256,
};

enum tls_version { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 }; /* as on the wire */

enum tls_verify {
	TLS_VERIFY_OFF,      /* the client is asked for no certificate */
	TLS_VERIFY_OPTIONAL, /* none is fine; one that does not verify is not */
	TLS_VERIFY_REQUIRED,
};

/* A file's content. PEM or DER; no NUL at the end needed. The name is for errors. len 0: none. */
struct tls_blob {
	const char *name;
	struct span bytes;
};

/* A certificate (with its chain, leaf first) and its key. */
struct tls_pair {
	struct tls_blob cert;
	struct tls_blob key;  /* none: it is in cert */
	const char *password; /* of an encrypted key; NULL: none */
};

struct tls_setup {
	bool client;                  /* the role: towards a backend */
	const struct tls_pair *pairs; /* server: 1 … TLS_PAIRS; client: at most one */
	size_t pairs_n;
	enum tls_version min, max; /* 0: TLS 1.2, TLS 1.3 */
	const int *suites;         /* Mbed TLS ids in the order of preference, both versions
	                              together; NULL: forward-secret AEAD suites */
	size_t suites_n;
	enum tls_verify verify; /* server */
	struct tls_blob ca;     /* whom to believe: client certificates, or the backend's. PEM may
	                           hold many */
	struct tls_blob crl;    /* revoked certificates of those CAs */
	const char *name;       /* client: expected in the backend's certificate (DNS name or
	                           address), sent as SNI; NULL: given per connection */
	bool insecure;          /* client: any certificate will do */
};

struct tls_site;

/* One reference is the caller's. 0, or -errno with a sentence in err that names the file, says
 * what is wrong with it and what to do: -EINVAL something given is wrong, -ENOMEM. */
int tls_site_new(struct tls_site **ret, const struct tls_setup *setup, char err[TLS_ERROR]);
struct tls_site *tls_site_ref(struct tls_site *s);
bool tls_site_is_client(const struct tls_site *s);
void tls_site_unref(struct tls_site *s); /* wipes the keys with the last one; NULL is legal */

/* The certificates, in the order given: for the log, and for warnings of expiry. */
struct tls_cert {
	const char *name;              /* of the blob; lives as long as the site */
	const char *key;               /* "RSA 2048", "ECDSA 256"; likewise */
	int64_t not_before, not_after; /* seconds since 1970 */
	bool self_signed;
	char subject[TLS_SUBJECT];         /* "CN=vnc.example" */
	char fingerprint[TLS_FINGERPRINT]; /* SHA-256 of the DER */
	/* The first of it and its chain that ends: from then on clients do not believe it. */
	int64_t ends;
	char ends_subject[TLS_SUBJECT];
};
size_t tls_site_certs(const struct tls_site *s);
/* i < tls_site_certs(s) */
void tls_site_cert(const struct tls_site *s, size_t i, struct tls_cert *ret);

/* --- ciphersuites ---------------------------------------------------------------------------- */

/* All suites this build knows, as Mbed TLS ids, 0 at the end, and the default ones. For a list
 * given by a user. */
const int *tls_suites_all(void);
const int *tls_suites_default(void);
/* "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256": the library's name of it; NULL when unknown. */
const char *tls_suite_name(int id);

#endif
