/* self: the certificate of --self-signed: kept in the state directory if there is one, else in
 * memory for as long as the process runs. Made anew TLS_BUILD_SOON_S before it ends. */
#ifndef APP_SELF_H
#define APP_SELF_H

#include "app/tls_build.h"

enum { SELF_PATH = 4096 };

/* Builds a site of setup (whose pairs do not count) with that certificate; makes it first, and
 * writes it, where there is none. Blocks. 0, or -errno with a sentence in err. */
int self_build(struct tls_site **ret, const struct tls_setup *setup, const struct options *o,
               struct tls_kept *kept, char err[SITE_ERROR]);
/* "DIR/self-signed.pem", or "" when there is no such directory or it is too long. */
void self_path(const struct options *o, char ret[SELF_PATH]);

#endif
