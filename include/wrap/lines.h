/* lines: a stream of bytes cut into lines, as they are to stand in a log: without their ends, at
 * most LINES_MAX bytes each (longer ones become several), empty ones left out.
 */
#ifndef WRAP_LINES_H
#define WRAP_LINES_H

#include "base/span.h"

enum { LINES_MAX = 512 };

struct lines {
	void (*line)(void *owner, const char *text);
	void *owner;
	size_t n;
	char text[LINES_MAX + 1];
};

void lines_init(struct lines *l, void (*line)(void *owner, const char *text), void *owner);
void lines_feed(struct lines *l, struct span s);
/* What has no end yet is a line, too. */
void lines_flush(struct lines *l);

#endif
