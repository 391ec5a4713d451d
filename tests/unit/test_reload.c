/* reload on a clock turned by hand: what is looked at and when, what is told, who gets the site. */
/* ldflags: -Wl,--wrap=clock_gettime */
#include "reload_world.h"
#include "unit.h"

#include "../../src/app/log_path.h"
#include "app/reload.h"
#include "self_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600 };

/* So far the date is ahead of the real one. */
static int64_t ahead_s;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = __real_clock_gettime(id, ts);
	if (r == 0 && id == CLOCK_REALTIME)
		ts->tv_sec += ahead_s;
	return r;
}

static void spoil(struct reload_world *w, const char *text)
{
	FILE *f = fopen(w->cert, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void begin(struct reload_world *w, const char *words, int days_left)
{
	reload_world_open(w);
	self_file_put_for(w->cert, days_left);
	reload_world_start(w, words);
	assert_null(w->kept.self);
}

static void test_change(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 100);
	assert_int_equal(reload_told(&w, "certificate for=clients"), 1);
	fake_sleep(&w.f, 10 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 0);
	self_file_put_for(w.cert, 100);
	fake_sleep(&w.f, RELOAD_LOOK_MS); /* seen */
	assert_int_equal(w.freshes, 0);
	fake_sleep(&w.f, RELOAD_LOOK_MS); /* at rest */
	assert_int_equal(w.freshes, 1);
	assert_non_null(w.fresh->tls);
	assert_true(w.fresh->tls != w.site->tls);
	assert_int_equal(reload_told(&w, "reloaded"), 1);
	assert_int_equal(reload_told(&w, "certificate for=clients"), 2);
	fake_sleep(&w.f, 10 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

/* While a file changes at every look it is left alone. */
static void test_at_rest(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 100);
	for (int i = 0; i < 8; i++) {
		self_file_put_for(w.cert, 100);
		fake_sleep(&w.f, RELOAD_LOOK_MS);
	}
	assert_int_equal(w.freshes, 0);
	fake_sleep(&w.f, RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

/* Nothing in it has changed, but who may read it: that may be what was the matter. */
static void test_permissions(void **state)
{
	(void)state;
	struct reload_world w;
	struct stat before, now;
	begin(&w, "--cert=%s 1 a:2", 100);
	assert_int_equal(stat(w.cert, &before), 0);
	do { /* until the clock of the file system has gone on */
		assert_int_equal(chmod(w.cert, 0640), 0);
		assert_int_equal(stat(w.cert, &now), 0);
	} while (memcmp(&before.st_ctim, &now.st_ctim, sizeof now.st_ctim) == 0);
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

static void test_broken(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 100);
	spoil(&w, "nonsense");
	fake_sleep(&w.f, 20 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 0);
	assert_int_equal(reload_told(&w, "reload failed, the old settings stay"), 1);
	assert_int_equal(reload_told(&w, "cert.pem"), 2); /* at the start, and now */
	unlink(w.cert);
	fake_sleep(&w.f, 20 * RELOAD_LOOK_MS);
	assert_int_equal(reload_told(&w, "reload failed, the old settings stay"), 2);
	self_file_put_for(w.cert, 100);
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

static void test_by_hand(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 100);
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(w.freshes, 1);
	/* again while it is under way: once more afterwards, however often it is asked for */
	w.f.hold_jobs = true;
	reload_now(w.reload);
	reload_now(w.reload);
	reload_now(w.reload);
	assert_int_equal(w.f.jobs_n, 1);
	fake_jobs(&w.f);
	assert_int_equal(w.freshes, 3);
	assert_int_equal(w.f.jobs_n, 0);
	w.f.hold_jobs = false;
	/* no thread to be had */
	w.f.job_error = -12;
	reload_now(w.reload);
	assert_int_equal(reload_told(&w, "reload failed, the old settings stay"), 1);
	w.f.job_error = 0;
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(w.freshes, 4);
	reload_world_done(&w);
}

/* Without TLS nothing is watched, and there is nothing to wake up for. */
static void test_no_tls(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "1 a:2", 100);
	assert_int_equal(timers_next(&w.f.timers), -1);
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

/* The log file is opened anew by hand, and not whenever somebody looks at the certificates. */
static void test_log_file(void **state)
{
	(void)state;
	struct reload_world w;
	struct stat before, now;
	char words[288], old[128], path[128];
	begin(&w, "--cert=%s 1 a:2", 100);
	reload_free(w.reload);
	snprintf(path, sizeof path, "%s/log", w.dir);
	snprintf(old, sizeof old, "%s/log.1", w.dir);
	snprintf(words, sizeof words, "--log-file=%s --cert=%s 1 a:2", path, w.cert);
	char err[SITE_ERROR];
	assert_int_equal(options_line_parse(&w.o, &w.line, words, err), 0);
	int fd = log_path_open(path);
	struct reload_host host = reload_world_host(&w);
	host.log_fd = fd;
	assert_int_equal(reload_new(&w.reload, &w.f.env, &w.o, &w.kept, w.site, &host), 0);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(rename(path, old), 0);
	fake_sleep(&w.f, 3 * RELOAD_LOOK_MS);
	assert_int_equal(access(path, F_OK), -1);
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(fstat(fd, &now), 0);
	assert_true(now.st_ino != before.st_ino);
	assert_int_equal(reload_told(&w, "not opened anew"), 0);
	/* a folder has its name: that is told, once for each time, and the last one stays */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(reload_told(&w, "log file not opened anew, the old one goes on"), 1);
	fake_sleep(&w.f, 3 * RELOAD_LOOK_MS);
	assert_int_equal(reload_told(&w, "not opened anew"), 1);
	close(fd);
	unlink(old);
	rmdir(path);
	reload_world_done(&w);
}

/* The end comes while a build is under way: its site goes nowhere and is freed. */
static void test_end_meanwhile(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 100);
	w.f.hold_jobs = true;
	reload_now(w.reload);
	reload_free(w.reload);
	w.reload = NULL;
	fake_jobs(&w.f);
	assert_int_equal(w.freshes, 0);
	reload_world_done(&w);
}

/* The certificate that the backend is shown is one of ours, too. */
static void test_towards_backend(void **state)
{
	(void)state;
	struct reload_world w;
	begin(&w, "--ssl-target --ssl-target-insecure --ssl-target-cert=%s 1 a:2", 10);
	assert_int_equal(reload_told(&w, "certificate for=backend"), 1);
	assert_int_equal(reload_told(&w, "until=20"), 1); /* a date */
	assert_int_equal(reload_told(&w, "a certificate expires soon"), 1);
	assert_int_equal(reload_told(&w, "date=20"), 1);
	self_file_put_for(w.cert, 10);
	fake_sleep(&w.f, 2 * RELOAD_LOOK_MS);
	assert_int_equal(w.freshes, 1);
	reload_world_done(&w);
}

static void test_daily_warning(void **state)
{
	(void)state;
	static const struct {
		int days_left;
		const char *says;
	} rows[] = {{10, "a certificate expires soon"}, {-10, "a certificate has expired"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reload_world w;
		begin(&w, "--cert=%s 1 a:2", rows[i].days_left);
		assert_int_equal(reload_told(&w, rows[i].says), 1);
		for (unsigned day = 1; day <= 3; day++) {
			/* all at once: five looks a second for three days take their time */
			w.f.job_error = -12;
			fake_sleep(&w.f, RELOAD_DAY_MS);
			w.f.job_error = 0;
			assert_int_equal(reload_told(&w, rows[i].says), 1 + day);
		}
		reload_world_done(&w);
	}
	struct reload_world w;
	begin(&w, "--cert=%s 1 a:2", 15);
	w.f.job_error = -12;
	fake_sleep(&w.f, 2 * (uint64_t)RELOAD_DAY_MS);
	w.f.job_error = 0;
	assert_int_equal(reload_told(&w, "warn"), 0);
	reload_world_done(&w);
}

/* What --self-signed made lasts as long as the process. */
static void test_self_signed(void **state)
{
	(void)state;
	struct reload_world w;
	struct tls_cert before, after;
	begin(&w, "--self-signed 1 a:2", 100);
	tls_site_cert(w.site->tls, 0, &before);
	reload_now(w.reload);
	fake_turn(&w.f);
	assert_int_equal(w.freshes, 1);
	tls_site_cert(w.fresh->tls, 0, &after);
	assert_string_equal(before.fingerprint, after.fingerprint);
	reload_world_done(&w);
}

/* It is made anew before it ends, by itself, and then it is a year until the next time. */
static void test_self_signed_ends(void **state)
{
	(void)state;
	struct reload_world w;
	struct tls_cert before, after;
	begin(&w, "--self-signed 1 a:2", 100);
	tls_site_cert(w.site->tls, 0, &before);
	ahead_s = before.not_after - time(NULL) - TLS_BUILD_SOON_S - DAY_S;
	fake_sleep(&w.f, RELOAD_DAY_MS);
	assert_int_equal(w.freshes, 0);
	assert_int_equal(reload_told(&w, "warn"), 0);
	ahead_s += 2 * DAY_S;
	fake_sleep(&w.f, RELOAD_DAY_MS);
	assert_int_equal(w.freshes, 1);
	assert_int_equal(reload_told(&w, "a certificate expires soon"), 1);
	tls_site_cert(w.fresh->tls, 0, &after);
	assert_string_not_equal(before.fingerprint, after.fingerprint);
	assert_true(after.not_after > before.not_after);
	fake_sleep(&w.f, 3 * (uint64_t)RELOAD_DAY_MS);
	assert_int_equal(w.freshes, 1);
	assert_int_equal(reload_told(&w, "warn"), 1);
	ahead_s = 0;
	reload_world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_change),        UNIT(test_at_rest),       UNIT(test_permissions),
		UNIT(test_broken),        UNIT(test_by_hand),       UNIT(test_no_tls),
		UNIT(test_log_file),      UNIT(test_end_meanwhile), UNIT(test_towards_backend),
		UNIT(test_daily_warning), UNIT(test_self_signed),   UNIT(test_self_signed_ends),
	};
	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
