/* cleanup: run x_free(&var) when var leaves its scope. For functions with two or more resources.
 *
 *   CLEANUP(file_close) FILE *f = fopen(…);     // static void file_close(FILE **f)
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#define CLEANUP(fn) __attribute__((cleanup(fn)))

#endif
