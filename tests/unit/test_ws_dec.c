/* ws_dec: vectors at every cut, every pair of first bytes, every close code, random streams
 * against a model, broken streams.
 */
#include "unit/unit.h"
#include "unit/ws_dec_rows.h"
#include "unit/ws_log.h"

#include "wire/ws_dec.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

struct run {
	const char *name;
	bool server;
	const char *want;
};

static void fail_at(const char *name, const char *have, const char *want)
{
	print_error("%s\n  have %s\n  want %s\n", name, have, want);
	fail_msg("decoded differently");
}

static void run_row(void *ctx, const struct span *pieces, size_t n)
{
	const struct run *r = ctx;
	static const struct span none;
	struct ws_log l = {.len = 0};
	struct ws_dec d;
	ws_dec_init(&d, r->server);
	for (size_t i = 0; i < n; i++)
		if (!ws_log_feed(&l, &d, pieces[i]) || !ws_log_feed(&l, &d, none))
			fail_at(r->name, l.text, "a decoder that keeps its promises");
	ws_log_flush(&l);
	if (strcmp(l.text, r->want) != 0)
		fail_at(r->name, l.text, r->want);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r = {rows[i].name, !rows[i].client, rows[i].want};
		struct span bytes = span_of(rows[i].bytes, rows[i].len);
		unit_cuts(bytes, run_row, &r);
		unit_random_cuts(bytes, i, 20, run_row, &r);
	}
}

/* Writes a frame, masked with m when m is there, and returns its length. */
static size_t put_frame(uint8_t *at, uint8_t first, struct span payload, const uint8_t *m)
{
	size_t head = ws_enc_head(at, payload.len, first & 0x0f, m);
	at[0] = first;
	if (payload.len)
		memcpy(at + head, payload.at, payload.len);
	if (m)
		ws_mask(span_of(at + head, payload.len), m, 0);
	return head + payload.len;
}

/* RFC 6455 5.7 (256 bytes, 64 KiB) and the lengths where the form of the header changes. */
static void test_lengths(void **state)
{
	(void)state;
	static const size_t lens[] = {1, 124, 125, 126, 127, 255, 256, 65534, 65535, 65536, 65537};
	static const uint8_t mask[4] = {0xa1, 0x00, 0xff, 0x37};
	uint8_t *payload = malloc(65537), *frame = malloc(65537 + WS_HEAD_MAX);
	assert_non_null(payload);
	assert_non_null(frame);
	struct rng rng = {7};
	rng_fill(&rng, payload, 65537);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		for (int client = 0; client < 2; client++) {
			struct ws_log want = {.len = 0};
			ws_log_data(&want, WS_OP_BINARY, span_of(payload, lens[i]));
			ws_log_word(&want, "end");
			size_t n = put_frame(frame, 0x82, span_of(payload, lens[i]),
			                     client ? NULL : mask);
			assert_int_equal(n, lens[i] + ws_enc_head_len(lens[i], !client));
			struct run r = {"length", !client, want.text};
			if (n < 300)
				unit_cuts(span_of(frame, n), run_row, &r);
			unit_random_cuts(span_of(frame, n), i, 10, run_row, &r);
		}
	}
	free(payload);
	free(frame);
}

/* What RFC 6455 5.2 to 5.5 say about a frame's first two bytes, said again. */
static bool may_begin(bool server, bool in_message, unsigned first, unsigned second)
{
	bool fin = first >> 7;
	unsigned rsv = first >> 4 & 7, op = first & 15, len = second & 127;
	if (rsv != 0 || (second >> 7) != (server ? 1u : 0u))
		return false;
	if (op == 8 || op == 9 || op == 10)
		return fin && len < 126;
	if (op == 0)
		return in_message;
	return (op == 1 || op == 2) && !in_message;
}

static void begin_message(struct ws_dec *d, bool server)
{
	uint8_t head[6] = {0x01, server ? 0x80 : 0};
	struct span in = span_of(head, server ? 6 : 2), out;
	assert_int_equal(ws_dec_next(d, &in, &out), WS_MORE);
}

/* Every first two bytes, both roles, inside and outside a message, whole and in two pieces. */
static void test_all_first_bytes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8u << 16; i++) {
		unsigned first = i & 255, second = i >> 8 & 255;
		bool server = i >> 16 & 1, in_message = i >> 17 & 1, cut = i >> 18 & 1;
		struct ws_dec d;
		ws_dec_init(&d, server);
		if (in_message)
			begin_message(&d, server);
		uint8_t bytes[2] = {(uint8_t)first, (uint8_t)second};
		struct span in = span_of(bytes, cut ? 1 : 2), out;
		enum ws_event e = ws_dec_next(&d, &in, &out);
		if (cut && e == WS_MORE) {
			in = span_of(bytes + 1, 1);
			e = ws_dec_next(&d, &in, &out);
		}
		unit_note("%02x %02x server %d in message %d cut %d", first, second, server,
		          in_message, cut);
		assert_int_equal(e == WS_BAD, !may_begin(server, in_message, first, second));
		assert_int_equal(in.len, e == WS_BAD || e == WS_MORE ? 0 : in.len);
		if (e == WS_BAD)
			assert_int_equal(d.code, 1002);
	}
	unit_note_clear();
}

