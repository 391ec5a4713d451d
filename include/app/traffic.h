/* traffic: --traffic, one symbol per event on stdout, as websockify draws them.
 *
 *   }  bytes from the client     >  all of them sent to the backend    .>  some are queued
 *   {  bytes from the backend    <  all of them sent to the client     <.  some are queued
 */
#ifndef APP_TRAFFIC_H
#define APP_TRAFFIC_H

#include "base/env.h"
#include "relay/tap.h"

struct traffic;

/* One per worker. 0 or -errno. */
int traffic_new(struct traffic **ret, struct env *env);
/* A tap for one more session. Its end does nothing: the traffic outlives all sessions. */
struct tap traffic_tap(struct traffic *t);
void traffic_free(struct traffic *t); /* flushes; NULL is legal */
/* What the symbols mean, for the start of the output. */
const char *traffic_legend(void);

#endif
