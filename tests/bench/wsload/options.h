/* What the command line of wsload says. */
#ifndef WSLOAD_OPTIONS_H
#define WSLOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum mode { MODE_DOWN, MODE_UP, MODE_BOTH, MODE_ECHO, MODE_CHURN, MODE_IDLE, MODES };

struct options {
	enum mode mode;
	const char *host, *path, *protocol, *congestion, *cipher;
	uint16_t port;
	unsigned conns, parallel; /* connections in all, and opened at a time */
	uint64_t bytes;           /* a connection and direction */
	uint64_t frame, message;  /* payload of a client's frame, of an echo */
	double seconds, warm_s;   /* of the measured window, before it; seconds 0: not limited */
	double rate;              /* echoes a second in all; 0: each answer brings the next */
	double limit_s;           /* for everything */
	uint64_t sessions;        /* churn: at most so many; 0: not limited */
	uint64_t chunk, burst, every_us;
	bool raw, tls, tls12, resume, greet, close_first, sync, quiet;
};

const char *mode_name(enum mode mode);

/* 0, or -EINVAL after a usage text on standard error. Strings are those of argv. */
int options_parse(struct options *o, int argc, char **argv);

#endif
