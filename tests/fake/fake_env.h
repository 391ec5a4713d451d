/* fake_env: the outside world with a hand-turned clock. No socket, no thread, no real time.
 *
 *   fake_turn(f)       runs deferred calls and jobs until nothing is left to do
 *   fake_sleep(f, ms)  turns the clock, firing every deadline on the way, in order
 *
 * Dials are answered by the test: the last one is f->dialed, until fake_answer or undial.
 */
#ifndef FAKE_FAKE_ENV_H
#define FAKE_FAKE_ENV_H

#include "base/env.h"

enum { FAKE_JOBS = 64, FAKE_LOG = 65536 };

struct fake_env {
	struct env env; /* first */
	struct pool pool;
	struct deferq defer;
	struct timers timers;
	struct metrics metrics;
	struct limits limits;
	struct log log;
	struct dialed *dialed; /* waiting for an answer */
	unsigned dials, undials;
	int dial_error; /* what dial returns instead of waiting */
	int job_error;
	bool hold_jobs; /* jobs wait for fake_jobs */
	struct job *jobs[FAKE_JOBS];
	unsigned jobs_n;
	uint32_t random;      /* counter: "random" bytes are predictable */
	char lines[FAKE_LOG]; /* what was logged */
	size_t lines_len;
};

/* Limits: seconds everywhere, easy to tell apart (see fake_env.c). */
void fake_env_init(struct fake_env *f);
/* Asserts that nothing is left: no deferred call, no armed timer, no chunk, no job, no dial. */
void fake_env_done(struct fake_env *f);
void fake_turn(struct fake_env *f);
void fake_jobs(struct fake_env *f); /* runs the held jobs */
void fake_sleep(struct fake_env *f, uint64_t ms);
/* Answers the waiting dial. link NULL: failure with why. */
void fake_answer(struct fake_env *f, struct link *link, const struct why *why);
/* True when some log line contains text. */
bool fake_logged(const struct fake_env *f, const char *text);

#endif
