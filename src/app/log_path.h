/* log_path: the file of --log-file, when it is opened and when it has been moved away.
 *
 *   logrotate(8) renames LOG, sends SIGHUP ─► log_path_again: LOG anew, under the descriptor that
 *                                             every worker writes to (dup3); no line is lost or torn
 */
#ifndef APP_LOG_PATH_H
#define APP_LOG_PATH_H

/* A descriptor to append to, or -errno. */
int log_path_open(const char *path);
/* fd, opened above, becomes what stands at path now; others may write to it meanwhile. Anything but
 * a plain file is left as it is. May block on the disk: for a job. 0 or -errno; then fd is as it
 * was. */
int log_path_again(const char *path, int fd);

#endif
