/* Socket options, in one place. All are best effort: each improves something, none is needed. */
#include "loop_priv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
	KEEP_IDLE = 60,        /* s of silence before the peer is asked whether it is still there */
	USER_TIMEOUT = 120000, /* ms without an acknowledgement, then the connection is dead. Linux
	                          applies it to keep-alive probes as well (tcp(7)) */
	/* Bytes: what a client has not been sent yet stays with us, where it is counted, rather than
	 * in the kernel, where it is in the way of the next keystroke's echo. The kernel says
	 * "writable" at half of it. For a client that takes 32 MB/s, four times as much is a few
	 * milliseconds, and a quarter of the wake-ups: TLS to one that decrypts as fast as it can
	 * costs 12 % less. */
	NOTSENT_SLOW = 131072,
	NOTSENT_SWIFT = 4 * NOTSENT_SLOW,
};

static void set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

void sock_tune(int fd, enum sock_side side)
{
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* keystrokes */
	if (side == SOCK_NEAR)
		return;
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT);
	if (side == SOCK_CLIENT)
		set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_SLOW);
}

void sock_pace(int fd, bool swift)
{
	int limit = 0; /* what it is while nobody has set one */
	socklen_t len = sizeof limit;
	if (getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, &len) == 0 && limit > 0)
		set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, swift ? NOTSENT_SWIFT : NOTSENT_SLOW);
}

/* Linux checks at once whether there is as much already (tcp_set_rcvlowat). */
void sock_low(int fd, int bytes)
{
	set(fd, SOL_SOCKET, SO_RCVLOWAT, bytes);
}
