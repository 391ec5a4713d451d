/* site_build: from the command line to the immutable site the sessions use. */
#ifndef APP_SITE_BUILD_H
#define APP_SITE_BUILD_H

#include "app/options.h"
#include "relay/site.h"

struct tls_kept;

enum { SITE_ERROR = 512 };

/* Opens the web root and reads the files of TLS; blocking, at start or in a job. One reference is the caller's. 0, or -errno with a
 * sentence in err. o must outlive the site (it borrows the origin list). */
int site_build(struct site **ret, const struct options *o, struct tls_kept *kept,
               char err[SITE_ERROR]);

#endif
