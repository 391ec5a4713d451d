/* real_loop: a real loop for tests of src/io, turned step by step from the test.
 *
 * A step ends after a millisecond at the latest. Nothing is measured: a test waits with real_until
 * until something has happened, REAL_TURNS steps at most, and then has failed.
 */
#ifndef FAKE_REAL_LOOP_H
#define FAKE_REAL_LOOP_H

#include "io/loop.h"

enum { REAL_TURNS = 20000 };

struct real_loop {
	struct loop *loop;
	struct env *env;
	struct limits limits;
	struct timer tick;
};

/* Limits: a minute everywhere, the dial 10 s. log may be NULL. */
void real_open(struct real_loop *w, struct log *log);
/* Asserts that every handle is closed, every deadline off and every chunk back. */
void real_close(struct real_loop *w);
void real_turn(struct real_loop *w);
/* Turns until cond holds; says which did not. */
#define real_until(w, cond)                                                                        \
	do {                                                                                       \
		unsigned turns_ = 0;                                                               \
		while (!(cond)) {                                                                  \
			if (turns_++ == REAL_TURNS)                                                \
				real_never(__FILE__, __LINE__, #cond);                             \
			real_turn(w);                                                              \
		}                                                                                  \
	} while (0)
void real_never(const char *file, int line, const char *what) __attribute__((noreturn));

#endif
