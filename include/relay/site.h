/* site: everything a session needs to know that came from the configuration. Immutable once
 * built and counted, so that a reload swaps a pointer and live sessions keep theirs.
 */
#ifndef RELAY_SITE_H
#define RELAY_SITE_H

#include "base/limits.h"
#include "base/target.h"
#include "serve/files.h"

#include <stdatomic.h>

struct tls_site;

struct site {
	_Atomic unsigned refs;
	struct target target;
	char target_name[TARGET_NAME];
	struct files *files; /* NULL: no static files */
	const char *const *origins;
	size_t origins_n;
	struct tls_site *tls;         /* towards clients; NULL: plain HTTP only. A reference */
	bool tls_only;                /* with tls: plain HTTP gets 400 */
	struct tls_site *backend_tls; /* towards the backend; NULL: plain. A reference */
	bool http_errors;             /* a dead backend is 502/504 instead of 101 and Close 1011 */
	struct limits limits;
};

struct site *site_ref(struct site *s);
void site_unref(struct site *s); /* thread-safe; NULL is legal */

#endif
