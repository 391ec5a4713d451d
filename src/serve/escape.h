/* escape: names as parts of URLs and of HTML. */
#ifndef SERVE_ESCAPE_PRIV_H
#define SERVE_ESCAPE_PRIV_H

#include "base/str.h"

/* Percent-encodes all but the unreserved characters (RFC 3986 2.3) and '/'. A path so written
 * holds no ':', so it is never taken for a scheme. At most 3 bytes a byte. */
void escape_path(struct str *s, struct span path);
/* A query as it was sent; what may not stand in a header field is percent-encoded. At most 3
 * bytes a byte. */
void escape_query(struct str *s, struct span query);
/* & < > " ' as character references: for text and for quoted attributes. At most 6 bytes a byte. */
void escape_html(struct str *s, struct span text);

#endif
