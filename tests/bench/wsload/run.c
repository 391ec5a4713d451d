/* A run: connect, the measured window, an orderly end. Down, up and both are measured here; the
 * other modes have a file each.
 */
#include "load.h"

#include <stdio.h>

enum { ERRORS_MAX = 50, SYNC_S = 10, CLOSE_S = 2 };

void run_mark(const char *name)
{
	printf("@%s %llu\n", name, (unsigned long long)now_ns());
	fflush(stdout);
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void run_window_begins(struct load *w)
{
	run_mark("begin");
	w->cpu_begin_s = cpu_s();
}

void run_window_ends(struct load *w, uint64_t since_ns)
{
	w->window_s = (double)(now_ns() - since_ns) / 1e9;
	w->cpu_s = cpu_s() - w->cpu_begin_s;
	run_mark("end");
}

static unsigned connecting(const struct load *w, unsigned opened)
{
	unsigned n = 0;
	for (unsigned i = 0; i < opened; i++)
		n += w->conns[i].state < CONN_READY;
	return n;
}

/* Everybody up to the stream, o.parallel at a time. */
static void connect_all(struct load *w)
{
	uint64_t since = now_ns();
	unsigned opened = 0, busy = 0;
	while ((opened < w->o.conns || busy) && w->errors <= ERRORS_MAX) {
		for (; opened < w->o.conns && busy < w->o.parallel; busy++)
			conn_open(&w->conns[opened++]);
		poll_once(w, 100 * MS_NS);
		busy = connecting(w, opened);
		if (now_ns() > run_limit(w)) {
			w->timed_out = true;
			break;
		}
	}
	w->setup_s = (double)(now_ns() - since) / 1e9;
}

static void tell_unfinished(struct load *w)
{
	for (unsigned i = 0; i < w->o.conns; i++) {
		struct conn *c = &w->conns[i];
		if (c->state == CONN_RUN && !c->done)
			fault_add(w, c, "time limit: rx %llu of %llu, tx %llu of %llu",
			          (unsigned long long)c->rx_off, (unsigned long long)c->rx_total,
			          (unsigned long long)c->tx_off, (unsigned long long)c->tx_total);
	}
}

/* Down with -d: whoever is not complete by then is, as far as it got. */
static bool stopped_in_time(struct load *w)
{
	if (w->o.seconds == 0 || now_ns() < after_s(w->run_ns, w->o.seconds))
		return false;
	for (unsigned i = 0; i < w->o.conns; i++)
		conn_done(&w->conns[i]);
	return true;
}

static void run_streams(struct load *w)
{
	run_window_begins(w);
	if (w->o.sync)
		poll_until_line(w, SYNC_S);
	w->run_ns = w->data_end_ns = now_ns();
	for (unsigned i = 0; i < w->o.conns; i++)
		if (w->conns[i].state == CONN_READY)
			session_start(&w->conns[i]);
	while (w->running > 0 && !stopped_in_time(w)) {
		if (now_ns() > run_limit(w)) {
			w->timed_out = true;
			tell_unfinished(w);
			break;
		}
		poll_once(w, 100 * MS_NS);
	}
	run_window_ends(w, w->run_ns);
	w->window_s = (double)(w->data_end_ns - w->run_ns) / 1e9;
}

/* Close or FIN to everybody, and theirs within CLOSE_S. */
static void close_all(struct load *w)
{
	uint64_t end = after_s(now_ns(), CLOSE_S);
	unsigned open;
	for (unsigned i = 0; i < w->o.conns; i++)
		if (w->conns[i].state != CONN_NONE)
			conn_finish(&w->conns[i]);
	do {
		open = 0;
		for (unsigned i = 0; i < w->o.conns; i++)
			open += w->conns[i].state == CONN_CLOSING;
		if (open)
			poll_once(w, 10 * MS_NS);
	} while (open && now_ns() < end);
	w->no_eof += open;
}

static void run_steady(struct load *w)
{
	connect_all(w);
	switch (w->o.mode) {
	case MODE_ECHO: run_echo(w); break;
	case MODE_IDLE: run_idle(w); break;
	default: run_streams(w); break;
	}
	if (w->o.sync && w->o.mode != MODE_IDLE)
		poll_until_line(w, SYNC_S);
	close_all(w);
}

void run_load(struct load *w)
{
	w->begin_ns = now_ns();
	if (w->o.mode == MODE_CHURN)
		run_churn(w);
	else
		run_steady(w);
	if (w->o.sync && w->o.mode == MODE_CHURN)
		poll_until_line(w, SYNC_S);
	for (unsigned i = 0; i < w->o.conns; i++)
		conn_free(&w->conns[i]);
	if (w->timed_out && !w->errors)
		fault_add(w, NULL, "time limit");
}
