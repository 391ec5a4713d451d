/* wrap_stage: a wrapper on its stage: a command that forks nothing, a clock turned by hand, a /proc of
 * the test's.
 *
 *   stage_start ─► a command runs ─► stage_ready, stage_ends, wrapper_stop, fake_sleep … ─► stage_close
 *
 * Jobs run in the test's own thread, at the next turn.
 */
#ifndef UNIT_WRAP_STAGE_H
#define UNIT_WRAP_STAGE_H

#include "wrap/wrapper.h"
#include "fake_child.h"
#include "fake_env.h"

enum { STAGE_PORT = 4000, STAGE_OLD_PORT = 5901, STAGE_READY_MS = 30000, STAGE_STOP_MS = 5000 };
#define STAGE_KEY "0123456789abcdef"

struct stage {
	struct fake_env f;
	struct fake_child child;
	struct gate gate;
	struct wrapper_setup setup;
	struct wrapper w;
	unsigned ended, stopped; /* how often the owner was told */
	int code;                /* of ended */
	bool inside;             /* a call, in which ended must not come */
};

/* What /proc shows, what it was last asked, and how often. */
struct stage_proc {
	struct look shown, asked;
	unsigned looks;
};
extern struct stage_proc stage_proc;

/* Nothing runs yet, /proc is empty. */
void stage_open(struct stage *s, enum wrap_mode mode, enum wrap_kind kind);
/* The same, and the command is started. */
void stage_start(struct stage *s, enum wrap_mode mode, enum wrap_kind kind);
void stage_close(struct stage *s);

/* One more who holds the port. */
void stage_show(int pid, const char *name, const char *at, bool outside);
/* A letter from the command. */
void stage_tell(struct stage *s, const char *letter);
/* The letter that opens the gate. */
void stage_ready(struct stage *s);
void stage_ends(struct stage *s, int status);
/* It ends so often that the next start has to wait. */
void stage_pause(struct stage *s);
/* How often the log says that. */
unsigned stage_logged(struct stage *s, const char *text);

#endif
