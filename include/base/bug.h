/* bug: checks of our own invariants, never of input.
 *
 * BUG_ON stays in release builds: a proxy that is wrong about its own state is worse than one
 * that is dead, and the supervisor restarts the latter.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

void bug_die(const char *file, int line, const char *what) __attribute__((noreturn, cold));

#define BUG_ON(x)                                                                                  \
	do {                                                                                       \
		if (__builtin_expect(!!(x), 0))                                                    \
			bug_die(__FILE__, __LINE__, #x);                                           \
	} while (0)

#endif
