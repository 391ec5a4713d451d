#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONG_RAW = 256,
	LONG_TLS,
	LONG_TLS12,
	LONG_CIPHER,
	LONG_RESUME,
	LONG_GREET,
	LONG_CLOSE_FIRST,
	LONG_BURST,
	LONG_SYNC,
	LONG_QUIET
};

static const struct option long_options[] = {
	{"raw", no_argument, NULL, LONG_RAW},
	{"tls", no_argument, NULL, LONG_TLS},
	{"tls12", no_argument, NULL, LONG_TLS12},
	{"cipher", required_argument, NULL, LONG_CIPHER},
	{"resume", no_argument, NULL, LONG_RESUME},
	{"greet", no_argument, NULL, LONG_GREET},
	{"srvclose", no_argument, NULL, LONG_CLOSE_FIRST},
	{"burst", required_argument, NULL, LONG_BURST},
	{"sync", no_argument, NULL, LONG_SYNC},
	{"quiet", no_argument, NULL, LONG_QUIET},
	{NULL, 0, NULL, 0},
};

static const char usage[] =
	"usage: wsload -p PORT [-h 127.0.0.1] -m down|up|both|echo|churn|idle [options]\n"
	" -c N      connections (down, up, both, echo, idle)        [1]\n"
	" -n BYTES  bytes a connection and direction (K, M, G)      [64M]\n"
	" -f BYTES  payload of a client's frame in up and both      [16384]\n"
	" -s BYTES  size of an echo                                 [64]\n"
	" -d SEC    duration of echo and churn [3]; down: stop after so long [never]\n"
	" -w SEC    before the measured window (echo, churn)        [0.3]\n"
	" -R N      echo: N messages a second in all                [each answer brings the next]\n"
	"           churn: N sessions a second at most              [as many as there can be]\n"
	" -k N      connections opened at the same time, in churn all of them [32]\n"
	" -N N      churn: at most N sessions                       [no limit]\n"
	" -P PATH   what the request asks for                       [/websockify]\n"
	" -S NAME   subprotocol, '' for none                        [binary]\n"
	" -T SEC    time limit for everything                       [60]\n"
	" -C NAME   congestion control of the sockets               [the system's]\n"
	" --raw     no WebSocket   --tls   --tls12   --cipher LIST   --resume\n"
	" --greet   the backend speaks first (12 bytes)   --srvclose  the backend closes first\n"
	" --burst CHUNK:BURST:USEC  down: writes of CHUNK bytes, BURST bytes every USEC\n"
	" --sync    wait for a line on standard input after @end, in down, up and both after\n"
	"           @begin as well\n"
	" --quiet   idle: close at once, do not wait for a line\n";

const char *mode_name(enum mode mode)
{
	static const char *const names[MODES] = {"down", "up", "both", "echo", "churn", "idle"};
	return names[mode];
}

static int parse_mode(const char *text, enum mode *ret)
{
	for (enum mode m = MODE_DOWN; m < MODES; m++) {
		if (strcmp(text, mode_name(m)) == 0) {
			*ret = m;
			return 0;
		}
	}
	return -EINVAL;
}

/* A number, perhaps a fraction, perhaps with K, M, G or T behind it; ends at `end`. */
static int parse_size(const char *text, char end, const char **ret_rest, uint64_t *ret)
{
	static const char units[] = "KMGT";
	char *rest;
	double v = strtod(text, &rest);
	if (rest == text || !(v >= 0 && v < 1e18))
		return -EINVAL;
	const char *unit = *rest ? strchr(units, *rest & ~0x20) : NULL;
	if (unit) {
		v *= (double)((uint64_t)1024 << 10 * (unit - units));
		rest++;
	}
	if (*rest != end)
		return -EINVAL;
	*ret = (uint64_t)v;
	*ret_rest = rest + 1;
	return 0;
}

static int parse_bytes(const char *text, uint64_t *ret)
{
	const char *rest;
	return parse_size(text, 0, &rest, ret);
}

