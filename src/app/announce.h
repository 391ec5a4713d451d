/* announce: what is said once everything is open: where we listen, for whom, and what to type into a
 * browser of this host.
 */
#ifndef APP_ANNOUNCE_H
#define APP_ANNOUNCE_H

#include "app/options.h"
#include "relay/site.h"

/* at: the address as listen_open names it. */
void announce(struct log *log, const struct options *o, const struct site *site, const char *at,
              unsigned workers);

#endif
