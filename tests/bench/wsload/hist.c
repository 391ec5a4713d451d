#include "hist.h"

#define STEPS ((uint64_t)1 << HIST_STEP_BITS)

static unsigned slot_of(uint64_t v)
{
	if (v < STEPS)
		return (unsigned)v;
	unsigned power = 63u - (unsigned)__builtin_clzll(v);
	unsigned step = (unsigned)(v >> (power - HIST_STEP_BITS) & (STEPS - 1));
	return ((power - HIST_STEP_BITS + 1) << HIST_STEP_BITS) + step;
}

/* The middle of what falls into the slot. */
static uint64_t value_of(unsigned slot)
{
	unsigned power = slot >> HIST_STEP_BITS;
	uint64_t step = slot & (STEPS - 1);
	if (!power)
		return step;
	return ((STEPS + step) << (power - 1)) + (((uint64_t)1 << (power - 1)) >> 1);
}

void hist_add(struct hist *h, uint64_t ns)
{
	unsigned slot = slot_of(ns);
	h->slot[slot < HIST_SLOTS ? slot : HIST_SLOTS - 1]++;
	h->n++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
}

double hist_mean_us(const struct hist *h)
{
	return h->n ? (double)h->sum / (double)h->n / 1e3 : 0;
}

double hist_percentile_us(const struct hist *h, double percent)
{
	uint64_t seen = 0, want = (uint64_t)(percent / 100 * (double)h->n + 0.999999);
	if (want < 1)
		want = 1;
	for (unsigned i = 0; h->n && i < HIST_SLOTS; i++) {
		seen += h->slot[i];
		if (seen >= want)
			return (double)(value_of(i) < h->max ? value_of(i) : h->max) / 1e3;
	}
	return (double)h->max / 1e3;
}
