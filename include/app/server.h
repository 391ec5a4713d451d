/* server: the main thread. Opens everything that can fail before anything is announced, starts
 * the workers, and then waits for signals and its own deadlines.
 *
 *   SIGTERM, SIGINT ─► drain ─► (again, or drain deadline) ─► cut ─► exit 0
 *                      └ the command is retired   └ again: and it is killed
 *   SIGHUP ─► reload; when our terminal is gone as well: drain. (Not when it was ignored at the
 *   start: nohup.)
 *   --timeout, --idle-timeout, --run-once ─► retire: no new connections, exit after the last
 */
#ifndef APP_SERVER_H
#define APP_SERVER_H

#include "app/options.h"

/* Serves until it is over. Returns the exit status; errors are told on stderr. */
int server_run(const struct options *o);

#endif
