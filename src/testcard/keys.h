/* keys: what the keys of a viewer, X11 keysyms (RFC 6143 7.5.4), do to a picture: letters are
 * typed, other keys by name in brackets, modifiers are lamps.
 */
#ifndef TESTCARD_KEYS_H
#define TESTCARD_KEYS_H

#include "picture.h"

enum { KEY_F2 = 0xffbf, KEY_F3 = 0xffc0, KEY_F4 = 0xffc1 };

void keys_take(struct picture *p, uint32_t key, bool down);

#endif
