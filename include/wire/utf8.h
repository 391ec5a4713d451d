/* utf8: validity (RFC 3629: shortest form, no surrogates, at most U+10FFFF). */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include "base/span.h"

bool utf8_ok(struct span s);
/* The longest prefix of s of at most max bytes that does not end inside a character.
 * Meant for valid UTF-8; of other bytes it keeps all but at most three of what it might. */
size_t utf8_cut(struct span s, size_t max);

#endif
