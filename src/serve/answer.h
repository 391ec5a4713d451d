/* answer: the reply head for what was found. Pure: no I/O, no clock. */
#ifndef SERVE_ANSWER_PRIV_H
#define SERVE_ANSWER_PRIV_H

#include "base/str.h"
#include "found.h"

enum { ANSWER_HEAD = 2048 };

struct answer {
	unsigned status;
	const char *error;  /* what the body says, when it is an error */
	uint64_t from, len; /* the bytes of found->fd that follow the head */
};

/* Bytes that head must have room for, when path and query have so many together. */
size_t answer_room(size_t target_len);
/* Writes the head, of an error or a redirection the whole answer. now: UNIX seconds. */
void answer_make(struct answer *ret, struct str *head, const struct ask *ask,
                 const struct found *found, int64_t now);
/* The head of a listing of len bytes, which follow unless only the head is asked for. */
void answer_listing(struct answer *ret, struct str *head, const struct ask *ask, uint64_t len,
                    int64_t now);

#endif
