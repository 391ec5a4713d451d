/* lines: see the header. */
#include "wrap/lines.h"

void lines_init(struct lines *l, void (*line)(void *owner, const char *text), void *owner)
{
	l->line = line;
	l->owner = owner;
	l->n = 0;
}

void lines_flush(struct lines *l)
{
	if (l->n == 0)
		return;
	l->text[l->n] = 0;
	l->n = 0;
	l->line(l->owner, l->text);
}

void lines_feed(struct lines *l, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i];
		if (c == '\n' || c == '\r') {
			lines_flush(l);
			continue;
		}
		if (l->n == LINES_MAX)
			lines_flush(l);
		l->text[l->n++] = c ? (char)c : ' ';
	}
}
