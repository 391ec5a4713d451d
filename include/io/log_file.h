/* log_file: where log lines go, without ever blocking a loop.
 *
 * Each worker collects its lines and writes them at the end of its loop's turn, or some 10 ms
 * later when it has just written others. A descriptor that
 * could block (pipe, terminal, socket) is written without blocking; when nobody reads, lines are
 * kept up to LOG_KEEP bytes and then dropped and counted, and a line says how many once there is
 * room again. Lines are never torn: a write is whole lines, of at most PIPE_BUF bytes to a pipe.
 * Files are to be opened O_APPEND, so that workers do not overwrite each other.
 *
 * SIGPIPE must be ignored (io/sigs does it): a pipe without a reader is an error like others.
 */
#ifndef IO_LOG_FILE_H
#define IO_LOG_FILE_H

#include "base/log.h"
#include "base/metrics.h"

enum { LOG_KEEP = 65536, LOG_FDS = 4 };

/* A sink on n <= LOG_FDS fds (borrowed, shared by all workers); l->sink and l->self are set so
 * that l's lines end there, its other fields are the caller's. For use by one thread. Pass the
 * log to loop_new, which flushes it each turn; metrics may be NULL, lost lines are then counted in
 * that loop's. l and f live equally long. 0 or -errno. */
struct log_file;
int log_file_new(struct log_file **ret, struct log *l, const int *fds, unsigned n,
                 struct metrics *metrics);
void log_file_flush(struct log_file *f); /* as far as it goes without blocking */
void log_file_free(struct log_file *f);  /* flushes; NULL is legal */

#endif
