/* log_file: where log lines go, without ever blocking a loop.
 *
 * Each worker collects its lines and writes them once per turn of its loop. A descriptor that
 * could block (pipe, socket, terminal) is asked first; when nobody reads, lines are kept up to
 * 64 KiB and then dropped and counted. Lines are never torn: a write is whole lines, of at most
 * PIPE_BUF bytes to a pipe. Files are opened O_APPEND, so workers do not overwrite each other.
 */
#ifndef IO_LOG_FILE_H
#define IO_LOG_FILE_H

#include "io/loop.h"

/* A sink on fd (borrowed, shared by all workers); *l is filled so that its lines end there. For
 * use by one thread. Pass the log to loop_new, which flushes it each turn. */
struct log_file;
int log_file_new(struct log_file **ret, struct log *l, const int *fds, unsigned n,
                 struct metrics *metrics);
void log_file_flush(struct log_file *f); /* as far as it goes without blocking */
void log_file_free(struct log_file *f);  /* flushes; NULL is legal */

#endif
