/* testcard: a small RFB 3.8 server (RFC 6143) that is itself a link: the built-in target, so that
 * a new user sees a picture without any VNC server, and tests have a deterministic one.
 *
 *   session ── send ──► RFB input (parsed as a stream)      bytes ◄── updates, when reading is on
 *
 * Picture: colour bars, grey steps, gratings and a rainbow in a disc, a comet of dots around it, a
 * moving block, a frame counter, the pointer where you point, the keys you press, the clipboard
 * you paste. 800 by 600, or any size from 320 by 240 to 2560 by 1600 the viewer asks for
 * (ExtendedDesktopSize). F2: the next of some sizes (DesktopSize, too), F3: what was typed becomes
 * the viewer's clipboard, F4: bell.
 * Encodings Raw, CopyRect, RRE and Hextile; true colour of 8, 16 and 32 bits in either byte order,
 * and a colour map.
 *
 * Bounded: at most 30 updates/s, and only for a viewer that has asked (FramebufferUpdateRequest)
 * and reads; without either no timer runs. Below 4 KiB per viewer, and one chunk of the pool for
 * the time of a bytes event, which carries at most that chunk. No frame is kept at all: pixels are
 * drawn as they are sent. `queued` is always 0, input is used at once.
 * Deterministic: the frame follows from env->timers->now and when the card was opened.
 *
 * A viewer that breaks the protocol: lost, Close code 1011, with a reason.
 */
#ifndef TESTCARD_TESTCARD_H
#define TESTCARD_TESTCARD_H

#include "base/env.h"

/* A new viewer of the card. Starts to speak when its owner reads. 0 or -ENOMEM. */
int testcard_open(struct link **ret, struct env *env);

#endif
