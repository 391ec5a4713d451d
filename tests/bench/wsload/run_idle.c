/* Sessions that have each done one echo and then rest, until a line comes. */
#include "load.h"

#include <stdio.h>

static void echo_once_each(struct load *w)
{
	unsigned next = 0;
	while (next < w->o.conns || w->running) {
		for (; next < w->o.conns && w->running < w->o.parallel; next++)
			if (w->conns[next].state == CONN_READY)
				session_start(&w->conns[next]);
		if (now_ns() > run_limit(w)) {
			w->timed_out = true;
			return;
		}
		if (w->running)
			poll_once(w, 100 * MS_NS);
	}
}

void run_idle(struct load *w)
{
	uint64_t since = now_ns();
	run_window_begins(w);
	echo_once_each(w);
	for (unsigned i = 0; i < w->o.conns; i++)
		w->messages += w->conns[i].state == CONN_RUN && w->conns[i].echoes == 1;
	printf("@hold %llu %llu\n", (unsigned long long)now_ns(), (unsigned long long)w->messages);
	fflush(stdout);
	if (!w->o.quiet)
		poll_until_line(w, w->o.limit_s);
	run_window_ends(w, since);
}
