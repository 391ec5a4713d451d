/* log_reader: catches log lines and reads them back, strictly. */
#ifndef UNIT_LOG_READER_H
#define UNIT_LOG_READER_H

#include "base/log.h"

/* A log that keeps its last line. What every line must hold is checked on the way in: at most
 * LOG_LINE bytes, one '\n' and that at its end, no NUL. */
struct log_catch {
	struct log log;
	char line[LOG_LINE + 1];
	size_t n;
	unsigned lines;
	enum log_level level;
};
void log_catch_init(struct log_catch *c, bool json);

/* A JSON line as our logs write it: one object of strings and whole numbers, valid UTF-8 without
 * controls. Anything else fails the test. */
struct log_json {
	const char *at;
	unsigned members;
	char last_key[64];
	char value[2 * LOG_LINE]; /* of the last string, unescaped */
	size_t value_n;
};
void log_json_read(struct log_json *j, const char *line);

/* Reads a quoted value of a text line, the last on it, back into to; returns its length. */
size_t log_text_read(const char *from, char *to);

#endif
