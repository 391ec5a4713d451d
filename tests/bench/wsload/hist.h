/* A histogram of durations in ns, linear within each power of two: 256 steps, so a value is right
 * to 0.4 %. A plain value: all zero is empty.
 */
#ifndef WSLOAD_HIST_H
#define WSLOAD_HIST_H

#include <stdint.h>

enum { HIST_STEP_BITS = 8, HIST_SLOTS = (64 - HIST_STEP_BITS) << HIST_STEP_BITS };

struct hist {
	uint64_t n, max, sum;
	uint64_t slot[HIST_SLOTS];
};

void hist_add(struct hist *h, uint64_t ns);
double hist_mean_us(const struct hist *h);
double hist_percentile_us(const struct hist *h, double percent);

#endif