/* RFC 6455 7.4.2 and the registry: 1012 to 1014 were added to it later. */
static bool may_be_sent(unsigned code)
{
	static const unsigned named[] = {1000, 1001, 1002, 1003, 1007, 1008,
	                                 1009, 1010, 1011, 1012, 1013, 1014};
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
		if (code == named[i])
			return true;
	return code / 1000 == 3 || code / 1000 == 4;
}

static void test_all_close_codes(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 65536; code++) {
		uint8_t frame[] = {0x88, 0x02, (uint8_t)(code >> 8), (uint8_t)code};
		struct span in = span_of(frame, sizeof frame), out = {NULL, 9};
		struct ws_dec d;
		ws_dec_init(&d, false);
		enum ws_event e = ws_dec_next(&d, &in, &out);
		unit_note("close code %u", code);
		assert_int_equal(e, may_be_sent(code) ? WS_CLOSE : WS_BAD);
		assert_int_equal(d.code, may_be_sent(code) ? code : 1002);
		assert_int_equal(in.len, 0);
		if (e == WS_CLOSE)
			assert_int_equal(out.len, 0);
	}
	unit_note_clear();
}

/* Every length that a longer form may not carry, and the first it may. */
static void test_all_lengths_in_16_bits(void **state)
{
	(void)state;
	for (unsigned len = 0; len < 65536; len++) {
		uint8_t frame[] = {0x82, 0x7e, (uint8_t)(len >> 8), (uint8_t)len};
		struct span in = span_of(frame, sizeof frame), out;
		struct ws_dec d;
		ws_dec_init(&d, false);
		assert_int_equal(ws_dec_next(&d, &in, &out), len < 126 ? WS_BAD : WS_MORE);
		if (len >= 126)
			assert_int_equal(d.left, len);
	}
}

/* Each event takes exactly its own bytes and leaves the next frame alone. */
static void test_counts_exactly(void **state)
{
	(void)state;
	uint8_t bytes[] = {0x82, 0x03, 'a', 'b', 'c', 0x89, 0x01, 'p', 0x01, 0x00, 0x80, 0x01, 'z'};
	struct span in = span_of(bytes, sizeof bytes), out;
	struct ws_dec d;
	ws_dec_init(&d, false);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_DATA);
	assert_ptr_equal(out.at, bytes + 2);
	assert_int_equal(out.len, 3);
	assert_ptr_equal(in.at, bytes + 5);
	assert_true(d.in_message);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_END);
	assert_false(d.in_message);
	assert_ptr_equal(in.at, bytes + 5);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_PING);
	assert_span_is(out, "p");
	assert_ptr_equal(in.at, bytes + 8);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_DATA);
	assert_ptr_equal(out.at, bytes + 12);
	assert_int_equal(d.opcode, WS_OP_TEXT);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_END);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_MORE);
}

/* A control frame's payload is unmasked in the decoder's own bytes, data where it lies. */
static void test_ping_leaves_input_alone(void **state)
{
	(void)state;
	uint8_t bytes[] = {0x89, 0x82, 1, 2, 3, 4, 'p' ^ 1, 'q' ^ 2}, copy[sizeof bytes];
	memcpy(copy, bytes, sizeof bytes);
	struct span in = span_of(bytes, sizeof bytes), out;
	struct ws_dec d;
	ws_dec_init(&d, true);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_PING);
	assert_span_is(out, "pq");
	assert_memory_equal(bytes, copy, sizeof bytes);
}

/* ---- random streams against a model ---- */

struct stream {
	uint8_t bytes[4096];
	size_t len;
	struct ws_log want;
	bool server;
	struct rng rng;
};

static void add_frame(struct stream *s, uint8_t first, struct span payload)
{
	uint8_t mask[4];
	rng_fill(&s->rng, mask, 4);
	s->len += put_frame(s->bytes + s->len, first, payload, s->server ? mask : NULL);
}

static struct span random_payload(struct stream *s, uint8_t room[300], size_t most)
{
	size_t n = (size_t)rng_below(&s->rng, 4) ? (size_t)rng_below(&s->rng, most) : 0;
	rng_fill(&s->rng, room, n);
	return span_of(room, n);
}

static void add_controls(struct stream *s)
{
	uint8_t room[300];
	while (rng_below(&s->rng, 3) == 0) {
		bool ping = rng_below(&s->rng, 2);
		struct span p = random_payload(s, room, 126);
		ws_log_ctl(&s->want, ping ? "ping" : "pong", p);
		add_frame(s, ping ? 0x89 : 0x8a, p);
	}
}

