/* What the tests of heartbeats share: a session whose client is asked for signs of life, what the client
 * heard, and the end.
 */
#ifndef UNIT_BEAT_STAGE_H
#define UNIT_BEAT_STAGE_H

#include "unit.h"

#include "../fake/duo.h"

/* An open session. more: header lines of the handshake, or NULL. */
static inline void begin(struct duo *d, uint32_t ping_ms, uint32_t pong_ms, const char *more)
{
	duo_init(d);
	d->fake.limits.ping_ms = ping_ms;
	d->fake.limits.pong_ms = pong_ms;
	duo_connect(d);
	duo_upgrade(d, more);
}

/* Both sides leave, and it is over. */
static inline void end(struct duo *d)
{
	duo_leave(d);
	fake_sleep(&d->fake, d->fake.limits.close_ms);
	duo_turn(d);
	assert_int_equal(d->ended, 1);
	duo_done(d);
}

#define ASSERT_HEARD(d, field, value)                                                              \
	do {                                                                                       \
		struct duo_heard heard_ = duo_heard(d);                                            \
		assert_false(heard_.broken);                                                       \
		assert_int_equal(heard_.field, value);                                             \
		duo_heard_free(&heard_);                                                           \
	} while (0)

/* The client was told this code, with something of this reason. */
static inline void check_closed(struct duo *d, unsigned code, const char *reason)
{
	struct duo_heard h = duo_heard(d);

	assert_int_equal(h.closes, 1);
	assert_int_equal(h.code, code);
	assert_non_null(strstr(h.reason, reason));
	duo_heard_free(&h);
}

#endif
