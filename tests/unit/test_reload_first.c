/* The first certificate comes when we are running already: a self.pem, and a SIGHUP. From then on it
 * is like any other: watched, and warned of.
 */
#include "reload_world.h"
#include "unit.h"

#include "app/reload.h"
#include "self_file.h"

#include <unistd.h>

enum { DAYS_LEFT = 10 };

struct world {
	struct reload_world r;
	char before[4096];
};

static void begin(struct world *w)
{
	reload_world_open(&w->r);
	assert_non_null(getcwd(w->before, sizeof w->before));
	assert_int_equal(chdir(w->r.dir), 0);
	reload_world_start(&w->r, "1 a:2");
	assert_null(w->r.site->tls);
	self_file_put_for("self.pem", DAYS_LEFT);
	assert_int_equal(timers_next(&w->r.f.timers), -1);
	reload_now(w->r.reload);
	fake_turn(&w->r.f);
	assert_int_equal(w->r.freshes, 1);
	assert_non_null(w->r.fresh->tls);
}

static void end(struct world *w)
{
	reload_free(w->r.reload);
	w->r.reload = NULL;
	assert_int_equal(timers_next(&w->r.f.timers), -1);
	unlink("self.pem");
	assert_int_equal(chdir(w->before), 0);
	reload_world_done(&w->r);
}

static void test_is_watched(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fake_sleep(&w.r.f, 10 * RELOAD_LOOK_MS);
	assert_int_equal(w.r.freshes, 1);
	self_file_put_for("self.pem", DAYS_LEFT);
	fake_sleep(&w.r.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.r.freshes, 2);
	assert_int_equal(unlink("self.pem"), 0);
	fake_sleep(&w.r.f, 3 * RELOAD_LOOK_MS);
	assert_int_equal(w.r.freshes, 2);
	assert_int_equal(reload_told(&w.r, "self.pem: is gone"), 1);
	self_file_put_for("self.pem", DAYS_LEFT);
	fake_sleep(&w.r.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.r.freshes, 3);
	end(&w);
}

/* Once a day, and by each reload, but no more often for that. */
static void test_is_warned_of(void **state)
{
	static const char soon[] = "a certificate expires soon";
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(reload_told(&w.r, soon), 1);
	for (unsigned i = 0; i < 5; i++) {
		reload_now(w.r.reload);
		fake_turn(&w.r.f);
	}
	assert_int_equal(reload_told(&w.r, soon), 6);
	w.r.f.job_error = -12; /* five looks a second for two days take their time */
	for (unsigned day = 1; day <= 2; day++) {
		fake_sleep(&w.r.f, RELOAD_DAY_MS);
		assert_int_equal(reload_told(&w.r, soon), 6 + day);
	}
	w.r.f.job_error = 0;
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_is_watched), UNIT(test_is_warned_of)};
	return cmocka_run_group_tests_name("reload_first", tests, NULL, NULL);
}
