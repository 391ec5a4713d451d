/* wsbackend: what its files share.
 *
 *   main     options, the listener, the loop
 *   conn     one connection: what waits to be sent, its end
 *   command  the first line, which says what the connection does
 *   stream   taking and checking, making and sending
 */
#ifndef BENCH_BACKEND_H
#define BENCH_BACKEND_H

#include "bench/pattern.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { READ_ROOM = 256 << 10, ECHO_MAX = 1 << 20, LINE_ROOM = 160 };

enum task { TASK_LINE, TASK_ECHO, TASK_STREAM };

struct conn {
	struct backend *backend;
	int fd;
	uint32_t events; /* what epoll looks for */
	enum task task;
	char line[LINE_ROOM];
	unsigned line_n;
	uint64_t tx_off, tx_total, rx_off, rx_total; /* bytes of the two streams, done and all */
	uint32_t tx_phase, rx_phase;
	bool close_first, want_ack, acked, rx_eof, dead;
	uint64_t chunk, burst,
		every_ns;          /* burst > 0: so many bytes at a time, one burst every_ns */
	uint64_t first_ns, due_ns; /* when the first burst was and the next one is due */
	uint8_t *out;              /* echoes and acknowledgements, out[out_off..out_len) to go */
	size_t out_len, out_off, out_cap;
	struct conn *next_paced, *next_grave;
	struct conn *next, **here; /* in backend->open; *here is this one */
};

struct backend {
	int epoll, listener, signals;
	bool greet;
	struct conn *open;   /* all of them */
	struct conn *paced;  /* those with bursts */
	struct conn *graves; /* closed, freed at the end of a turn */
	uint64_t accepted, bad, open_n;
	struct pattern pattern;
	uint8_t in[READ_ROOM];
};

static inline uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* conn.c */
void conn_open(struct backend *b, int fd);
void conn_drop(struct conn *c);
void conn_want(struct conn *c, uint32_t events);
void conn_queue(struct conn *c, const void *at, size_t n);
int conn_flush(struct conn *c); /* 1 nothing left, 0 the socket is full, -1 dropped */
static inline bool conn_waits(const struct conn *c)
{
	return c->out_len > c->out_off;
}

/* command.c: false if the line is none; then nothing is set. */
bool command_take(struct conn *c);

/* stream.c */
void stream_readable(struct conn *c);
void stream_pump(struct conn *c);        /* sends as much as the socket takes */
bool stream_rests(const struct conn *c); /* between two bursts */

#endif
