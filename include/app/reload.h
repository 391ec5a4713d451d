/* reload: new certificates, and a log file that was moved away, without a restart. On the main
 * thread's loop; everything that blocks is a job.
 *
 *   every RELOAD_LOOK_MS ─► job: stat the files; changed, and at rest since the last look? build
 *   reload_now (SIGHUP) ──► job: build in any case; open the log file anew (rotation)
 *   built ─► host.fresh(site): new connections use it, open ones keep what they have
 *   failed ─► told in the log; everything stays as it was until a file changes again
 *
 * At rest: a file that is just being written is not read half way, and a certificate whose key
 * follows a moment later is not told to be broken. Files are watched while there is TLS: a self.pem
 * that is first put there later needs a SIGHUP once. One that is taken away is told in the log, and the
 * last one stays. The certificate of --self-signed is made anew by itself before it ends.
 * At the start, after a reload and once a day a certificate that ends within 14 days is warned of.
 */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "app/tls_build.h"
#include "base/env.h"

enum { RELOAD_LOOK_MS = 200, RELOAD_DAY_MS = 24 * 3600 * 1000 };

struct reload;

struct reload_host {
	void *owner;
	/* one reference of site is the host's */
	void (*fresh)(void *owner, struct site *site);
	int log_fd; /* with --log-file: what it is open as (app/log_path) */
};

/* Tells of the certificates of `first` and begins to watch. What is in kept is its own from now
 * on, also when it fails. o outlives it. 0 or -errno. */
int reload_new(struct reload **ret, struct env *env, const struct options *o, struct tls_kept *kept,
               struct site *first, const struct reload_host *host);
void reload_now(struct reload *r);
/* No more calls. NULL is legal. */
void reload_free(struct reload *r);

#endif
