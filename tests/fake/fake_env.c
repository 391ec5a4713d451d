/* fake_env: see the header. */
#include "../unit/unit.h"

#include "fake_env.h"
#include "sure.h"

#include <errno.h>
#include <stdio.h>

static struct fake_env *fake_of(struct env *e)
{
	return (struct fake_env *)e;
}

static void fake_random(struct env *e, void *out, size_t n)
{
	uint8_t *p = out;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(fake_of(e)->random++ * 2654435761u >> 24);
}

static int fake_dial(struct env *e, const struct target *t, struct dialed *d)
{
	struct fake_env *f = fake_of(e);

	(void)t;
	if (f->dial_error)
		return f->dial_error;
	assert_null(f->dialed);
	f->dialed = d;
	f->dials++;
	return 0;
}

static void fake_undial(struct env *e, struct dialed *d)
{
	struct fake_env *f = fake_of(e);

	assert_ptr_equal(f->dialed, d);
	f->dialed = NULL;
	f->undials++;
}

static int fake_job(struct env *e, struct job *j)
{
	struct fake_env *f = fake_of(e);

	if (f->job_error)
		return f->job_error;
	assert_true(f->jobs_n < FAKE_JOBS);
	f->jobs[f->jobs_n++] = j;
	return 0;
}

static void fake_sink(void *self, enum log_level level, struct span line)
{
	struct fake_env *f = self;

	(void)level;
	if (f->lines_len + line.len >= sizeof f->lines)
		f->lines_len = 0;
	memcpy(f->lines + f->lines_len, line.at, line.len);
	f->lines_len += line.len;
	f->lines[f->lines_len] = 0;
}

void fake_env_init(struct fake_env *f)
{
	memset(f, 0, sizeof *f);
	pool_init(&f->pool, 8);
	deferq_init(&f->defer);
	timers_init(&f->timers, 1000);
	f->limits = (struct limits){.first_byte_ms = 10000,
	                            .tls_ms = 13000,
	                            .head_ms = 11000,
	                            .keepalive_ms = 30000,
	                            .dial_ms = 12000,
	                            .stall_ms = 60000,
	                            .close_ms = 3000,
	                            .drain_ms = 9000};
	f->log = (struct log){.level = LOG_DEBUG, .plain_time = true, .sink = fake_sink, .self = f};
	f->env = (struct env){.pool = &f->pool,
	                      .defer = &f->defer,
	                      .limits = &f->limits,
	                      .timers = &f->timers,
	                      .metrics = &f->metrics,
	                      .log = &f->log,
	                      .plain = sure_resize(NULL, ENV_PLAIN),
	                      .sealed = sure_resize(NULL, ENV_SEALED),
	                      .random = fake_random,
	                      .dial = fake_dial,
	                      .undial = fake_undial,
	                      .job = fake_job,
	                      .self = f};
}

void fake_env_done(struct fake_env *f)
{
	fake_turn(f);
	assert_true(list_empty(&f->defer.calls));
	assert_true(list_empty(&f->defer.costly));
	assert_int_equal(timers_next(&f->timers), -1);
	assert_int_equal(f->pool.taken, 0);
	assert_int_equal(f->jobs_n, 0);
	assert_null(f->dialed);
	pool_done(&f->pool);
	free(f->env.plain);
	free(f->env.sealed);
}

void fake_jobs(struct fake_env *f)
{
	while (f->jobs_n > 0) {
		struct job *j = f->jobs[0];

		f->jobs_n--;
		memmove(f->jobs, f->jobs + 1, f->jobs_n * sizeof f->jobs[0]);
		j->work(j);
		j->done(j);
		deferq_run(&f->defer);
	}
}

void fake_turn(struct fake_env *f)
{
	bool costly;

	do {
		deferq_run(&f->defer);
		costly = deferq_run_costly(&f->defer);
		if (!f->hold_jobs)
			fake_jobs(f);
	} while (costly || !list_empty(&f->defer.calls) || (f->jobs_n > 0 && !f->hold_jobs));
}

void fake_sleep(struct fake_env *f, uint64_t ms)
{
	uint64_t until = f->timers.now + ms;

	for (;;) {
		fake_turn(f);
		int64_t next = timers_next(&f->timers);
		if (next < 0 || f->timers.now + (uint64_t)next > until)
			break;
		timers_run(&f->timers, f->timers.now + (uint64_t)next);
	}
	timers_run(&f->timers, until);
	fake_turn(f);
}

void fake_answer(struct fake_env *f, struct link *link, const struct why *why)
{
	struct dialed *d = f->dialed;

	assert_non_null(d);
	f->dialed = NULL;
	d->fn(d->owner, link, why);
	fake_turn(f);
}

bool fake_logged(const struct fake_env *f, const char *text)
{
	return f->lines_len > 0 && strstr(f->lines, text) != NULL;
}
