/* report: what the shim tells whoever started the program.
 *
 *   the program ── bind(), listen() ── rebind.so ── one datagram an event ──► the receiver
 *   its forks, its daemonised grandchildren ───────────────┘                  (who set the variables)
 *
 * The protocol. The receiver binds a unix datagram socket and names it in the environment of the
 * program it starts:
 *
 *   REBIND_REPORT=@NAME     a socket in the abstract namespace (of the same network namespace)
 *   REBIND_REPORT=/PATH     a socket in the file system; anything else means no reports
 *   REBIND_REPORT_KEY=KEY   up to 64 characters that every report repeats; optional
 *
 * Each event is one datagram, one line of ASCII, at most REPORT_MAX bytes with its line feed:
 *
 *   EVENT ADDRESS PORT pid=N family=4|6 [errno=N] [key=KEY]\n
 *
 *   bind     a socket was moved; it is bound to ADDRESS (127.0.0.1 or ::1) and PORT, both as the
 *            kernel tells them, so that port 0 has become a real one
 *   listen   such a socket takes connections from now on: the program is ready
 *   fail     a bind that was to be moved failed with errno; ADDRESS and PORT are where it was to
 *            go. The program got the same errno and does with it what it likes: vncserver looks
 *            this way whether its Xvnc is up
 *
 * ADDRESS is where to connect, family is the socket's own: a dual-stack socket is 127.0.0.1 with
 * family=6. pid is the sender's in its own pid namespace. Fields after `family` may be added; a
 * receiver skips those it does not know, and lines whose EVENT it does not know.
 *
 * What a receiver has to know:
 * - Anybody on the machine can send to an abstract socket. Believe a report only if it has the
 *   key, which only those can read who may read the program's environment; SO_PASSCRED gives the
 *   sender's pid and user as well.
 * - A program may bind several times (IPv4 and IPv6, or only to see whether the port is free) and
 *   in several processes. Only `listen` means ready, and the last one counts.
 * - New port 0 is one number for a process and its forks, not for programs that it executes. A
 *   receiver that must cope with any program reserves a number itself (REBIND_RESERVED, see
 *   rebind.c): there is no race for that either, and it stays the same when the program restarts.
 * - The shim never waits: when the receiver's queue is full (net.unix.max_dgram_qlen) or nobody
 *   is there, the report is lost and the program goes on. Whoever has a `bind` and misses its
 *   `listen` may try to connect.
 * - No report at all: the program never bound the old port, or the shim never got into it.
 *
 * Sending allocates nothing, is no cancellation point, leaves no descriptor behind and may change
 * errno.
 */
#ifndef REBIND_REPORT_H
#define REBIND_REPORT_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum { REPORT_MAX = 192, REPORT_KEY_MAX = 64 };

/* An address of either family; which one says sa.sa_family. */
union where {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct report {
	const char *event;        /* "bind", "listen", "fail" */
	const union where *where; /* a loopback address */
	int error;                /* errno for "fail", else 0 */
};

/* Sends it where REBIND_REPORT says, if anywhere. */
void report_send(const struct report *r);

/* Its line, not terminated, in room for REPORT_MAX bytes; how long it is. key may be NULL. */
size_t report_line(char *line, const struct report *r, const char *key);

#endif
