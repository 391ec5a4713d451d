/* The end of a process that is wrong about its own state. */
#include "base/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void bug_die(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof text, "websplice: bug at %s:%d: %s\n", file, line, what);
	if (n > (int)sizeof text - 1)
		n = (int)sizeof text - 1;
	/* Straight to the descriptor: stdio may be what is broken. */
	if (n < 0 || write(STDERR_FILENO, text, (size_t)n) < 0)
		abort();
	abort();
}
