/* palette: the colours of the card, 0xRRGGBB. */
#ifndef TESTCARD_PALETTE_H
#define TESTCARD_PALETTE_H

enum palette {
	INK_GROUND = 0x131b2b,
	INK_GRID = 0x25324a,
	INK_CASTLE = 0xe6ebf5,
	INK_RING = 0xe6ebf5,
	INK_PLATE = 0x0b101b,
	INK_LINE = 0x33435f,
	INK_DOT = 0x465a80,
	INK_TEXT = 0xe6ebf5,
	INK_DIM = 0x8496b4,
	INK_BRIGHT = 0x4fd8ff,
	INK_WARM = 0xffa14a,
	INK_LAMP = 0x1d2940,
	INK_LIT = 0x57e389,
	INK_POINTER = 0xffe14d,
};

#endif
