/* The parser of what viewers say: every message, in any pieces, and everything that is none. */
#include "unit/unit.h"

#include "../../src/testcard/rfb_in.h"

#include "base/str.h"

/* Events as a line of text. */
struct trace {
	struct str s;
	char text[4096];
	enum rfb_part part; /* to begin with */
	const char *want;
	size_t cut_text; /* bytes */
};

static const char *put_rest(struct trace *t, enum rfb_event e, const struct rfb_msg *m)
{
	struct str *s = &t->s;

	switch (e) {
	case RFB_BAD: str_fmt(s, "bad(%s) ", m->error); break;
	case RFB_VERSION: str_fmt(s, "version(%d) ", m->minor); break;
	case RFB_SECURITY: str_fmt(s, "security(%d) ", m->security); break;
	case RFB_INIT: str_puts(s, "init "); break;
	case RFB_PIXELS: str_fmt(s, "pixels(%d,%d) ", m->pixels.bits, m->pixels.mapped); break;
	case RFB_OFFER:
		str_fmt(s, "offer(%d%s%s%s) ", m->offer.encoding, m->offer.copyrect ? "c" : "",
		        m->offer.desktop_size ? "d" : "", m->offer.extended_size ? "e" : "");
		break;
	case RFB_WANT:
		str_fmt(s, "want(%d:%d,%d,%d,%d) ", m->incremental, m->area.x, m->area.y, m->area.w,
		        m->area.h);
		break;
	case RFB_KEY: str_fmt(s, "key(%d:%x) ", m->down, (unsigned)m->key); break;
	case RFB_POINTER: str_fmt(s, "pointer(%d:%d,%d) ", m->buttons, m->area.x, m->area.y); break;
	case RFB_CUT: str_fmt(s, "cut(%u) ", (unsigned)m->len); break;
	case RFB_CUT_TEXT: t->cut_text += m->text.len; break;
	case RFB_DESKTOP_SIZE:
		str_fmt(s, "size(%d,%d:%d:%d,%d,%d,%d:%x:%x) ", m->area.w, m->area.h, m->screens,
		        m->screen.x, m->screen.y, m->screen.w, m->screen.h, (unsigned)m->screen_id,
		        (unsigned)m->screen_flags);
		break;
	case RFB_MORE: break;
	}
	return s->at;
}

static void run(void *ctx, const struct span *pieces, size_t n)
{
	struct trace *t = ctx;
	struct rfb_in in = {.part = t->part};

	str_init(&t->s, t->text, sizeof t->text);
	t->cut_text = 0;
	for (size_t i = 0; i < n; i++) {
		struct span s = pieces[i];
		struct rfb_msg m;
		enum rfb_event e;
		unsigned guard = 0;
		while ((e = rfb_in_next(&in, &s, &m)) != RFB_MORE) {
			put_rest(t, e, &m);
			assert_true(guard++ < 1000);
			if (e == RFB_BAD)
				break;
		}
		assert_true(e == RFB_BAD || in.part == PART_BAD || s.len == 0);
	}
	assert_string_equal(t->text, t->want);
}

#define BYTES(s) s, sizeof(s) - 1

