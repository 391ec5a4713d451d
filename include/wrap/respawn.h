/* respawn: when a command that ended may be started again. Pure: times in, milliseconds out.
 *
 *   at most RESPAWN_STARTS starts within any RESPAWN_WINDOW_MS, however they are spread
 *
 * A zeroed struct has seen no start yet. The clock may stand still but not go back.
 */
#ifndef WRAP_RESPAWN_H
#define WRAP_RESPAWN_H

#include <stdint.h>

enum { RESPAWN_STARTS = 3, RESPAWN_WINDOW_MS = 10000 };

struct respawn {
	uint64_t starts[RESPAWN_STARTS]; /* the last ones; starts[next] is the oldest */
	unsigned next, n;
};

/* Milliseconds until the next start is allowed; 0: it is now. */
uint64_t respawn_wait(const struct respawn *r, uint64_t now);
/* There was a start. */
void respawn_note(struct respawn *r, uint64_t now);

#endif
