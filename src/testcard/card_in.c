/* What a viewer's messages do to the card. */
#include "card.h"

#include "keys.h"
#include "rfb_out.h"

#include <errno.h>

void card_fail(struct card *c, int err, unsigned last_words, const char *text)
{
	c->failed = true;
	c->why = why_make(WHY_SESSION, 1011, 0, err, "test card: %s", text);
	c->says = last_words;
	c->update.busy = false;
	c->viewer.want = (struct rect){0};
}

/* RFC 6143 7.1.3: only 3.8 has an answer to every choice, and words for a failure. */
static void take_security(struct card *c, uint8_t type)
{
	if (type == SECURITY_NONE)
		c->says |= c->minor == 8 ? SAY_SECURITY_OK : 0;
	else
		card_fail(c, -EPROTO, c->says | (c->minor == 8 ? SAY_SECURITY_FAILED : 0),
		          "the viewer wants a security type that was not offered");
}

static void take_pixels(struct card *c, const struct pixel_format *f)
{
	c->viewer.pixels = *f;
	c->now.bits = f->bits;
	c->now.mapped = f->mapped;
	c->map_at = 0;
	c->says = f->mapped ? c->says | SAY_MAP : c->says & ~(unsigned)SAY_MAP;
}

static bool can_resize(const struct card *c)
{
	return c->viewer.offer.desktop_size || c->viewer.offer.extended_size;
}

/* A new size the viewer has not been told and now cannot be told is taken back. */
static void take_offer(struct card *c, const struct rfb_offer *offer)
{
	c->viewer.offer = *offer;
	c->now.encoding = offer->encoding == ENCODING_HEXTILE ? "Hextile"
	                  : offer->encoding == ENCODING_RRE   ? "RRE"
	                                                      : "Raw";
	if (!can_resize(c))
		picture_resize(&c->now, c->update.shown.w, c->update.shown.h);
}

/* RFC 6143 7.5.3. Whoever asks for all of an area wants to know the screens, too. */
static void take_want(struct card *c, bool incremental, struct rect area)
{
	struct viewer *v = &c->viewer;

	area = rect_and(area, picture_area(&c->now));
	if (rect_empty(area))
		return;
	v->want = rect_or(v->want, area);
	if (incremental)
		return;
	v->fresh = rect_or(v->fresh, area);
	v->note.due = true;
}

/* F2: the next of some common sizes, as a desktop that changes by itself would. */
static void card_next_size(struct card *c)
{
	static const struct {
		uint16_t w, h;
	} sizes[] = {{CARD_W, CARD_H}, {1024, 768}, {1280, 720}, {640, 480}};
	size_t all = sizeof sizes / sizeof *sizes, i = 0;

	while (i < all && (sizes[i].w != c->now.w || sizes[i].h != c->now.h))
		i++;
	i = i < all ? (i + 1) % all : 0;
	if (!can_resize(c))
		return;
	picture_resize(&c->now, sizes[i].w, sizes[i].h);
	c->viewer.note.why = c->viewer.note.status = 0;
}

/* F3 is not typed: it would be in the copy of what was typed. */
static void take_key(struct card *c, uint32_t key, bool down)
{
	if (key != KEY_F3)
		keys_take(&c->now, key, down);
	if (!down)
		return;
	if (key == KEY_F2)
		card_next_size(c);
	else if (key == KEY_F3)
		c->says |= SAY_CUT;
	else if (key == KEY_F4)
		c->says |= SAY_BELL;
}

static enum size_status size_status(const struct rfb_msg *m)
{
	struct rect all = {0, 0, m->area.w, m->area.h};

	if (m->area.w > CARD_MAX_W || m->area.h > CARD_MAX_H)
		return SIZE_TOO_LARGE;
	if (m->area.w < CARD_MIN_W || m->area.h < CARD_MIN_H)
		return SIZE_INVALID;
	return m->screens == 1 && rect_same(m->screen, all) ? SIZE_DONE : SIZE_INVALID;
}

static void take_desktop_size(struct card *c, const struct rfb_msg *m)
{
	enum size_status status = size_status(m);

	if (!c->viewer.offer.extended_size)
		return;
	c->viewer.note.due = true;
	c->viewer.note.why = 1;
	c->viewer.note.status = (uint8_t)status;
	if (status != SIZE_DONE)
		return;
	c->viewer.note.id = m->screen_id;
	c->viewer.note.flags = m->screen_flags;
	picture_resize(&c->now, m->area.w, m->area.h);
}

static void take_version(struct card *c, int minor)
{
	c->minor = (uint8_t)minor;
	c->says |= SAY_SECURITY;
}

/* Nothing is agreed on before the version is, so its failure is told in a form of its own
 * (RFC 6143 7.1.2), and after our version if that is still due. */
static void take_bad(struct card *c, const char *error)
{
	card_fail(c, -EPROTO, c->minor ? 0 : c->says | SAY_REFUSE, error);
}

static void take_event(struct card *c, enum rfb_event e, struct rfb_msg *m)
{
	switch (e) {
	case RFB_MORE: return;
	case RFB_BAD: take_bad(c, m->error); return;
	case RFB_VERSION: take_version(c, m->minor); return;
	case RFB_SECURITY: take_security(c, m->security); return;
	case RFB_INIT: c->says |= SAY_INIT; return;
	case RFB_PIXELS: take_pixels(c, &m->pixels); return;
	case RFB_OFFER: take_offer(c, &m->offer); return;
	case RFB_WANT: take_want(c, m->incremental, m->area); return;
	case RFB_KEY: take_key(c, m->key, m->down); return;
	case RFB_POINTER: picture_point(&c->now, m->area.x, m->area.y, m->buttons); return;
	case RFB_CUT: picture_paste(&c->now, m->len); return;
	case RFB_CUT_TEXT: picture_paste_more(&c->now, m->text); return;
	case RFB_DESKTOP_SIZE: take_desktop_size(c, m); return;
	}
}

void card_take(struct card *c, struct span s)
{
	struct rfb_msg m;
	enum rfb_event e;

	while (!c->failed && (e = rfb_in_next(&c->in, &s, &m)) != RFB_MORE)
		take_event(c, e, &m);
}
