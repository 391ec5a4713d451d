/* Bulk input in larger pieces; tcp_priv.h says how the parts go together.
 *
 *   JUDGED bytes   fast, yet in small pieces ─► poll is silent below BULK_LOW bytes
 *                  slow ─► poll tells of every byte again
 *   BULK_WAIT      without a read: the same, and poll tells at once of what is there
 *
 * A client that encrypts sends one TLS record at a time, and we are faster than that: each would wake
 * the worker, which costs more than decrypting it. The kernel collects them instead (SO_RCVLOWAT,
 * socket(7)), as a network card moderates its interrupts: an upload over TLS costs 40 % less. An end,
 * an error and a full receive buffer wake us as ever. Only the last bytes before a pause wait, and a
 * peer that pauses is left alone for a while: one that sends a piece and waits for the answer would
 * be slowed down each time.
 */
#include "tcp_priv.h"

#include <stdlib.h>

enum {
	BULK_LOW = 393216,    /* bytes: two reads take them, and what has come by then */
	BULK_WAIT = 2,        /* ms; BULK_LOW takes 1.5 at 256 MB/s */
	JUDGED = 524288,      /* bytes */
	JUDGED_MS = 1,        /* for so many, by a clock of whole milliseconds: 256 MB/s or more */
	LEFT_ALONE = 8388608, /* bytes after a pause */
};

static void bulk_end(struct tcp_link *t)
{
	tcp_bulk_free(t);
	sock_low(tcp_fd(t), 1);
}

static void on_lull(void *owner)
{
	struct tcp_link *t = owner;
	bulk_end(t);
	t->heard = -LEFT_ALONE;
}

/* Without memory everything stays as it is. */
static void bulk_begin(struct tcp_link *t)
{
	t->lull = malloc(sizeof *t->lull);
	if (!t->lull)
		return;
	timer_init(t->lull, on_lull, t);
	sock_low(tcp_fd(t), BULK_LOW);
}

void tcp_bulk_free(struct tcp_link *t)
{
	if (t->lull)
		timer_stop(t->lull);
	free(t->lull);
	t->lull = NULL;
}

/* small: the piece that made it JUDGED bytes was less than we had room for. */
static void judge(struct tcp_link *t, bool small)
{
	uint32_t now = (uint32_t)tcp_loop(t)->timers.now;
	bool fast = now - t->heard_since <= JUDGED_MS;
	t->heard = 0;
	t->heard_since = now;
	if (t->lull && !fast)
		bulk_end(t);
	else if (!t->lull && fast && small)
		bulk_begin(t);
}

void tcp_bulk_heard(struct tcp_link *t, size_t n)
{
	if (t->is_unix) /* poll knows no such mark there */
		return;
	t->heard += (int32_t)n;
	if (t->heard >= JUDGED)
		judge(t, n < t->room);
	if (t->lull)
		timer_arm(&tcp_loop(t)->timers, t->lull, TIMER_BULK, BULK_WAIT);
}
