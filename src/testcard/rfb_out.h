/* rfb_out: the small messages a server sends (RFC 6143 7.1 to 7.3 and 7.6), each written whole to
 * `out`, which has RFB_OUT_MAX bytes. All return the bytes written.
 */
#ifndef TESTCARD_RFB_OUT_H
#define TESTCARD_RFB_OUT_H

#include "pixel.h"
#include "rect.h"

#include "base/span.h"

enum { RFB_OUT_MAX = 512, MAP_STEP = 64, SECURITY_NONE = 1 };

size_t rfb_version(uint8_t *out);
/* "None" is all there is; how to say so depends on the viewer's version. */
size_t rfb_security(int minor, uint8_t *out);
/* No security type is offered, and why. */
size_t rfb_refuse(const char *why, uint8_t *out);
size_t rfb_security_ok(uint8_t *out);
size_t rfb_security_failed(const char *why, uint8_t *out);
/* ServerInit, with the card's own format whatever the viewer may have asked for already. */
size_t rfb_init(int w, int h, const char *name, uint8_t *out);
/* MAP_STEP entries of the colour map, from entry `first`. */
size_t rfb_map(int first, uint8_t *out);
size_t rfb_bell(uint8_t *out);
/* Printable ASCII of at most 256 bytes. */
size_t rfb_cut_text(const char *text, uint8_t *out);

size_t rfb_update(int rects, uint8_t *out);
/* The 12 bytes every rectangle of an update begins with. */
size_t rfb_rect(struct rect r, int encoding, uint8_t *out);
size_t rfb_copy(struct rect from, struct rect to, uint8_t *out);
/* One screen that is the whole desktop; why and status in place of x and y. */
size_t rfb_extended_size(struct rect whole, int why, int status, uint32_t id, uint32_t flags,
                         uint8_t *out);

#endif
