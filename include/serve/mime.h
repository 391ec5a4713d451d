/* mime: media types by file name, from a table of our own: the system's would make what a
 * browser does with a module depend on the machine.
 */
#ifndef SERVE_MIME_H
#define SERVE_MIME_H

#include <stdbool.h>

/* The value for Content-Type, text types with charset=utf-8; application/octet-stream when the
 * name's ending is not known. */
const char *mime_type(const char *path);
/* A type that a browser opens as a document, so that scripts in it would run. */
bool mime_is_page(const char *type);

#endif
