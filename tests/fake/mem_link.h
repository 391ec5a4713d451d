/* mem_link: a link whose far end is the test.
 *
 *   owner ─ send ─► queued ─ mem_take ─► m->heard          (what the far end has received)
 *   owner ◄─ bytes ─ mem_pump ─ m->said ◄─ mem_say         (what the far end wants to say)
 *
 * The far end takes `window` bytes at once, then only what mem_take lets through, so a test plays
 * a slow reader to the byte. Delivered spans have their headroom and themselves scribbled over
 * before and after, and end at the end of their allocation, so that a receiver that keeps a span
 * or reads past it is caught. The link keeps the contract of base/link.h and checks the owner's
 * part of it: no send after finish, nothing after close.
 */
#ifndef FAKE_MEM_LINK_H
#define FAKE_MEM_LINK_H

#include "fake_env.h"

enum { MEM_PIECES = 3000 };

struct mem_end; /* survives the link, so that a test can look at what was left */

struct mem_end {
	struct link *link; /* NULL after closed */
	struct env *env;
	/* All the owner ever sent: heard_len bytes that the far end has received, then pending_len that
	 * it has not taken yet. */
	uint8_t *heard;
	size_t heard_len, pending_len, heard_cap;
	uint8_t *said; /* said and not read by the owner: said_len from said_at on */
	size_t said_at, said_len, said_cap;
	size_t window; /* taken at once from here on; SIZE_MAX: everything */
	size_t cut;    /* deliver at most so many bytes an event; 0: as many as allowed.
	                      The first MEM_PIECES times: a megabyte in single bytes says no more */
	unsigned pieces;
	size_t queued_max; /* the most that was ever pending */
	unsigned sends;    /* calls of send */
	size_t fail_after; /* sends fail once so many bytes went out; SIZE_MAX: never */
	size_t room;       /* the owner reads so much at a time; 0: it does not */
	bool says_eof;     /* the far end ends its direction after said */
	bool eof_told, got_finish, got_close, got_reset, lost_told;
	unsigned closed_told;
};

struct mem_end *mem_open(struct env *env);
void mem_free(struct mem_end *m); /* the link must be closed by then */

void mem_say(struct mem_end *m, struct span s);
void mem_say_eof(struct mem_end *m);
/* Delivers what the owner is willing to read. True when anything happened. */
bool mem_pump(struct mem_end *m);
/* The far end takes up to n of what is pending, and tells drained as the contract says. */
void mem_take(struct mem_end *m, size_t n);
/* The far end resets the connection. */
void mem_reset(struct mem_end *m, const char *text);

static inline struct span mem_heard(const struct mem_end *m)
{
	return span_of(m->heard, m->heard_len);
}

#endif
