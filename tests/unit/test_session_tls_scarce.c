/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
/* A client of a site with certificates while memory runs out: each of the allocations with which its
 * connection begins fails once. Whatever is missing, the connection ends once, at once, for a reason,
 * and nothing is left of it. Those of the handshake itself are in test_tls_scarce.
 */
#include "unit.h"

#include "../fake/duo.h"
#include "../fake/fail_malloc.h"
#include "../fake/tls_end.h"
#include "../fake/tls_world.h"

#include <errno.h>

enum { FIRST = 60 };

static void turn(struct duo *d, struct tls_end *client)
{
	size_t seen;

	do {
		seen = d->client->heard_len;
		duo_turn(d);
		tls_end_step(client);
		duo_turn(d);
	} while (d->client->heard_len != seen);
}

/* From the first byte to the answer; the nth allocation fails (0: none). Returns how many there
 * were. */
static unsigned long ask(struct tls_world *w, unsigned long n, bool *ret_told)
{
	struct duo d;

	duo_init(&d);
	d.site->tls = tls_site_ref(w->server);
	duo_connect(&d);
	struct tls_end *client = tls_end_on(d.client, w->client, "vnc1");
	tls_end_step(client);
	fail_malloc_at(n);
	turn(&d, client);
	if (client->ready && !client->bad)
		tls_end_say(client, span_str("GET / HTTP/1.1\r\nHost: vnc1\r\n\r\n"));
	turn(&d, client);
	unsigned long calls = fail_malloc_calls();
	fail_malloc_off();
	if (n == 0)
		assert_true(client->got_len > 0);
	assert_true(client->got_len > 0 || client->bad || d.client->got_close); /* nobody waits */
	if (d.client->link && !d.client->says_eof)
		mem_say_eof(d.client);
	turn(&d, client);
	fake_sleep(&d.fake, 100000);
	assert_int_equal(d.ended, 1);
	assert_false(fake_logged(&d.fake, "layer=none"));
	*ret_told |= fake_logged(&d.fake, "layer=tls reason=\"out of memory\"");
	tls_end_free(client, false);
	duo_done(&d);
	return calls;
}

static void test_each_allocation(void **state)
{
	bool told = false;
	unsigned long calls = ask(*state, 0, &told);

	assert_false(told);
	for (unsigned long n = 1; n <= calls && n <= FIRST; n++) {
		unit_note("allocation %lu of %lu", n, calls);
		ask(*state, n, &told);
	}
	assert_true(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_each_allocation)};
	return cmocka_run_group_tests(tests, tls_world_open, tls_world_close);
}
