/* Messages, field by field. */
#include "rfb_out.h"

#include "encode.h"
#include "octets.h"

enum { MSG_MAP = 1, MSG_BELL = 2, MSG_CUT = 3 };

static size_t put_bytes(uint8_t *out, const char *text)
{
	size_t n = strlen(text);
	memcpy(out, text, n);
	return n;
}

/* A text with its length in front. */
static size_t put_text(uint8_t *out, const char *text)
{
	size_t n = put_bytes(out + 4, text);
	return octets_put32(out, (uint32_t)n) + n;
}

size_t rfb_version(uint8_t *out)
{
	return put_bytes(out, "RFB 003.008\n");
}

size_t rfb_security(int minor, uint8_t *out)
{
	if (minor < 7)
		return octets_put32(out, SECURITY_NONE);
	out[0] = 1;
	out[1] = SECURITY_NONE;
	return 2;
}

size_t rfb_refuse(const char *why, uint8_t *out)
{
	out[0] = 0;
	return 1 + put_text(out + 1, why);
}

size_t rfb_security_ok(uint8_t *out)
{
	return octets_put32(out, 0);
}

size_t rfb_security_failed(const char *why, uint8_t *out)
{
	size_t n = octets_put32(out, 1);
	return n + put_text(out + n, why);
}

size_t rfb_init(int w, int h, const char *name, uint8_t *out)
{
	struct pixel_format native = pixel_native();

	octets_put16(out, (uint16_t)w);
	octets_put16(out + 2, (uint16_t)h);
	pixel_write(&native, out + 4);
	return 20 + put_text(out + 20, name);
}

size_t rfb_map(int first, uint8_t *out)
{
	size_t n = 6;

	out[0] = MSG_MAP;
	out[1] = 0;
	octets_put16(out + 2, (uint16_t)first);
	octets_put16(out + 4, MAP_STEP);
	for (int i = first; i < first + MAP_STEP; i++)
		for (int channel = 0; channel < 3; channel++)
			n += octets_put16(out + n, pixel_map_entry(i, channel));
	return n;
}

size_t rfb_bell(uint8_t *out)
{
	out[0] = MSG_BELL;
	return 1;
}

size_t rfb_cut_text(const char *text, uint8_t *out)
{
	octets_put32(out, (uint32_t)MSG_CUT << 24);
	return 4 + put_text(out + 4, text);
}

size_t rfb_update(int rects, uint8_t *out)
{
	octets_put16(out, 0);
	octets_put16(out + 2, (uint16_t)rects);
	return 4;
}

size_t rfb_rect(struct rect r, int encoding, uint8_t *out)
{
	octets_put16(out, (uint16_t)r.x);
	octets_put16(out + 2, (uint16_t)r.y);
	octets_put16(out + 4, (uint16_t)r.w);
	octets_put16(out + 6, (uint16_t)r.h);
	octets_put32(out + 8, (uint32_t)encoding);
	return 12;
}

size_t rfb_copy(struct rect from, struct rect to, uint8_t *out)
{
	size_t n = rfb_rect(to, ENCODING_COPYRECT, out);
	n += octets_put16(out + n, (uint16_t)from.x);
	return n + octets_put16(out + n, (uint16_t)from.y);
}

size_t rfb_extended_size(struct rect whole, int why, int status, uint32_t id, uint32_t flags,
                         uint8_t *out)
{
	struct rect head = {why, status, whole.w, whole.h};
	size_t n = rfb_rect(head, ENCODING_EXTENDED_SIZE, out);

	n += octets_put32(out + n, 1u << 24); /* one screen, and padding */
	n += octets_put32(out + n, id);
	n += octets_put32(out + n, 0);
	n += octets_put16(out + n, (uint16_t)whole.w);
	n += octets_put16(out + n, (uint16_t)whole.h);
	return n + octets_put32(out + n, flags);
}
