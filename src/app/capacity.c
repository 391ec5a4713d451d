/* capacity: see the header. */
#include "capacity.h"

#include "io/listen.h"

#include <sched.h>
#include <sys/resource.h>

enum { DESCRIPTORS_KEPT = 64, DESCRIPTORS_EACH = 2 };

unsigned capacity_workers(const struct options *o)
{
	cpu_set_t cpus;
	unsigned n = o->workers;

	if (o->run_once)
		return 1;
	if (n == 0 && sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		n = (unsigned)CPU_COUNT(&cpus);
	if (n == 0)
		n = 1;
	return n > LISTEN_WORKERS ? LISTEN_WORKERS : n;
}

unsigned capacity_connections(const struct options *o)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return o->limits.connections;
	lim.rlim_cur = lim.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &lim);
	getrlimit(RLIMIT_NOFILE, &lim);
	rlim_t most = lim.rlim_cur > 2 * DESCRIPTORS_KEPT
	                      ? (lim.rlim_cur - DESCRIPTORS_KEPT) / DESCRIPTORS_EACH
	                      : DESCRIPTORS_KEPT / 2;
	if (most > UINT32_MAX)
		most = UINT32_MAX;
	if (o->limits.connections && o->limits.connections < most)
		return o->limits.connections;
	return (unsigned)most;
}
