/* What the backend says, byte for byte: the greeting, the stream, the line behind it. */
#include "load.h"

#include <stdlib.h>

struct bytes {
	const uint8_t *at;
	size_t n;
};

static void skip(struct bytes *b, size_t n)
{
	b->at += n;
	b->n -= n;
}

static void take_greeting(struct conn *c, struct bytes *b)
{
	static const char greeting[] = "RFB 003.008\n";
	size_t k = sizeof greeting - 1 - c->greet_n;
	if (k > b->n)
		k = b->n;
	if (memcmp(b->at, greeting + c->greet_n, k) != 0) {
		fault_end(c, "not the greeting", c->greet_n);
		return;
	}
	skip(b, k);
	c->greet_n += (unsigned)k;
	if (c->greet_n < sizeof greeting - 1)
		return;
	c->state = CONN_READY;
	if (c->load->o.mode == MODE_CHURN)
		session_start(c);
}

/* Bursts that are complete now. */
static void note_bursts(struct conn *c)
{
	uint64_t now = now_ns();
	while (c->rx_off >= (c->bursts + 1) * c->load->o.burst)
		c->burst_ns[c->bursts++] = now;
}

/* How far the stream goes: an echo brings back what was sent. */
static uint64_t stream_end(const struct conn *c)
{
	return mode_echoes(c->load->o.mode) ? c->tx_off : c->rx_total;
}

static void take_stream(struct conn *c, struct bytes *b)
{
	struct load *w = c->load;
	uint64_t room = stream_end(c) - c->rx_off;
	size_t k = b->n < room ? b->n : (size_t)room;
	int64_t wrong = pattern_check(&w->pattern, c->rx_phase, c->rx_off, b->at, k);
	if (wrong >= 0) {
		fault_end(c, "payload differs", c->rx_off + (uint64_t)wrong);
		return;
	}
	c->rx_off += k;
	w->rx_payload += k;
	skip(b, k);
	if (mode_echoes(w->o.mode)) {
		while (c->state == CONN_RUN && c->rx_off >= (c->echoes + 1) * w->o.message)
			session_echoed(c);
		return;
	}
	if (c->burst_ns)
		note_bursts(c);
	if (w->o.mode == MODE_DOWN && c->rx_off == c->rx_total && !w->o.burst)
		conn_done(c);
}

/* The number in the line "WORD NUMBER". */
static bool number_behind(const char *line, const char *word, uint64_t *ret)
{
	size_t n = strlen(word);
	char *end;
	if (strncmp(line, word, n) != 0 || line[n] != ' ' || line[n + 1] < '0' || line[n + 1] > '9')
		return false;
	*ret = strtoull(line + n + 1, &end, 10);
	return *end == 0;
}

/* Bursts: how long after it was due each was complete. */
static bool take_burst_line(struct conn *c)
{
	uint64_t first;
	if (!number_behind(c->ack, "T", &first))
		return false;
	for (uint64_t i = 0; i < c->bursts; i++) {
		uint64_t due = first + i * c->load->o.every_us * 1000;
		hist_add(&c->load->burst_time, c->burst_ns[i] > due ? c->burst_ns[i] - due : 0);
	}
	return true;
}

/* Up: the backend got all of it, and all of it was right. */
static bool take_ok_line(struct conn *c)
{
	uint64_t n;
	return number_behind(c->ack, "OK", &n) && n == c->tx_total && c->tx_off == c->tx_total;
}

static void take_line(struct conn *c, struct bytes *b)
{
	while (b->n && c->ack_n < sizeof c->ack - 1) {
		char ch = (char)*b->at;
		skip(b, 1);
		if (ch != '\n') {
			c->ack[c->ack_n++] = ch;
			continue;
		}
		c->ack[c->ack_n] = 0;
		if (!(c->load->o.mode == MODE_DOWN ? take_burst_line(c) : take_ok_line(c)))
			fault_end(c, c->ack, c->tx_off);
		else if (b->n)
			fault_end(c, "bytes behind the last line", c->rx_off);
		else
			conn_done(c);
		return;
	}
	if (b->n)
		fault_end(c, "no end of the last line", c->rx_off);
}

static bool line_expected(const struct conn *c)
{
	enum mode m = c->load->o.mode;
	return !c->done && (m == MODE_UP || m == MODE_BOTH || (m == MODE_DOWN && c->load->o.burst));
}

void payload_take(struct conn *c, const uint8_t *at, size_t n)
{
	struct bytes b = {at, n};
	while (b.n > 0 && c->state < CONN_CLOSING) {
		if (c->state == CONN_GREET)
			take_greeting(c, &b);
		else if (c->state != CONN_RUN)
			fault_end(c, "bytes before any command", 0);
		else if (c->rx_off < stream_end(c))
			take_stream(c, &b);
		else if (line_expected(c))
			take_line(c, &b);
		else
			fault_end(c, "more bytes than were sent", c->rx_off);
	}
}
