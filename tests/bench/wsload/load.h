/* wsload: what its files share. One thread, one epoll; calls go down this picture, and what
 * arrives comes up it:
 *
 *   main ─ options ─ run (set up, measured window, end) ─ run_churn ─ run_echo ─ run_idle ─ report
 *                     │
 *   poll (events) ─ conn (socket, what waits to be sent) ─ tls
 *                     │
 *   upgrade (HTTP) ─ frame_in ─ payload (every byte is checked) ─ session (commands, echoes)
 *                     frame_out (masked frames of the pattern)
 */
#ifndef WSLOAD_LOAD_H
#define WSLOAD_LOAD_H

#include "bench/pattern.h"
#include "hist.h"
#include "options.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum { READ_ROOM = 256 << 10, OUT_ROOM = 256 << 10, HEAD_ROOM = 8192 };
enum { OP_CONT, OP_TEXT, OP_BINARY, OP_CLOSE = 8, OP_PING, OP_PONG };

#define SECOND_NS 1000000000u
#define MS_NS 1000000u

/* In this order; a connection only goes forward, churn begins again at CONN_NONE. */
enum state {
	CONN_NONE,
	CONN_DIAL,
	CONN_TLS,
	CONN_UPGRADE,
	CONN_GREET,
	CONN_READY,
	CONN_RUN,
	CONN_CLOSING,
	CONN_DEAD
};

struct frame_in { /* the frame that is arriving */
	uint8_t head[10];
	unsigned head_n, head_need;
	uint64_t left; /* bytes of payload still to come */
	int opcode;
	bool in_message;
	uint8_t control[125];
	unsigned control_n;
};

struct times { /* when the echoes on their way were meant to be sent, oldest at `first` */
	uint64_t *ns;
	unsigned first, n, cap;
};

struct conn {
	struct load *load;
	unsigned id;
	int fd;
	SSL *ssl;
	SSL_SESSION *ticket; /* --resume: of the connection before */
	enum state state;
	uint32_t events; /* what epoll looks for */
	bool done;       /* its part of the run is complete, or has failed */
	bool bye_sent;   /* Close */
	uint8_t *out;    /* out[out_off..out_len) waits to be sent */
	size_t out_len, out_off, out_cap;
	struct frame_in in;
	char *head; /* the HTTP response, while it arrives */
	size_t head_n;
	char key[32];
	uint32_t tx_phase, rx_phase;
	uint64_t tx_off, tx_total, rx_off, rx_total; /* bytes of the two streams, done and all */
	char ack[96];
	unsigned ack_n, greet_n;
	uint64_t echoes; /* that came back */
	struct times sent;
	uint64_t start_ns, close_ns;
	uint64_t *burst_ns; /* when each burst was complete */
	uint64_t bursts;
};

struct load {
	struct options o;
	struct pattern pattern;
	int epoll;
	struct conn *conns; /* o.conns of them */
	SSL_CTX *tls;
	uint64_t random;              /* state of the masking keys' generator */
	uint64_t begin_ns;            /* the program's */
	uint64_t run_ns, data_end_ns; /* the first command, the last byte */
	unsigned running, closed_early;
	bool stop; /* no new echoes */
	/* what was seen */
	uint64_t errors, resets, no_eof, sessions;
	uint64_t rx_payload, tx_payload, frames, fragments, pings, closes, texts, max_frame;
	uint64_t handshakes, resumed;
	bool timed_out, no_protocol;
	char first_error[256], protocol[64], tls_version[32], tls_cipher[64], tls_group[32];
	struct hist rtt, ready_time, session_time, burst_time;
	/* the measured window */
	double window_s, setup_s, cpu_begin_s, cpu_s;
	uint64_t messages;
	uint8_t in[READ_ROOM];
};

static inline uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}
static inline uint64_t after_s(uint64_t ns, double seconds)
{
	return ns + (uint64_t)(seconds * 1e9);
}
static inline bool mode_echoes(enum mode m)
{
	return m == MODE_ECHO || m == MODE_CHURN || m == MODE_IDLE;
}
uint64_t random_next(struct load *w);

/* conn.c */
int conn_open(struct conn *c); /* starts to connect; an error is counted */
void conn_free(struct conn *c);
void conn_want(struct conn *c, uint32_t events);
ssize_t conn_read(struct conn *c, void *at, size_t n); /* 0 end, -EAGAIN, other -errno */
ssize_t conn_write(struct conn *c, const void *at, size_t n);
uint8_t *conn_room(struct conn *c, size_t n); /* room for n bytes at the end of `out` */
void conn_flush(struct conn *c);
void conn_finish(struct conn *c); /* Close, or FIN when raw; the rest is the other side's */
void conn_done(struct conn *c);   /* its part of the run is over */

/* fault.c: an error is counted, the first one kept for the report. */
__attribute__((format(printf, 3, 4))) void fault_add(struct load *w, const struct conn *c,
                                                     const char *fmt, ...);
void fault_end(struct conn *c, const char *what, uint64_t offset); /* and ends the connection */

/* tls.c */
int tls_setup(struct load *w); /* 0, or -1 after a message */
void tls_begin(struct conn *c);
void tls_shake(struct conn *c);
void tls_free(struct conn *c);
ssize_t tls_read(struct conn *c, void *at, size_t n);
ssize_t tls_write(struct conn *c, const void *at, size_t n);

/* upgrade.c */
void upgrade_send(struct conn *c);
void upgrade_take(struct conn *c, const uint8_t *at, size_t n);
void upgrade_done(struct conn *c); /* there is a stream to the backend now */

/* frame_in.c, frame_out.c, payload.c */
void frame_take(struct conn *c, const uint8_t *at, size_t n);
void frame_put(struct conn *c, int opcode, const void *at, size_t n);
void frame_put_pattern(struct conn *c, size_t n); /* the next n bytes of the up stream */
void payload_take(struct conn *c, const uint8_t *at, size_t n);

/* session.c */
void session_start(struct conn *c);
void session_echo(struct conn *c, uint64_t meant_ns); /* sends the next one */
void session_echoed(struct conn *c);                  /* one has come back */
void session_over(struct conn *c);                    /* churn: closed in order */

/* poll.c */
void poll_once(struct load *w, uint64_t wait_ns);
void poll_until_line(struct load *w, double seconds); /* serves until a line is on stdin */

/* run.c: everything between the first connection and the report. */
void run_load(struct load *w);
void run_mark(const char *name); /* "@name NS" on standard output */
void run_window_begins(struct load *w);
void run_window_ends(struct load *w, uint64_t since_ns);
static inline uint64_t run_limit(const struct load *w)
{
	return after_s(w->begin_ns, w->o.limit_s);
}
void run_churn(struct load *w);
void run_echo(struct load *w);
void run_idle(struct load *w);

void report_print(const struct load *w);

#endif
