/* font: the test card's own letters, printable ASCII on a grid of 5 by 7 dots, two more below for
 * tails, drawn at any whole scale. Larger scales round the corners of diagonals, as teletext
 * decoders did.
 *
 *   advance 6 · scale, height 9 · scale; the 7 upper dots are the height of capitals
 */
#ifndef TESTCARD_FONT_H
#define TESTCARD_FONT_H

#include <stdbool.h>

enum { FONT_W = 5, FONT_H = 9, FONT_CAPS = 7, FONT_STEP = 6 };

/* True when the pixel (x, y) of the letter c, drawn at this scale, is on. Coordinates may lie
 * outside of the letter; unknown characters are an empty box. */
bool font_pixel(char c, int scale, int x, int y);

#endif
