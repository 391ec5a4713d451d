/* respawn: see the header. */
#include "wrap/respawn.h"

uint64_t respawn_wait(const struct respawn *r, uint64_t now)
{
	if (r->n < RESPAWN_STARTS)
		return 0;
	uint64_t again = r->starts[r->next] + RESPAWN_WINDOW_MS;
	return again > now ? again - now : 0;
}

void respawn_note(struct respawn *r, uint64_t now)
{
	r->starts[r->next] = now;
	r->next = (r->next + 1) % RESPAWN_STARTS;
	if (r->n < RESPAWN_STARTS)
		r->n++;
}