static int parse_count(const char *text, unsigned *ret)
{
	uint64_t v;
	if (parse_bytes(text, &v) < 0 || v < 1 || v > 1000000)
		return -EINVAL;
	*ret = (unsigned)v;
	return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
	unsigned v;
	if (parse_count(text, &v) < 0 || v > 65535)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

static int parse_decimal(const char *text, double *ret)
{
	char *rest;
	double v = strtod(text, &rest);
	if (rest == text || *rest || !(v >= 0 && v < 1e9))
		return -EINVAL;
	*ret = v;
	return 0;
}

static int parse_burst(const char *text, struct options *o)
{
	if (parse_size(text, ':', &text, &o->chunk) < 0 ||
	    parse_size(text, ':', &text, &o->burst) < 0 ||
	    parse_size(text, 0, &text, &o->every_us) < 0)
		return -EINVAL;
	return o->chunk && o->burst >= o->chunk && o->every_us ? 0 : -EINVAL;
}

static int parse_short(struct options *o, int name, const char *value)
{
	switch (name) {
	case 'p': return parse_port(value, &o->port);
	case 'm': return parse_mode(value, &o->mode);
	case 'c': return parse_count(value, &o->conns);
	case 'k': return parse_count(value, &o->parallel);
	case 'n': return parse_bytes(value, &o->bytes);
	case 'f': return parse_bytes(value, &o->frame);
	case 's': return parse_bytes(value, &o->message);
	case 'N': return parse_bytes(value, &o->sessions);
	case 'd': return parse_decimal(value, &o->seconds);
	case 'w': return parse_decimal(value, &o->warm_s);
	case 'R': return parse_decimal(value, &o->rate);
	case 'T': return parse_decimal(value, &o->limit_s);
	case 'h': o->host = value; return 0;
	case 'P': o->path = value; return 0;
	case 'S': o->protocol = value; return 0;
	case 'C': o->congestion = value; return 0;
	default: return -EINVAL;
	}
}

static int parse_long(struct options *o, int name, const char *value)
{
	switch (name) {
	case LONG_RAW: o->raw = true; return 0;
	case LONG_TLS: o->tls = true; return 0;
	case LONG_TLS12: o->tls = o->tls12 = true; return 0;
	case LONG_CIPHER: o->cipher = value; return 0;
	case LONG_RESUME: o->resume = true; return 0;
	case LONG_GREET: o->greet = true; return 0;
	case LONG_CLOSE_FIRST: o->close_first = true; return 0;
	case LONG_BURST: return parse_burst(value, o);
	case LONG_SYNC: o->sync = true; return 0;
	case LONG_QUIET: o->quiet = true; return 0;
	default: return -EINVAL;
	}
}

/* What follows from the rest, and what must not be. */
static int complete(struct options *o)
{
	if (o->seconds == 0 && (o->mode == MODE_ECHO || o->mode == MODE_CHURN))
		o->seconds = 3;
	if (o->mode == MODE_CHURN)
		o->conns = o->parallel;
	if (o->burst)
		o->bytes -= o->bytes % o->burst;
	if (!o->bytes)
		o->bytes = o->burst ? o->burst : 1;
	if (o->burst && o->mode != MODE_DOWN)
		return -EINVAL;
	return o->port && o->frame && o->message ? 0 : -EINVAL;
}

int options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.mode = MODE_ECHO,
		.host = "127.0.0.1",
		.path = "/websockify",
		.protocol = "binary",
		.conns = 1,
		.parallel = 32,
		.bytes = 64 << 20,
		.frame = 16384,
		.message = 64,
		.warm_s = 0.3,
		.limit_s = 60,
	};
	int r = 0, name;
	while (r == 0 && (name = getopt_long(argc, argv, "p:h:m:c:n:f:s:d:w:R:k:N:P:S:T:C:",
	                                     long_options, NULL)) != -1)
		r = name < LONG_RAW ? parse_short(o, name, optarg) : parse_long(o, name, optarg);
	if (r == 0 && optind == argc && complete(o) == 0)
		return 0;
	fputs(usage, stderr);
	return -EINVAL;
}
