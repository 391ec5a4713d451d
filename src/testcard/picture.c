/* What is on the card: changes to it, and what moves by itself. */
#include "picture.h"

#include "base/bug.h"

void picture_init(struct picture *p)
{
	*p = (struct picture){.w = CARD_W, .h = CARD_H, .bits = 32, .encoding = "Raw"};
}

void picture_resize(struct picture *p, int w, int h)
{
	BUG_ON(w < CARD_MIN_W || w > CARD_MAX_W || h < CARD_MIN_H || h > CARD_MAX_H);
	p->w = (uint16_t)w;
	p->h = (uint16_t)h;
	p->x = (uint16_t)rect_min(p->x, w - 1);
	p->y = (uint16_t)rect_min(p->y, h - 1);
}

void picture_point(struct picture *p, int x, int y, uint8_t buttons)
{
	uint8_t pressed = buttons & (uint8_t)~p->buttons;

	p->x = (uint16_t)rect_min(x, p->w - 1);
	p->y = (uint16_t)rect_min(y, p->h - 1);
	p->pointed = true;
	p->buttons = buttons;
	if ((pressed & WHEEL_UP) && p->wheel < WHEEL_MAX)
		p->wheel++;
	if ((pressed & WHEEL_DOWN) && p->wheel > -WHEEL_MAX)
		p->wheel--;
}

void picture_type(struct picture *p, const char *text)
{
	size_t have = strlen(p->keys), n = strlen(text);

	if (n > PICTURE_TEXT) {
		text += n - PICTURE_TEXT;
		n = PICTURE_TEXT;
	}
	size_t old = have + n > PICTURE_TEXT ? have + n - PICTURE_TEXT : 0;
	memmove(p->keys, p->keys + old, have - old);
	memcpy(p->keys + have - old, text, n);
	p->keys[have - old + n] = 0;
}

void picture_erase(struct picture *p)
{
	size_t n = strlen(p->keys);

	if (n == 0)
		return;
	const char *name = p->keys[n - 1] == ']' ? strrchr(p->keys, '[') : NULL;
	p->keys[name ? (size_t)(name - p->keys) : n - 1] = 0;
}

void picture_paste(struct picture *p, uint32_t len)
{
	p->pasted = len;
	p->paste[0] = 0;
}

void picture_paste_more(struct picture *p, struct span text)
{
	size_t n = strlen(p->paste);

	for (size_t i = 0; i < text.len && n < PICTURE_TEXT; i++) {
		uint8_t c = text.at[i];
		p->paste[n++] = c >= ' ' && c < 0x7f ? (char)c : c == '\n' ? ' ' : '?';
	}
	p->paste[n] = 0;
}

struct rect picture_lane(const struct picture *p)
{
	return layout_of(p->w, p->h).lane;
}

/* There and back again, three pixels of an 800 wide card a frame. */
struct rect picture_block(const struct picture *p)
{
	struct layout l = layout_of(p->w, p->h);
	int w = 3 * l.unit, way = l.lane.w - w;
	int step = rect_max(p->w * 3 / 800, 1);
	int at = (int)((uint64_t)p->frame * (uint64_t)step % (uint64_t)(2 * way));

	return (struct rect){l.lane.x + (at < way ? at : 2 * way - at), l.lane.y, w, l.lane.h};
}

struct rect picture_cross(const struct picture *p)
{
	int reach = 13 * layout_of(p->w, p->h).scale;

	if (!p->pointed)
		return (struct rect){0};
	struct rect r = {p->x - reach, p->y - reach, 2 * reach + 1, 2 * reach + 1};
	return rect_and(r, picture_area(p));
}
