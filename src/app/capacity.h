/* capacity: how much of this machine we may use. */
#ifndef APP_CAPACITY_H
#define APP_CAPACITY_H

#include "app/options.h"

/* Workers: as many as asked for, else one for each CPU the process may use. */
unsigned capacity_workers(const struct options *o);
/* Raises the limit of descriptors as far as it goes; the answer is how many connections they are
 * good for. */
unsigned capacity_connections(const struct options *o);

#endif
