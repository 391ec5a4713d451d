/* The first certificate comes when we are running already: a self.pem, and a SIGHUP. From then on it
 * is like any other: watched, and warned of.
 */
#include "options_line.h"
#include "unit.h"

#include "app/reload.h"
#include "fake_env.h"
#include "self_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DAYS_LEFT = 10 };

struct world {
	struct fake_env f;
	struct options o;
	struct options_line line;
	char dir[64], before[4096];
	struct tls_kept kept;
	struct site *site, *fresh;
	unsigned freshes;
	struct reload *reload;
};

static void on_fresh(void *owner, struct site *site)
{
	struct world *w = owner;

	site_unref(w->fresh);
	w->fresh = site;
	w->freshes++;
}

static void begin(struct world *w)
{
	char err[SITE_ERROR], text[] = "1 a:2";

	memset(w, 0, sizeof *w);
	fake_env_init(&w->f);
	snprintf(w->dir, sizeof w->dir, "/tmp/websplice-reload-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(getcwd(w->before, sizeof w->before));
	assert_int_equal(chdir(w->dir), 0);
	assert_int_equal(options_line_parse(&w->o, &w->line, text, err), 0);
	assert_int_equal(site_build(&w->site, &w->o, &w->kept, err), 0);
	assert_null(w->site->tls);
	struct reload_host host = {.owner = w, .fresh = on_fresh};
	assert_int_equal(reload_new(&w->reload, &w->f.env, &w->o, &w->kept, w->site, &host), 0);
	self_file_put_for("self.pem", DAYS_LEFT);
	assert_int_equal(timers_next(&w->f.timers), -1);
	reload_now(w->reload);
	fake_turn(&w->f);
	assert_int_equal(w->freshes, 1);
	assert_non_null(w->fresh->tls);
}

static void end(struct world *w)
{
	reload_free(w->reload);
	assert_int_equal(timers_next(&w->f.timers), -1);
	fake_turn(&w->f);
	fake_env_done(&w->f);
	site_unref(w->site);
	site_unref(w->fresh);
	unlink("self.pem");
	assert_int_equal(chdir(w->before), 0);
	assert_int_equal(rmdir(w->dir), 0);
}

static unsigned told(const struct world *w, const char *text)
{
	unsigned n = 0;

	for (const char *at = w->f.lines; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static void test_is_watched(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fake_sleep(&w.f, 10 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	self_file_put_for("self.pem", DAYS_LEFT);
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 2);
	assert_int_equal(unlink("self.pem"), 0);
	fake_sleep(&w.f, 3 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 2);
	assert_int_equal(told(&w, "self.pem: is gone"), 1);
	self_file_put_for("self.pem", DAYS_LEFT);
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 3);
	end(&w);
}

/* Once a day, and by each reload, but no more often for that. */
static void test_is_warned_of(void **state)
{
	static const char soon[] = "a certificate expires soon";
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(told(&w, soon), 1);
	for (unsigned i = 0; i < 5; i++) {
		reload_now(w.reload);
		fake_turn(&w.f);
	}
	assert_int_equal(told(&w, soon), 6);
	w.f.job_error = -12; /* five looks a second for two days take their time */
	for (unsigned day = 1; day <= 2; day++) {
		fake_sleep(&w.f, RELOAD_DAY_MS);
		assert_int_equal(told(&w, soon), 6 + day);
	}
	w.f.job_error = 0;
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_is_watched), UNIT(test_is_warned_of)};
	return cmocka_run_group_tests_name("reload_first", tests, NULL, NULL);
}
