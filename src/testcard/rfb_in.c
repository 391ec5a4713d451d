/* The parser of what viewers say. A message is its type, a part of fixed length, and for some a
 * list or a text whose length stands in the fixed part.
 */
#include "rfb_in.h"

#include "encode.h"
#include "octets.h"

#include "base/str.h"

enum message {
	MSG_PIXELS = 0,
	MSG_ENCODINGS = 2,
	MSG_WANT = 3,
	MSG_KEY = 4,
	MSG_POINTER = 5,
	MSG_CUT = 6,
	MSG_DESKTOP_SIZE = 251, /* community's rfbproto, with ExtendedDesktopSize */
};

enum { VERSION_LEN = 12, ENCODING_LEN = 4, SCREEN_LEN = 16 };

static enum rfb_event bad(struct rfb_in *in, struct rfb_msg *ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum rfb_event bad(struct rfb_in *in, struct rfb_msg *ret, const char *fmt, ...)
{
	struct str s;
	va_list ap;

	in->part = PART_BAD;
	str_init(&s, ret->error, sizeof ret->error);
	va_start(ap, fmt);
	str_vfmt(&s, fmt, ap);
	va_end(ap);
	return RFB_BAD;
}

/* Of the fixed part, with its type. 0: there is no such message. */
static size_t message_len(uint8_t type)
{
	switch (type) {
	case MSG_PIXELS: return 20;
	case MSG_ENCODINGS: return 4;
	case MSG_WANT: return 10;
	case MSG_KEY: return 8;
	case MSG_POINTER: return 6;
	case MSG_CUT: return 8;
	case MSG_DESKTOP_SIZE: return 8;
	default: return 0;
	}
}

static size_t part_len(const struct rfb_in *in)
{
	switch (in->part) {
	case PART_VERSION: return VERSION_LEN;
	case PART_FIXED: return message_len(in->bytes[0]);
	case PART_ENCODING: return ENCODING_LEN;
	case PART_SCREEN: return SCREEN_LEN;
	default: return 1;
	}
}

static bool is_number(const uint8_t *at)
{
	return at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9' && at[2] >= '0' &&
	       at[2] <= '9';
}

static int number(const uint8_t *at)
{
	return (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
}

/* RFC 6143 7.1.1: versions that nobody published are spoken to as 3.3; those above 3.8 follow it. */
static enum rfb_event take_version(struct rfb_in *in, struct rfb_msg *ret)
{
	const uint8_t *at = in->bytes;

	if (memcmp(at, "RFB ", 4) || at[7] != '.' || at[11] != '\n' || !is_number(at + 4) ||
	    !is_number(at + 8))
		return bad(in, ret, "the viewer does not speak RFB");
	if (number(at + 4) != 3)
		return bad(in, ret, "the viewer speaks RFB version %d, not 3", number(at + 4));
	int minor = number(at + 8);
	ret->minor = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
	in->part = ret->minor == 3 ? PART_INIT : PART_SECURITY;
	return RFB_VERSION;
}

static enum rfb_event take_security(struct rfb_in *in, struct rfb_msg *ret)
{
	ret->security = in->bytes[0];
	in->part = PART_INIT;
	return RFB_SECURITY;
}

static enum rfb_event take_type(struct rfb_in *in, struct rfb_msg *ret)
{
	if (!message_len(in->bytes[0]))
		return bad(in, ret, "the viewer sent a message of unknown type %u", in->bytes[0]);
	in->part = PART_FIXED;
	in->have = 1;
	return RFB_MORE;
}

static enum rfb_event take_pixels(struct rfb_in *in, struct rfb_msg *ret)
{
	const char *error = pixel_read(in->bytes + 4, &ret->pixels);

	return error ? bad(in, ret, "the viewer asked for %s", error) : RFB_PIXELS;
}

static enum rfb_event end_offer(struct rfb_in *in, struct rfb_msg *ret)
{
	in->part = PART_TYPE;
	ret->offer = in->offer;
	return RFB_OFFER;
}

static enum rfb_event take_encodings(struct rfb_in *in, struct rfb_msg *ret)
{
	in->left = octets_get16(in->bytes + 2);
	in->offer = (struct rfb_offer){0};
	in->part = PART_ENCODING;
	return in->left ? RFB_MORE : end_offer(in, ret);
}

static enum rfb_event take_encoding(struct rfb_in *in, struct rfb_msg *ret)
{
	struct rfb_offer *o = &in->offer;
	int32_t encoding = (int32_t)octets_get32(in->bytes);

	switch (encoding) {
	case ENCODING_RAW:
	case ENCODING_RRE:
	case ENCODING_HEXTILE:
		if (!o->chosen)
			o->encoding = encoding;
		o->chosen = true;
		break;
	case ENCODING_COPYRECT: o->copyrect = true; break;
	case ENCODING_DESKTOP_SIZE: o->desktop_size = true; break;
	case ENCODING_EXTENDED_SIZE: o->extended_size = true; break;
	}
	return --in->left ? RFB_MORE : end_offer(in, ret);
}

static enum rfb_event take_want(struct rfb_in *in, struct rfb_msg *ret)
{
	const uint8_t *at = in->bytes;

	ret->incremental = at[1];
	ret->area = (struct rect){octets_get16(at + 2), octets_get16(at + 4), octets_get16(at + 6),
	                          octets_get16(at + 8)};
	return RFB_WANT;
}

static enum rfb_event take_key(struct rfb_in *in, struct rfb_msg *ret)
{
	ret->down = in->bytes[1];
	ret->key = octets_get32(in->bytes + 4);
	return RFB_KEY;
}

static enum rfb_event take_pointer(struct rfb_in *in, struct rfb_msg *ret)
{
	ret->buttons = in->bytes[1];
	ret->area = (struct rect){octets_get16(in->bytes + 2), octets_get16(in->bytes + 4), 0, 0};
	return RFB_POINTER;
}

static enum rfb_event take_cut(struct rfb_in *in, struct rfb_msg *ret)
{
	in->left = ret->len = octets_get32(in->bytes + 4);
	if (in->left > CUT_MAX)
		return bad(in, ret, "the viewer sent a clipboard of %u bytes", in->left);
	in->part = in->left ? PART_CUT_TEXT : PART_TYPE;
	return RFB_CUT;
}

static enum rfb_event end_desktop_size(struct rfb_in *in, struct rfb_msg *ret)
{
	in->part = PART_TYPE;
	ret->area = in->area;
	ret->screens = in->screens;
	ret->screen = in->screen;
	ret->screen_id = in->screen_id;
	ret->screen_flags = in->screen_flags;
	return RFB_DESKTOP_SIZE;
}

static enum rfb_event take_desktop_size(struct rfb_in *in, struct rfb_msg *ret)
{
	const uint8_t *at = in->bytes;

	in->area = (struct rect){0, 0, octets_get16(at + 2), octets_get16(at + 4)};
	in->left = at[6];
	in->screens = at[6];
	in->part = PART_SCREEN;
	return in->left ? RFB_MORE : end_desktop_size(in, ret);
}

static enum rfb_event take_screen(struct rfb_in *in, struct rfb_msg *ret)
{
	const uint8_t *at = in->bytes;

	if (in->left == (uint32_t)in->screens) {
		in->screen_id = octets_get32(at);
		in->screen = (struct rect){octets_get16(at + 4), octets_get16(at + 6),
		                           octets_get16(at + 8), octets_get16(at + 10)};
		in->screen_flags = octets_get32(at + 12);
	}
	return --in->left ? RFB_MORE : end_desktop_size(in, ret);
}

static enum rfb_event take_fixed(struct rfb_in *in, struct rfb_msg *ret)
{
	in->part = PART_TYPE;
	switch (in->bytes[0]) {
	case MSG_PIXELS: return take_pixels(in, ret);
	case MSG_ENCODINGS: return take_encodings(in, ret);
	case MSG_WANT: return take_want(in, ret);
	case MSG_KEY: return take_key(in, ret);
	case MSG_POINTER: return take_pointer(in, ret);
	case MSG_CUT: return take_cut(in, ret);
	default: return take_desktop_size(in, ret);
	}
}

/* A part is complete. RFB_MORE: it was no event by itself. */
static enum rfb_event take_part(struct rfb_in *in, struct rfb_msg *ret)
{
	in->have = 0;
	switch (in->part) {
	case PART_VERSION: return take_version(in, ret);
	case PART_SECURITY: return take_security(in, ret);
	case PART_INIT: in->part = PART_TYPE; return RFB_INIT;
	case PART_TYPE: return take_type(in, ret);
	case PART_FIXED: return take_fixed(in, ret);
	case PART_ENCODING: return take_encoding(in, ret);
	default: return take_screen(in, ret);
	}
}

static enum rfb_event take_text(struct rfb_in *in, struct span *bytes, struct rfb_msg *ret)
{
	size_t n = bytes->len < in->left ? bytes->len : in->left;

	ret->text = span_take(bytes, n);
	in->left -= (uint32_t)n;
	if (in->left == 0)
		in->part = PART_TYPE;
	return RFB_CUT_TEXT;
}

enum rfb_event rfb_in_next(struct rfb_in *in, struct span *bytes, struct rfb_msg *ret)
{
	while (bytes->len > 0 && in->part != PART_BAD) {
		if (in->part == PART_CUT_TEXT)
			return take_text(in, bytes, ret);
		size_t need = part_len(in) - in->have;
		struct span some = span_take(bytes, bytes->len < need ? bytes->len : need);
		memcpy(in->bytes + in->have, some.at, some.len);
		in->have = (uint8_t)(in->have + some.len);
		if (some.len < need)
			break;
		enum rfb_event e = take_part(in, ret);
		if (e != RFB_MORE)
			return e;
	}
	return RFB_MORE;
}