static void test_messages(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		enum rfb_part part;
		const char *want;
		size_t cut_text;
	} rows[] = {
		{BYTES("RFB 003.008\n\1\1\3\1\0\1\0\2\0\3\0\4"), PART_VERSION,
	         "version(8) security(1) init want(1:1,2,3,4) ", 0},
		{BYTES("RFB 003.007\n\2\0"), PART_VERSION, "version(7) security(2) init ", 0},
		{BYTES("RFB 003.003\n\0"), PART_VERSION, "version(3) init ", 0},
		{BYTES("\0\0\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), PART_TYPE, "pixels(8,1) ", 0},
		{BYTES("\2\0\0\0"), PART_TYPE, "offer(0) ", 0},
		{BYTES("\2\0\0\1\0\0\0\1"), PART_TYPE, "offer(0c) ", 0},
		{BYTES("\2\0\0\5\0\0\0\20\0\0\0\2\0\0\0\5\377\377\377\41\377\377\376\314"),
	         PART_TYPE, "offer(2de) ", 0},
		{BYTES("\2\0\0\2\0\0\0\5\0\0\0\0\2\0\0\1\0\0\0\2"), PART_TYPE, "offer(5) offer(2) ",
	         0},
		{BYTES("\3\0\377\377\377\376\377\375\377\374"), PART_TYPE,
	         "want(0:65535,65534,65533,65532) ", 0},
		{BYTES("\4\1\0\0\0\0\377\15\4\0\0\0\0\0\377\15"), PART_TYPE,
	         "key(1:ff0d) key(0:ff0d) ", 0},
		{BYTES("\5\377\1\2\3\4"), PART_TYPE, "pointer(255:258,772) ", 0},
		{BYTES("\6\0\0\0\0\0\0\5hello\5\0\0\0\0\0"), PART_TYPE, "cut(5) pointer(0:0,0) ",
	         5},
		{BYTES("\6\0\0\0\0\0\0\0\5\0\0\0\0\0"), PART_TYPE, "cut(0) pointer(0:0,0) ", 0},
		{BYTES("\6\0\0\0\177\377\377\377abc"), PART_TYPE, "cut(2147483647) ", 3},
		{BYTES("\373\0\2\200\1\340\1\0\0\0\0\7\0\1\0\2\2\200\1\340\0\0\0\11"), PART_TYPE,
	         "size(640,480:1:1,2,640,480:7:9) ", 0},
		{BYTES("\373\0\2\200\1\340\0\0"), PART_TYPE, "size(640,480:0:0,0,0,0:0:0) ", 0},
		{BYTES("\373\0\0\1\0\1\2\0\0\0\0\1\0\0\0\0\0\1\0\1\0\0\0\1"
	               "\0\0\0\2\0\0\0\0\0\2\0\2\0\0\0\2\5\0\0\0\0\0"),
	         PART_TYPE, "size(1,1:2:0,0,1,1:1:1) pointer(0:0,0) ", 0},
		{BYTES("RFB 004.001\n"), PART_VERSION,
	         "bad(the viewer speaks RFB version 4, not 3) ", 0},
		{BYTES("RFB 003x008\n"), PART_VERSION, "bad(the viewer does not speak RFB) ", 0},
		{BYTES("RFB 003.00 \n"), PART_VERSION, "bad(the viewer does not speak RFB) ", 0},
		{BYTES("RFB 003.0088"), PART_VERSION, "bad(the viewer does not speak RFB) ", 0},
		{BYTES("GET / HTTP/1.1\r\n"), PART_VERSION, "bad(the viewer does not speak RFB) ",
	         0},
		{BYTES("\7\4\0\0"), PART_TYPE, "bad(the viewer sent a message of unknown type 7) ",
	         0},
		{BYTES("\5\0\0\0\0\0\377"), PART_TYPE,
	         "pointer(0:0,0) bad(the viewer sent a message of unknown type 255) ", 0},
		{BYTES("\6\0\0\0\200\0\0\0abc"), PART_TYPE,
	         "bad(the viewer sent a clipboard of 2147483648 bytes) ", 0},
		{BYTES("\0\0\0\0\30\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0"), PART_TYPE,
	         "bad(the viewer asked for pixels of neither 8, 16 nor 32 bits) ", 0},
		{BYTES("\0\0\0\0\10\10\0\1\0\377\0\377\0\377\20\10\0\0\0\0"), PART_TYPE,
	         "bad(the viewer asked for colours that do not fit into their pixels) ", 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trace t = {.want = rows[i].want, .part = rows[i].part};
		unit_cuts(span_of(rows[i].bytes, rows[i].len), run, &t);
		assert_int_equal(t.cut_text, rows[i].cut_text);
	}
}

/* Every type of message: those that exist, and all others. */
static void test_types(void **state)
{
	(void)state;
	static const uint8_t known[] = {0, 2, 3, 4, 5, 6, 251};

	for (unsigned type = 0; type < 256; type++) {
		struct rfb_in in = {.part = PART_TYPE};
		uint8_t byte = (uint8_t)type;
		struct span s = span_of(&byte, 1);
		struct rfb_msg m;
		bool good = memchr(known, byte, sizeof known);
		unit_note("type %u", type);
		assert_int_equal(rfb_in_next(&in, &s, &m), good ? RFB_MORE : RFB_BAD);
	}
	unit_note_clear();
}

/* However long a list is, it is not kept. */
static void test_long_lists(void **state)
{
	(void)state;
	struct rfb_in in = {.part = PART_TYPE};
	uint8_t head[4] = {2, 0, 0xff, 0xff}, one[4] = {0, 0, 0, 5};
	struct rfb_msg m;
	struct span s = span_of(head, 4);

	assert_int_equal(rfb_in_next(&in, &s, &m), RFB_MORE);
	for (int i = 1; i < 0xffff; i++) {
		s = span_of(one, 4);
		assert_int_equal(rfb_in_next(&in, &s, &m), RFB_MORE);
	}
	s = span_of(one, 4);
	assert_int_equal(rfb_in_next(&in, &s, &m), RFB_OFFER);
	assert_int_equal(m.offer.encoding, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_messages), UNIT(test_types),
	                                   UNIT(test_long_lists)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
