/* reserve: a port of loopback for a program to come.
 *
 *   reserve_open   bound on 127.0.0.1 and ::1 with SO_REUSEADDR, never listening: nobody is given
 *                  the port, and rebind.so (REBIND_RESERVED) binds it beside us, again and again
 *   reserve_pick   only looked for, for a program that binds it by itself and knows nothing of us
 */
#ifndef IO_RESERVE_H
#define IO_RESERVE_H

#include <stdint.h>

struct reserve {
	int fds[2]; /* -1: that family is not there */
	uint16_t port;
};

/* 0 or -errno. */
int reserve_open(struct reserve *r);
/* Legal for one that is zeroed except for its fds, which are -1, and again. */
void reserve_close(struct reserve *r);
/* A port that nobody has on either address, and that the kernel gives to no connection (below
 * net.ipv4.ip_local_port_range), where there is such a range. seed: any number. 0 or -errno. */
int reserve_pick(uint16_t *ret, uint32_t seed);

#endif
