/* tcp_link: a connected TCP or unix socket as a link (base/link.h).
 *
 *   peer ─► socket ─ recv ─► the loop's scratch ─► bytes()             no copy, no allocation
 *   send() ─► socket; only what it does not take ─► chunks ─► uv_write
 *
 * Reading goes into the loop's scratch, LINK_HEADROOM bytes in. An end or a reset is noticed by
 * reading or sending: a link that does neither learns of it when it resumes.
 *
 * A peer that sends 256 MB/s or more, and that in pieces smaller than a read, is read in larger ones:
 * what comes before a pause may wait for TIMER_BULK then, 2 ms, though never an end or an error.
 *
 * Half-close is FIN both ways. When the peer refuses our bytes (it closed, or reset), what it had
 * sent before is still delivered if the owner goes on reading; lost is told after that, or when
 * stall_ms have passed. If the peer had ended its direction in order, eof comes before lost.
 *
 * Deadlines: TIMER_STALL (limits->stall_ms) while bytes are queued, pushed back whenever the peer
 * takes some; then lost. After close(false) the same while bytes are queued, and TIMER_CLOSE
 * (limits->close_ms) from the FIN to the peer's own. A stall counts METRIC_DEADLINE.
 *
 * close(true) is a RST on TCP. A unix socket knows no reset: its peer sees an end of file, or
 * ECONNRESET if it had sent bytes that we never read.
 */
#ifndef IO_TCP_LINK_H
#define IO_TCP_LINK_H

#include "io/loop.h"

/* Adopts fd (connected, non-blocking, close-on-exec; is_unix: AF_UNIX). `peer` names the other
 * side in reasons, "client" or "backend"; it is not copied and must outlive the link. 0 or
 * -errno, then fd is still the caller's. */
int tcp_link_open(struct link **ret, struct loop *l, int fd, bool is_unix, const char *peer);

#endif
