/* What a connection asks the backend for, and the echoes. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

static int command(struct conn *c, char *line, size_t room)
{
	const struct options *o = &c->load->o;
	unsigned long long bytes = o->bytes;
	switch (o->mode) {
	case MODE_DOWN:
		c->rx_total = bytes;
		return snprintf(line, room, "down %llu %u %d %llu %llu %llu\n", bytes, c->rx_phase,
		                o->close_first, (unsigned long long)o->chunk,
		                (unsigned long long)o->burst, (unsigned long long)o->every_us);
	case MODE_UP:
		c->tx_total = bytes;
		return snprintf(line, room, "up %llu %u %d\n", bytes, c->tx_phase, o->close_first);
	case MODE_BOTH:
		c->tx_total = c->rx_total = bytes;
		return snprintf(line, room, "both %llu %u %u %d\n", bytes, c->rx_phase, c->tx_phase,
		                o->close_first);
	default: c->rx_phase = c->tx_phase; return snprintf(line, room, "echo\n");
	}
}

void session_start(struct conn *c)
{
	const struct options *o = &c->load->o;
	char line[160];
	c->tx_phase = (c->id * 7919u + 13u) % PATTERN_PRIME;
	c->rx_phase = (c->id * 104729u + 4001u) % PATTERN_PRIME;
	c->state = CONN_RUN;
	c->load->running++;
	if (o->burst && !(c->burst_ns = calloc(o->bytes / o->burst, sizeof *c->burst_ns)))
		abort();
	frame_put(c, OP_BINARY, line, (size_t)command(c, line, sizeof line));
	if (mode_echoes(o->mode) && !(o->mode == MODE_ECHO && o->rate > 0))
		session_echo(c, now_ns());
	else
		conn_flush(c);
}

static void times_grow(struct times *t)
{
	unsigned cap = t->cap ? t->cap * 2 : 4;
	uint64_t *ns = malloc(cap * sizeof *ns);
	if (!ns)
		abort();
	for (unsigned i = 0; i < t->n; i++)
		ns[i] = t->ns[(t->first + i) % t->cap];
	free(t->ns);
	*t = (struct times){.ns = ns, .n = t->n, .cap = cap};
}

void session_echo(struct conn *c, uint64_t meant_ns)
{
	struct times *t = &c->sent;
	if (t->n == t->cap)
		times_grow(t);
	t->ns[(t->first + t->n++) % t->cap] = meant_ns;
	frame_put_pattern(c, c->load->o.message);
	conn_flush(c);
}

/* Counted if it was meant to be sent within the window; with a fixed rate also if it came late. */
static void measure_echo(struct conn *c, uint64_t meant_ns)
{
	struct load *w = c->load;
	uint64_t now = now_ns(), begin = after_s(w->run_ns, w->o.warm_s);
	uint64_t end = after_s(begin, w->o.seconds);
	bool paced = w->o.rate > 0;
	if (meant_ns >= begin && (paced || now <= end))
		hist_add(&w->rtt, now - meant_ns);
	if (!paced && !w->stop && now < end)
		session_echo(c, now);
}

void session_echoed(struct conn *c)
{
	struct load *w = c->load;
	struct times *t = &c->sent;
	c->echoes++;
	if (!t->n)
		return;
	uint64_t meant_ns = t->ns[t->first];
	t->first = (t->first + 1) % t->cap;
	t->n--;
	if (w->o.mode == MODE_ECHO) {
		measure_echo(c, meant_ns);
		return;
	}
	conn_done(c);
	if (w->o.mode == MODE_CHURN) {
		hist_add(&w->ready_time, now_ns() - c->start_ns);
		conn_finish(c);
	}
}

void session_over(struct conn *c)
{
	conn_free(c);
	hist_add(&c->load->session_time, now_ns() - c->start_ns);
	c->load->sessions++;
}
