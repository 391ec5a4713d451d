/* traffic: a tap that prints a symbol per event. Symbols are collected and written once per turn,
 * through the same never-blocking sink as log lines.
 */
#include "app/traffic.h"

#include "io/log_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct traffic {
	struct env *env;
	struct log log; /* only its sink is used */
	struct log_file *file;
	struct defer flush;
};

static void on_flush(void *owner)
{
	struct traffic *t = owner;
	log_file_flush(t->file);
}

static void traffic_put(struct traffic *t, const char *symbol)
{
	t->log.sink(t->log.self, LOG_INFO, span_str(symbol));
	defer_post(t->env->defer, &t->flush);
}

static void on_bytes(void *self, enum tap_dir dir, uint64_t ms, struct span s)
{
	(void)ms;
	(void)s;
	traffic_put(self, dir == TAP_UP ? "}" : "{");
}

static void on_sent(void *self, enum tap_dir dir, bool all)
{
	if (dir == TAP_UP)
		traffic_put(self, all ? ">" : ".>");
	else
		traffic_put(self, all ? "<" : "<.");
}

static void on_end(void *self, const struct why *why)
{
	(void)self;
	(void)why;
}

static const struct tap_ops traffic_ops = {.bytes = on_bytes, .sent = on_sent, .end = on_end};

int traffic_new(struct traffic **ret, struct env *env)
{
	static const int out = STDOUT_FILENO;
	struct traffic *t = calloc(1, sizeof *t);

	if (!t)
		return -ENOMEM;
	t->env = env;
	defer_init(&t->flush, on_flush, t);
	int r = log_file_new(&t->file, &t->log, &out, 1, env->metrics);
	if (r < 0) {
		free(t);
		return r;
	}
	*ret = t;
	return 0;
}

struct tap traffic_tap(struct traffic *t)
{
	return (struct tap){.ops = &traffic_ops, .self = t};
}

void traffic_free(struct traffic *t)
{
	if (!t)
		return;
	defer_drop(&t->flush);
	log_file_free(t->file);
	free(t);
}

const char *traffic_legend(void)
{
	return "Traffic symbols:\n"
	       "  }  bytes from the client      >  sent to the backend   .>  partly queued\n"
	       "  {  bytes from the backend     <  sent to the client    <.  partly queued\n";
}
