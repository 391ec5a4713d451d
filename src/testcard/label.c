/* Places and words. Sizes are in units of the layout's text scale. */
#include "label.h"

#include "font.h"
#include "palette.h"

#include "base/str.h"

enum { VALUE_CELLS = 10, WHEEL_CELLS = 4, HEAD_CELLS = 10, CLOCK_CELLS = 8 };

static const char *const fixed[LABELS] = {
	[LABEL_NAME] = "WEBSPLICE",       [LABEL_KIND] = "TEST CARD",
	[LABEL_PROTOCOL] = "RFB 3.8",     [LABEL_PLATES] = "size",
	[LABEL_PLATES + 1] = "pixels",    [LABEL_PLATES + 2] = "encoding",
	[LABEL_PLATES + 3] = "pointer",   [LABEL_PLATES + 4] = "buttons",
	[LABEL_PLATES + 5] = "modifiers", [LABEL_KEYS_HEAD] = "keys",
	[LABEL_PASTE_HEAD] = "clipboard", [LABEL_HINT] = "F2 next size  F3 copy keys  F4 bell",
};

static int text_width(int cells, int scale)
{
	return (cells * FONT_STEP - 1) * scale;
}

/* Centred in the disc, its capitals' middle `below` 224ths of the radius below the disc's. */
static struct label place_in_disc(const struct layout *l, int below, int scale, int cells,
                                  uint32_t colour)
{
	return (struct label){
		.x = l->cx - text_width(cells, scale) / 2,
		.y = l->cy + l->r * below / 224 - FONT_CAPS * scale / 2,
		.scale = scale,
		.cells = cells,
		.colour = colour,
	};
}

static struct label place_on_plate(const struct layout *l, int plate, int line)
{
	struct rect r = layout_plate(l, plate);

	return (struct label){
		.x = r.x + 4 * l->scale,
		.y = r.y + (line ? 15 : 3) * l->scale,
		.scale = l->scale,
		.cells = VALUE_CELLS,
		.colour = line ? INK_TEXT : INK_DIM,
	};
}

static struct label place_on_desk(const struct layout *l, int line, bool head)
{
	int pad = 5 * l->scale, step = FONT_STEP * l->scale;
	int all = (l->desk.w - 2 * pad) / step;
	int from = head ? 0 : HEAD_CELLS;
	int most = rect_min(all - from, LABEL_TEXT - 1);

	return (struct label){
		.x = l->desk.x + pad + from * step,
		.y = l->desk.y + (4 + 11 * line) * l->scale,
		.scale = l->scale,
		.cells = head ? HEAD_CELLS : most,
		.colour = head ? INK_DIM : INK_TEXT,
	};
}

/* On the third line of the desk, over its whole width. */
static struct label place_hint(const struct layout *l)
{
	struct label at = place_on_desk(l, 2, true);

	at.cells = (int)strlen(fixed[LABEL_HINT]);
	return at;
}

static struct label place_wheel(const struct layout *l)
{
	struct label at = place_on_plate(l, 4, 1);

	at.cells = WHEEL_CELLS;
	at.x += (VALUE_CELLS - WHEEL_CELLS) * FONT_STEP * l->scale;
	return at;
}

struct label label_place(const struct layout *l, enum label_id id)
{
	switch (id) {
	case LABEL_SIZE: return place_on_plate(l, 0, 1);
	case LABEL_PIXELS: return place_on_plate(l, 1, 1);
	case LABEL_ENCODING: return place_on_plate(l, 2, 1);
	case LABEL_POINTER: return place_on_plate(l, 3, 1);
	case LABEL_WHEEL: return place_wheel(l);
	case LABEL_FRAME: return place_in_disc(l, 112, l->big, CLOCK_CELLS, INK_TEXT);
	case LABEL_TIME: return place_in_disc(l, 152, l->scale, CLOCK_CELLS, INK_BRIGHT);
	case LABEL_KEYS: return place_on_desk(l, 0, false);
	case LABEL_PASTE: return place_on_desk(l, 1, false);
	case LABEL_NAME: return place_in_disc(l, -170, l->big, 9, INK_TEXT);
	case LABEL_KIND: return place_in_disc(l, -143, l->scale, 9, INK_BRIGHT);
	case LABEL_PROTOCOL: return place_in_disc(l, 186, l->scale, 7, INK_DIM);
	case LABEL_KEYS_HEAD: return place_on_desk(l, 0, true);
	case LABEL_PASTE_HEAD: return place_on_desk(l, 1, true);
	case LABEL_HINT: return place_hint(l);
	default: return place_on_plate(l, (int)id - LABEL_PLATES, 0);
	}
}

