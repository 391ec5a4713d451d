/* terminal: SIGHUP has two meanings, "read your files again" and "your terminal is gone". */
#ifndef APP_TERMINAL_H
#define APP_TERMINAL_H

#include <stdbool.h>

/* The process has a controlling terminal, and it can be used. */
bool terminal_there(void);

#endif
