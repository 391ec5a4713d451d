/* socket_pair: two connected sockets, both non-blocking and closed on exec: fds[0] is the one that was
 * accepted. The caller closes them. */
#ifndef FAKE_SOCKET_PAIR_H
#define FAKE_SOCKET_PAIR_H

#include <stdbool.h>

/* small: with buffers of 32 KiB, so that a sender meets a full socket soon. */
void socket_pair_tcp(int fds[2], bool small);
void socket_pair_unix(int fds[2], bool small);

#endif
