/* libs: -lssl -lcrypto */
/* wsload: makes load for a WebSocket-to-TCP proxy, with wsbackend behind it.
 *
 *   wsload ── WebSocket (or TLS, or plain TCP with --raw) ──► proxy ── TCP ──► wsbackend
 *
 * Its own RFC 6455 client. All traffic is a pattern that depends on the position: a byte that is
 * flipped, lost, repeated or out of order is an error. On standard output come the lines "@begin NS"
 * and "@end NS" around the measured window ("@hold NS N" in idle), so that whoever started it can
 * look at the proxy at just that moment, and then one line of JSON. The exit code is 0 if there
 * was no error at all, 1 if there was one, 2 for bad usage.
 */
#include "load.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

enum { ALARM_SPARE_S = 20 };

static struct load *load_new(void)
{
	struct load *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->random = 0x9E3779B97F4A7C15u ^ (uint64_t)getpid() << 32 ^ now_ns();
	pattern_init(&w->pattern);
	return w;
}

static int make_conns(struct load *w)
{
	w->conns = calloc(w->o.conns, sizeof *w->conns);
	if (!w->conns)
		abort();
	for (unsigned i = 0; i < w->o.conns; i++) {
		w->conns[i].load = w;
		w->conns[i].id = i;
		w->conns[i].fd = -1;
	}
	return w->o.tls ? tls_setup(w) : 0;
}

static void load_free(struct load *w)
{
	for (unsigned i = 0; w->conns && i < w->o.conns; i++) {
		struct conn *c = &w->conns[i];
		SSL_SESSION_free(c->ticket);
		free(c->out);
		free(c->sent.ns);
		free(c->burst_ns);
	}
	free(w->conns);
	SSL_CTX_free(w->tls);
	close(w->epoll);
	free(w);
}

int main(int argc, char **argv)
{
	struct load *w = load_new();
	int code = 2;
	if (options_parse(&w->o, argc, argv) == 0 && make_conns(w) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		prctl(PR_SET_TIMERSLACK, 1);
		alarm((unsigned)w->o.limit_s + ALARM_SPARE_S);
		run_load(w);
		report_print(w);
		code = w->errors != 0;
	}
	load_free(w);
	return code;
}
