/* log: one line per event, as text or as JSON, handed to a sink that never blocks.
 *
 *   text  2026-03-01T12:00:00.123Z info  session ended client=192.0.2.7:4711 up=312 down=90210
 *   json  {"time":"…","level":"info","event":"session ended","client":"192.0.2.7:4711","up":312}
 *
 * A struct log is one thread's (it caches the second in words); zero it, then fill in the rest.
 * Only app, relay's session and wrap log; library folders return reasons instead. A line is at
 * most LOG_LINE bytes, longer values are cut. Values are escaped: a peer cannot start a new line
 * or colour a terminal. Secrets are never passed in.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/span.h"

enum { LOG_LINE = 1024 };

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
	const char *key;
	const char *text; /* NULL: number counts */
	uint64_t number;
};
static inline const char *log_or_empty(const char *text)
{
	return text ? text : "";
}
static inline struct log_field log_text(const char *key, const char *text)
{
	return (struct log_field){key, text ? text : "", 0};
}

#define LOG_TEXT(key, text) log_text((key), (text))
#define LOG_NUM(key, number) ((struct log_field){(key), NULL, (uint64_t)(number)})

struct log {
	enum log_level level; /* lines above it are dropped */
	bool json;
	bool plain_time;                                                  /* tests: no time stamp */
	void (*sink)(void *self, enum log_level level, struct span line); /* line ends in '\n' */
	void *self;
	int64_t stamp_sec; /* the second that `stamp` spells; zero both at the start */
	char stamp[20];
};

static inline bool log_wants(const struct log *l, enum log_level level)
{
	return l && l->sink && level <= l->level;
}

void log_write(struct log *l, enum log_level level, const char *event, const struct log_field *f,
               size_t n);
/* log_event(log, LOG_INFO, "session ended", LOG_TEXT("client", c), LOG_NUM("up", n)) */
#define log_event(l, level, event, ...)                                                            \
	log_write((l), (level), (event), (const struct log_field[]){__VA_ARGS__},                  \
	          sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
