/* fault_link: a link stacked on any other that has bad days, by a seed: what comes arrives in
 * random pieces and late, and after so many bytes in or out the connection breaks. The same seed
 * always does the same. It keeps the contract of base/link.h itself.
 */
#ifndef FAKE_FAULT_LINK_H
#define FAKE_FAULT_LINK_H

#include "base/env.h"

struct fault_plan {
	uint64_t seed;
	size_t piece;     /* deliver 1 … piece bytes an event */
	size_t break_in;  /* lost after so many bytes were delivered; SIZE_MAX: never */
	size_t break_out; /* send fails once so many bytes went out; SIZE_MAX: never */
};

/* Takes below. Memory for it does not run out. */
struct link *fault_open(struct env *env, struct link *below, const struct fault_plan *plan);

#endif
