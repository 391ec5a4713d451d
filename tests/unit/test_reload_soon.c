/* reload: what has changed in a certificate's file is what new connections get within a second, at
 * whatever moment between two looks it was written.
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

enum { SOON_MS = 1000, MOMENTS = 8 };

struct world {
	struct fake_env f;
	struct options o;
	struct options_line line;
	char dir[64], cert[96];
	struct tls_kept kept;
	struct site *first, *fresh;
	struct reload *reload;
};

static void on_fresh(void *owner, struct site *site)
{
	struct world *w = owner;

	assert_null(w->fresh);
	w->fresh = site;
}

static void world_open(struct world *w)
{
	char err[SITE_ERROR], text[128];
	struct reload_host host = {.owner = w, .fresh = on_fresh};

	memset(w, 0, sizeof *w);
	fake_env_init(&w->f);
	snprintf(w->dir, sizeof w->dir, "/tmp/websplice-soon-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->cert, sizeof w->cert, "%s/cert.pem", w->dir);
	self_file_put(w->cert, time(NULL));
	snprintf(text, sizeof text, "--cert=%s 1 a:2", w->cert);
	assert_int_equal(options_line_parse(&w->o, &w->line, text, err), 0);
	assert_int_equal(site_build(&w->first, &w->o, &w->kept, err), 0);
	assert_int_equal(reload_new(&w->reload, &w->f.env, &w->o, &w->kept, w->first, &host), 0);
}

static void world_close(struct world *w)
{
	reload_free(w->reload);
	fake_turn(&w->f);
	fake_env_done(&w->f);
	site_unref(w->first);
	site_unref(w->fresh);
	unlink(w->cert);
	assert_int_equal(rmdir(w->dir), 0);
}

static void test_within_a_second(void **state)
{
	struct tls_cert before, after;

	(void)state;
	for (unsigned i = 0; i < MOMENTS; i++) {
		struct world w;
		unit_note("%u/%u of the way to the next look", i, MOMENTS);
		world_open(&w);
		fake_sleep(&w.f, i * RELOAD_LOOK_MS / MOMENTS);
		self_file_put(w.cert, time(NULL));
		fake_sleep(&w.f, SOON_MS);
		assert_non_null(w.fresh);
		tls_site_cert(w.first->tls, 0, &before);
		tls_site_cert(w.fresh->tls, 0, &after);
		assert_string_not_equal(before.fingerprint, after.fingerprint);
		world_close(&w);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_within_a_second)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