static void put_time(struct str *s, uint32_t frame)
{
	unsigned seconds = frame / PICTURE_FPS;

	str_fmt(s, "%02u:%02u:%02u", seconds / 3600 % 100, seconds / 60 % 60, seconds % 60);
}

/* The end of what was typed, and a cursor that blinks once a second. */
static void put_keys(struct str *s, const struct picture *p, int cells)
{
	size_t n = strlen(p->keys), most = (size_t)cells - 1;

	str_puts(s, p->keys + (n > most ? n - most : 0));
	if (p->frame % PICTURE_FPS < PICTURE_FPS / 2)
		str_putc(s, '_');
}

/* The beginning of the clipboard, and how long it is if it does not fit. */
static void put_paste(struct str *s, const struct picture *p, int cells)
{
	char tail[24];
	struct str t;

	str_init(&t, tail, sizeof tail);
	str_fmt(&t, ".. (%u)", (unsigned)p->pasted);
	size_t n = strlen(p->paste), room = (size_t)cells;
	if (p->pasted <= n && n <= room) {
		str_puts(s, p->paste);
		return;
	}
	n = n + t.len > room ? room - t.len : n;
	str_put(s, span_of(p->paste, n));
	str_put(s, str_span(&t));
}

static void put_moving(struct str *s, const struct picture *p, int cells, enum label_id id)
{
	switch (id) {
	case LABEL_SIZE: str_fmt(s, "%ux%u", p->w, p->h); return;
	case LABEL_PIXELS: str_fmt(s, "%u bit%s", p->bits, p->mapped ? " map" : ""); return;
	case LABEL_ENCODING: str_puts(s, p->encoding); return;
	case LABEL_POINTER: p->pointed ? str_fmt(s, "%u,%u", p->x, p->y) : str_putc(s, '-'); return;
	case LABEL_WHEEL: str_fmt(s, p->wheel ? "%+4d" : "%4d", p->wheel); return;
	case LABEL_FRAME: str_fmt(s, "%08u", (unsigned)(p->frame % 100000000)); return;
	case LABEL_TIME: put_time(s, p->frame); return;
	case LABEL_KEYS: put_keys(s, p, cells); return;
	case LABEL_PASTE: put_paste(s, p, cells); return;
	default: str_puts(s, fixed[id]); return;
	}
}

const char *label_text(const struct picture *p, const struct label *at, enum label_id id,
                       char out[LABEL_TEXT])
{
	struct str s;

	str_init(&s, out, (size_t)at->cells + 1);
	put_moving(&s, p, at->cells, id);
	while (s.len < (size_t)at->cells)
		str_putc(&s, ' ');
	return out;
}

struct rect label_bounds(const struct label *at)
{
	return (struct rect){at->x, at->y, text_width(at->cells, at->scale), FONT_H * at->scale};
}

struct rect label_cell(const struct label *at, int n)
{
	return (struct rect){at->x + n * FONT_STEP * at->scale, at->y, FONT_W * at->scale,
	                     FONT_H * at->scale};
}

struct rect lamp_place(const struct layout *l, int n)
{
	struct rect plate = layout_plate(l, n < 3 ? 4 : 5);
	int nth = n < 3 ? n : n - 3;
	int pitch = n < 3 ? 11 : 15;

	return (struct rect){plate.x + (4 + nth * pitch) * l->scale, plate.y + 14 * l->scale,
	                     9 * l->scale, 10 * l->scale};
}

bool lamp_lit(const struct picture *p, int n)
{
	return n < 3 ? p->buttons >> n & 1 : p->mods >> (n - 3) & 1;
}

char lamp_letter(int n)
{
	static const char letters[] = "LMRSCAM";
	return letters[n];
}
