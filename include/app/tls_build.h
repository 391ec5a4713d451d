/* tls_build: from the command line to the TLS of a site: reads the files, makes what is to be
 * made, builds both sides. Blocks, so at start or in a job.
 *
 *   --cert, --key … ──┐
 *   self.pem ─────────┼─► site->tls          (NULL: there is no certificate)
 *   --self-signed ────┘
 *   --ssl-target … ─────► site->backend_tls  (NULL: plain)
 */
#ifndef APP_TLS_BUILD_H
#define APP_TLS_BUILD_H

#include "app/site_build.h"
#include "crypt/self_signed.h"

enum {
	TLS_BUILD_SOON_S = 14 * 24 * 3600,  /* before its end a certificate is worth a warning */
	TLS_BUILD_FILES = 2 * TLS_PAIRS + 8 /* the most files it takes */
};

/* What outlives a build. Zero it; one build at a time may use it. */
struct tls_kept {
	struct self_signed *self;        /* --self-signed: made or read */
	char password[OPTIONS_PASSWORD]; /* of --key-password-file, if that was a pipe; "": no */
};
void tls_kept_wipe(struct tls_kept *k);

/* What only a look at the folder can tell: 0, or -EINVAL with a sentence for a usage error. */
int tls_build_usable(const struct options *o, char err[OPTIONS_ERROR]);
/* Fills s->tls, s->tls_only and s->backend_tls. 0, or -errno with a sentence in err that names the
 * file; then s is as it was. */
int tls_build(struct site *s, const struct options *o, struct tls_kept *kept, char err[SITE_ERROR]);

/* The files that a build of o reads, to be watched; secret: nobody else may read it. */
struct tls_build_file {
	const char *path;
	bool secret;
};
size_t tls_build_files(const struct options *o, struct tls_build_file ret[TLS_BUILD_FILES]);

#endif
