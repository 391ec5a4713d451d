/* The letters, drawn as they look: twelve to a band, one band after the other. */
#include "font.h"

enum { BAND = 12, FIRST = ' ', LAST = 0x7f };

/* clang-format off */
static const char rows[][BAND * FONT_STEP] = {
	/*  !"#$%&'()*+ */
	"        #    # #   # #    #   ##     ##     #      #   #               ",
	"        #    # #   # #   #### ##  # #  #    #     #     #     #     #  ",
	"        #    # #  ##### # #      #  # #     #    #       #  # # #   #  ",
	"        #          # #   ###    #    #           #       #   ###  #####",
	"        #         #####   # #  #    # # #        #       #  # # #   #  ",
	"                   # #  ####  #  ## #  #          #     #     #     #  ",
	"        #          # #    #      ##  ## #          #   #               ",
	"                                                                       ",
	"                                                                       ",
	/* ,-./01234567 */
	"                      #  ###    #    ###  #####    #  #####   ##  #####",
	"                      # #   #  ##   #   #    #    ##  #      #        #",
	"                     #  #  ##   #       #   #    # #  ####  #        # ",
	"      #####         #   # # #   #      #     #  #  #      # ####    #  ",
	"                   #    ##  #   #     #       # #####     # #   #   #  ",
	"  ##         ##   #     #   #   #    #    #   #    #  #   # #   #   #  ",
	"  ##         ##   #      ###   ###  #####  ###     #   ###   ###    #  ",
	"   #                                                                   ",
	"  #                                                                    ",
	/* 89:;<=>?@ABC */
	" ###   ###                  #       #      ###   ###    #   ####   ### ",
	"#   # #   #  ##    ##      #         #    #   # #   #  # #  #   # #   #",
	"#   # #   #  ##    ##     #   #####   #       # # ### #   # #   # #    ",
	" ###   ####              #             #    ##  # # # #   # ####  #    ",
	"#   #     #  ##    ##     #   #####   #     #   # ##  ##### #   # #    ",
	"#   #    #   ##    ##      #         #          #     #   # #   # #   #",
	" ###   ##           #       #       #       #    #### #   # ####   ### ",
	"                   #                                                   ",
	"                                                                       ",
	/* DEFGHIJKLMNO */
	"####  ##### #####  ###  #   #  ###    ### #   # #     #   # #   #  ### ",
	"#   # #     #     #   # #   #   #      #  #  #  #     ## ## ##  # #   #",
	"#   # #     #     #     #   #   #      #  # #   #     # # # ##  # #   #",
	"#   # ####  ####  # ### #####   #      #  ##    #     # # # # # # #   #",
	"#   # #     #     #   # #   #   #      #  # #   #     #   # #  ## #   #",
	"#   # #     #     #   # #   #   #   #  #  #  #  #     #   # #  ## #   #",
	"####  ##### #      #### #   #  ###   ##   #   # ##### #   # #   #  ### ",
	"                                                                       ",
	"                                                                       ",
	/* PQRSTUVWXYZ[ */
	"####   ###  ####   ###  ##### #   # #   # #   # #   # #   # #####  ### ",
	"#   # #   # #   # #   #   #   #   # #   # #   # #   # #   #     #  #   ",
	"#   # #   # #   # #       #   #   # #   # #   #  # #   # #     #   #   ",
	"####  #   # ####   ###    #   #   # #   # # # #   #     #     #    #   ",
	"#     # # # # #       #   #   #   #  # #  # # #  # #    #    #     #   ",
	"#     #  #  #  #  #   #   #   #   #  # #  ## ## #   #   #   #      #   ",
	"#      ## # #   #  ###    #    ###    #   #   # #   #   #   #####  ### ",
	"                                                                       ",
	"                                                                       ",
	/* \]^_`abcdefg */
	"#      ###    #          #          #               #         ##       ",
	"#        #   # #          #         #               #        #         ",
	" #       #  #   #          #   ###  ####   ###   ####  ###  ####   ####",
	"  #      #                        # #   # #     #   # #   #  #    #   #",
	"   #     #                     #### #   # #     #   # #####  #    #   #",
	"    #    #                    #   # #   # #     #   # #      #    #   #",
	"    #  ###                     #### ####   ###   ####  ###   #     ####",
	"                  #####                                               #",
	"                                                                   ### ",
	/* hijklmnopqrs */
	"#       #      #  #      ##                                            ",
	"#                 #       #                                            ",
	"####   ##     ##  #  #    #   ## #  ####   ###  ####   #### # ##   ####",
	"#   #   #      #  # #     #   # # # #   # #   # #   # #   # ##  # #    ",
	"#   #   #      #  ##      #   # # # #   # #   # #   # #   # #      ### ",
	"#   #   #      #  # #     #   # # # #   # #   # #   # #   # #         #",
	"#   #  ###     #  #  #   ###  # # # #   #  ###  ####   #### #     #### ",
	"            #  #                                #         #            ",
	"             ##                                 #         #            ",
	/* tuvwxyz{|}~(none) */
	" #                                           ##   #   ##          #####",
	" #                                          #     #     #         #   #",
	"####  #   # #   # #   # #   # #   # #####   #     #     #    #    #   #",
	" #    #   # #   # # # #  # #  #   #    #   #      #      #  # # # #   #",
	" #    #   # #   # # # #   #   #   #   #     #     #     #      #  #   #",
	" #    #   #  # #  # # #  # #  #   #  #      #     #     #         #   #",
	"  ##   ####   #    # #  #   #  #### #####    ##   #   ##          #####",
	"                                  #                                    ",
	"                               ###                                     ",
};
/* clang-format on */

static bool font_dot(char c, int x, int y)
{
	int code = (unsigned char)c;
	if (code < FIRST || code > LAST)
		code = LAST;
	if (x < 0 || x >= FONT_W || y < 0 || y >= FONT_H)
		return false;
	code -= FIRST;
	return rows[code / BAND * FONT_H + y][code % BAND * FONT_STEP + x] == '#';
}

/* Between two dots that touch at a corner only, half of the gap is filled: (x, y) is the empty
 * dot, (dx, dy) its corner, (fx, fy) how far the pixel is from that corner. */
static bool font_round(char c, int x, int y, int dx, int dy, int far, int scale)
{
	return 2 * far < scale && font_dot(c, x + dx, y) && font_dot(c, x, y + dy) &&
	       !font_dot(c, x + dx, y + dy);
}

bool font_pixel(char c, int scale, int x, int y)
{
	if (x < 0 || y < 0)
		return false;
	int dot_x = x / scale, dot_y = y / scale;
	int left = x % scale, top = y % scale;
	int right = scale - 1 - left, below = scale - 1 - top;
	if (font_dot(c, dot_x, dot_y))
		return true;
	if (scale == 1)
		return false;
	return font_round(c, dot_x, dot_y, -1, -1, left + top, scale) ||
	       font_round(c, dot_x, dot_y, 1, -1, right + top, scale) ||
	       font_round(c, dot_x, dot_y, -1, 1, left + below, scale) ||
	       font_round(c, dot_x, dot_y, 1, 1, right + below, scale);
}
