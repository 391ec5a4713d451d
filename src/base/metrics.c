/* The names of the counters, as pages and logs show them. */
#include "base/metrics.h"

#include "base/bug.h"

static const char *const names[METRICS] = {
	[METRIC_ACCEPTED] = "accepted",       [METRIC_SHED] = "shed",
	[METRIC_CONNECTIONS] = "connections", [METRIC_TURNED_AWAY] = "turned_away",
	[METRIC_SESSIONS] = "sessions",       [METRIC_SESSIONS_ALL] = "sessions_all",
	[METRIC_REQUESTS] = "requests",       [METRIC_REFUSED] = "refused",
	[METRIC_DIAL_FAILED] = "dial_failed", [METRIC_DEADLINE] = "deadline",
	[METRIC_BYTES_UP] = "bytes_up",       [METRIC_BYTES_DOWN] = "bytes_down",
	[METRIC_LOG_DROPPED] = "log_dropped",
};

const char *metric_name(enum metric which)
{
	BUG_ON((unsigned)which >= METRICS);
	return names[which];
}
