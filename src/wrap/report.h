/* report: what rebind.so tells (the protocol is in src/rebind/report.h), read from outside. */
#ifndef WRAP_REPORT_H
#define WRAP_REPORT_H

#include "base/span.h"

enum report_event { REPORT_BIND, REPORT_LISTEN, REPORT_FAIL };

struct report {
	enum report_event event;
	bool six; /* the address is ::1, else 127.0.0.1 */
	uint16_t port;
	int pid;
	int error; /* errno of REPORT_FAIL; 0: none said */
};

/* False: without the key, or an event that is not known, or no report at all. */
bool report_parse(struct report *ret, struct span line, const char *key);

#endif
