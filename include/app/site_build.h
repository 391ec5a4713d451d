/* site_build: from the command line to the immutable site the sessions use. */
#ifndef APP_SITE_BUILD_H
#define APP_SITE_BUILD_H

#include "app/options.h"
#include "relay/site.h"

enum { SITE_ERROR = 512 };

/* Opens the web root; blocking, at start. One reference is the caller's. 0, or -errno with a
 * sentence in err. o must outlive the site (it borrows the origin list). */
int site_build(struct site **ret, const struct options *o, char err[SITE_ERROR]);

#endif