static void add_message(struct stream *s)
{
	uint8_t room[300];
	uint8_t opcode = (uint8_t)(1 + rng_below(&s->rng, 2));
	size_t fragments = 1 + (size_t)rng_below(&s->rng, 3);
	for (size_t i = 0; i < fragments; i++) {
		struct span p = random_payload(s, room, i ? 40 : 300);
		if (p.len)
			ws_log_data(&s->want, opcode, p);
		uint8_t fin = i + 1 == fragments ? 0x80 : 0;
		add_frame(s, (uint8_t)(fin | (i ? 0 : opcode)), p);
		if (!fin)
			add_controls(s);
	}
	ws_log_word(&s->want, "end");
}

static void make_stream(struct stream *s, uint64_t seed)
{
	s->rng.at = seed;
	s->len = 0;
	s->want.len = 0;
	s->want.text[0] = 0;
	s->want.run_len = 0;
	s->server = rng_below(&s->rng, 2);
	for (uint64_t i = 1 + rng_below(&s->rng, 3); i > 0; i--) {
		add_message(s);
		add_controls(s);
	}
	ws_log_flush(&s->want);
}

static void test_random_streams(void **state)
{
	(void)state;
	struct stream *s = calloc(1, sizeof *s);
	assert_non_null(s);
	for (uint64_t seed = 0; seed < 20000; seed++) {
		make_stream(s, seed);
		struct run r = {"random stream", s->server, s->want.text};
		unit_random_cuts(span_of(s->bytes, s->len), seed, 1, run_row, &r);
	}
	free(s);
}

/* ---- broken streams ---- */

static void decode_pieces(struct ws_log *l, bool server, struct span bytes, size_t step)
{
	uint8_t room[64];
	struct ws_dec d;
	ws_dec_init(&d, server);
	while (bytes.len > 0) {
		struct span piece = span_take(&bytes, bytes.len < step ? bytes.len : step);
		memcpy(room, piece.at, piece.len);
		assert_true(ws_log_feed(l, &d, span_of(room, piece.len)));
	}
	ws_log_flush(l);
}

static const char valid[] = "\x82\x83\x01\x02\x03\x04"
			    "abc\x01\x81\x11\x12\x13\x14"
			    "x\x89\x82\x21\x22\x23\x24"
			    "pp\x80\x80\x31\x32\x33\x34\x88\x84\x41\x42\x43\x44\x42\xaa\x2b\x2d";

/* However broken: the verdict does not depend on the cut, and the decoder keeps its promises. */
static void test_every_bit_flip(void **state)
{
	(void)state;
	uint8_t bytes[sizeof valid - 1];
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		memcpy(bytes, valid, sizeof bytes);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		struct ws_log whole = {.len = 0}, single = {.len = 0}, three = {.len = 0};
		unit_note("bit %zu", bit);
		decode_pieces(&whole, true, span_of(bytes, sizeof bytes), 64);
		decode_pieces(&single, true, span_of(bytes, sizeof bytes), 1);
		decode_pieces(&three, true, span_of(bytes, sizeof bytes), 3);
		assert_string_equal(whole.text, single.text);
		assert_string_equal(whole.text, three.text);
	}
	unit_note_clear();
}

/* What is cut short is said as far as it came: nothing else, and nothing bad. */
static void test_every_truncation(void **state)
{
	(void)state;
	struct ws_log full = {.len = 0};
	decode_pieces(&full, true, span_of(valid, sizeof valid - 1), 64);
	assert_string_equal(full.text, "binary\"```\" end"
	                               " text\"i\" ping\"QR\" end close(1000,\"hi\")");
	for (size_t n = 0; n < sizeof valid - 1; n++) {
		struct ws_log l = {.len = 0};
		unit_note("first %zu bytes", n);
		decode_pieces(&l, true, span_of(valid, n), 64);
		assert_false(l.bad || l.closed);
		if (l.len > 0 && l.text[l.len - 1] == '"')
			l.len--; /* payload may be a part of what it is in the end */
		assert_true(l.len <= full.len && memcmp(l.text, full.text, l.len) == 0);
	}
	unit_note_clear();
}

/* Ten thousand empty fragments are one call's work and no event. */
static void test_empty_fragments_say_nothing(void **state)
{
	(void)state;
	uint8_t bytes[2 * 10000];
	memset(bytes, 0, sizeof bytes);
	bytes[0] = 0x02;
	struct span in = span_of(bytes, sizeof bytes), out;
	struct ws_dec d;
	ws_dec_init(&d, false);
	assert_int_equal(ws_dec_next(&d, &in, &out), WS_MORE);
	assert_int_equal(in.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rows),
		UNIT(test_lengths),
		UNIT(test_all_first_bytes),
		UNIT(test_all_close_codes),
		UNIT(test_all_lengths_in_16_bits),
		UNIT(test_counts_exactly),
		UNIT(test_ping_leaves_input_alone),
		UNIT(test_random_streams),
		UNIT(test_every_bit_flip),
		UNIT(test_every_truncation),
		UNIT(test_empty_fragments_say_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
