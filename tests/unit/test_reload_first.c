/* The first certificate comes when we are running already: a self.pem, and a SIGHUP. From then on it
 * is like any other: watched, and warned of.
 */
#include "options_line.h"
#include "unit.h"

#include "app/reload.h"
#include "fake_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600, DAYS_LEFT = 10 };

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

static void put_self(void)
{
	static const char *const names[] = {"unit.example"};
	struct self_signed *s = calloc(1, sizeof *s);
	char err[TLS_ERROR];
	int64_t made = time(NULL) - SELF_SIGNED_S + (DAYS_LEFT + 1) * DAY_S;

	assert_int_equal(self_signed_make(s, names, 1, made, err), 0);
	FILE *f = fopen("new.pem", "w");
	assert_non_null(f);
	fprintf(f, "%s%s", s->cert, s->key);
	fclose(f);
	assert_int_equal(rename("new.pem", "self.pem"), 0);
	self_signed_wipe(s);
	free(s);
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
	put_self();
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
	put_self();
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 2);
	assert_int_equal(unlink("self.pem"), 0);
	fake_sleep(&w.f, 3 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 2);
	assert_int_equal(told(&w, "self.pem: is gone"), 1);
	put_self();
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
