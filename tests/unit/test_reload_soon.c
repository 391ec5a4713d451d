/* reload: what has changed in a certificate's file is what new connections get within a second, at
 * whatever moment between two looks it was written.
 */
#include "reload_world.h"
#include "unit.h"

#include "app/reload.h"
#include "self_file.h"

#include <time.h>

enum { SOON_MS = 1000, MOMENTS = 8 };

static void test_within_a_second(void **state)
{
	struct tls_cert before, after;

	(void)state;
	for (unsigned i = 0; i < MOMENTS; i++) {
		struct reload_world w;
		unit_note("%u/%u of the way to the next look", i, MOMENTS);
		reload_world_open(&w);
		self_file_put(w.cert, time(NULL));
		reload_world_start(&w, "--cert=%s 1 a:2");
		fake_sleep(&w.f, i * RELOAD_LOOK_MS / MOMENTS);
		self_file_put(w.cert, time(NULL));
		fake_sleep(&w.f, SOON_MS);
		assert_int_equal(w.freshes, 1);
		tls_site_cert(w.site->tls, 0, &before);
		tls_site_cert(w.fresh->tls, 0, &after);
		assert_string_not_equal(before.fingerprint, after.fingerprint);
		reload_world_done(&w);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_within_a_second)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
