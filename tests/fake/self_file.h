/* self_file: a file that holds a new certificate and its key, another one each time. It is put in its
 * place at once, so that it is a file of its own and never half there. */
#ifndef FAKE_SELF_FILE_H
#define FAKE_SELF_FILE_H

#include <stdint.h>

/* Good for SELF_SIGNED_S from `made` on, in s since 1970. */
void self_file_put(const char *path, int64_t made);
/* Good for so many days more. */
void self_file_put_for(const char *path, int days_left);

#endif
