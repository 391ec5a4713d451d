/* testcard: a small RFB 3.8 server (RFC 6143) that is itself a link: the built-in target, so that
 * a new user sees a picture without any VNC server, and tests have a deterministic one.
 *
 *   session ── send ──► RFB input (parsed as a stream)      bytes ◄── updates, when reading is on
 *
 * Picture: colour bars, a moving block, a frame counter, the pointer where you point, the keys
 * you press as text. Encodings Raw, CopyRect, RRE, Hextile and the DesktopSize pseudo-encoding.
 * Bounded: at most 30 frames/s and only when asked (FramebufferUpdateRequest) and when the reader
 * keeps up; nothing while nobody watches. Memory per viewer is bounded; no frame is kept twice.
 */
#ifndef TESTCARD_TESTCARD_H
#define TESTCARD_TESTCARD_H

#include "base/env.h"

/* A new viewer of the card. Starts to speak when its owner reads. 0 or -ENOMEM. */
int testcard_open(struct link **ret, struct env *env);

#endif
