/* script: a session driven by bytes. Each byte is an event (client bytes, backend bytes, drains,
 * ends, resets, time), its arguments follow. The same bytes always do the same, so a random test
 * replays from its seed and a fuzzer's find is a file in the corpus.
 *
 * After every event and at the end these are asserted:
 *   - what either side has received is a prefix of what the other side sent;
 *   - never more than LINK_HIGH + READ_ROOM + one frame header waits for a slow end;
 *   - the client sees valid frames, at most one Close and nothing after it;
 *   - an orderly end loses no byte in either direction;
 *   - in the end, deadlines passed, every link was closed exactly once and nothing is left.
 */
#ifndef FAKE_SCRIPT_H
#define FAKE_SCRIPT_H

#include "base/span.h"

struct script_result {
	size_t up, down;               /* bytes that arrived */
	size_t pending_max;            /* the most that ever waited for one end */
	unsigned closes;               /* Close frames the client saw */
	bool orderly_down, orderly_up; /* the directions that had to be complete, and were */
};

/* base64: the session speaks that subprotocol. */
struct script_result script_run(struct span script, bool base64);

#endif
