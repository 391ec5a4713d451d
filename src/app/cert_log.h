/* cert_log: what the log is told of certificates: which there are, and which end soon. */
#ifndef APP_CERT_LOG_H
#define APP_CERT_LOG_H

#include "base/log.h"
#include "relay/site.h"

/* A line for each certificate of ours, and those of cert_log_ends. */
void cert_log_all(struct log *log, const struct site *site);
/* A line for each that is not good, or not for long; true if there was one. */
bool cert_log_ends(struct log *log, const struct site *site);

#endif
