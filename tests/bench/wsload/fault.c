/* What goes wrong is counted; the first one is told. */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>

void fault_add(struct load *w, const struct conn *c, const char *fmt, ...)
{
	if (w->errors++)
		return;
	int n = 0;
	if (c)
		n = snprintf(w->first_error, sizeof w->first_error, "conn %u state %d: ", c->id,
		             (int)c->state);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(w->first_error + n, sizeof w->first_error - (size_t)n, fmt, ap);
	va_end(ap);
	for (char *p = w->first_error; *p; p++) /* it becomes a JSON string */
		if (*p == '"' || *p == '\\' || (unsigned char)*p < 32 || (unsigned char)*p > 126)
			*p = ' ';
}

void fault_end(struct conn *c, const char *what, uint64_t offset)
{
	fault_add(c->load, c, "%s at offset %llu", what, (unsigned long long)offset);
	conn_done(c);
	conn_free(c);
}
