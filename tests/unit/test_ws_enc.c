/* ws_enc: bytes as RFC 6455 5.7 has them, and everything read back by ws_dec. */
#include "unit/unit.h"
#include "unit/ws_log.h"

#include "wire/ws_enc.h"

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static const uint8_t zeros[4];

#define TEN "0123456789"
#define TEXT120 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void test_heads(void **state)
{
	(void)state;
	static const struct {
		uint64_t len;
		const char *head;
		size_t n;
	} rows[] = {
		{0, "\x82\x00", 2},
		{1, "\x82\x01", 2},
		{125, "\x82\x7d", 2},
		{126, "\x82\x7e\x00\x7e", 4},
		{127, "\x82\x7e\x00\x7f", 4},
		{256, "\x82\x7e\x01\x00", 4},
		{65535, "\x82\x7e\xff\xff", 4},
		{65536, "\x82\x7f\0\0\0\0\0\x01\0\0", 10},
		{0x0123456789abcdef, "\x82\x7f\x01\x23\x45\x67\x89\xab\xcd\xef", 10},
		{INT64_MAX, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10},
	};
	struct edge e;
	edge_init(&e, WS_HEAD_MAX);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = rows[i].n;
		unit_note("length %llu", (unsigned long long)rows[i].len);
		assert_int_equal(ws_enc_head_len(rows[i].len, false), n);
		assert_int_equal(ws_enc_head_len(rows[i].len, true), n + 4);
		uint8_t *out = edge_span(&e, n).at; /* writes no more than it says */
		assert_int_equal(ws_enc_head(out, rows[i].len, WS_OP_BINARY, NULL), n);
		assert_memory_equal(out, rows[i].head, n);
		out = edge_span(&e, n + 4).at;
		assert_int_equal(ws_enc_head(out, rows[i].len, WS_OP_BINARY, mask), n + 4);
		assert_int_equal(out[1], (uint8_t)rows[i].head[1] | 0x80);
		assert_memory_equal(out + 2, rows[i].head + 2, n - 2);
		assert_memory_equal(out + n, mask, 4);
	}
	unit_note_clear();
	edge_done(&e);
}

static void test_opcodes(void **state)
{
	(void)state;
	static const uint8_t opcodes[] = {WS_OP_CONT,  WS_OP_TEXT, WS_OP_BINARY,
	                                  WS_OP_CLOSE, WS_OP_PING, WS_OP_PONG};
	uint8_t out[WS_HEAD_MAX];
	for (size_t i = 0; i < sizeof opcodes; i++) {
		ws_enc_head(out, 5, opcodes[i], NULL);
		assert_int_equal(out[0], 0x80 | opcodes[i]);
	}
}

static void test_controls(void **state)
{
	(void)state;
	uint8_t out[WS_CTL_MAX];
	size_t n = ws_enc_ctl(out, WS_OP_PING, span_str("Hello"), NULL);
	assert_span_is(span_of(out, n), "\x89\x05Hello");
	n = ws_enc_ctl(out, WS_OP_PONG, span_str("Hello"), mask);
	assert_span_is(span_of(out, n), "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
	n = ws_enc_ctl(out, WS_OP_PING, span_of(NULL, 0), NULL);
	assert_span_is(span_of(out, n), "\x89\x00");
	n = ws_enc_ctl(out, WS_OP_PING, span_str(TEXT120 "12345"), NULL);
	assert_span_is(span_of(out, n), "\x89\x7d" TEXT120 "12345");
	n = ws_enc_ctl(out, WS_OP_PING, span_str(TEXT120 "123456"), zeros);
	assert_span_is(span_of(out, n), "\x89\xfd\0\0\0\0" TEXT120 "12345");
}

static void test_closes(void **state)
{
	(void)state;
	uint8_t out[WS_CTL_MAX];
	size_t n = ws_enc_close(out, 0, span_str("no reason without a code"), NULL);
	assert_span_is(span_of(out, n), "\x88\x00");
	n = ws_enc_close(out, 0, span_of(NULL, 0), mask);
	assert_span_is(span_of(out, n), "\x88\x80\x37\xfa\x21\x3d");
	n = ws_enc_close(out, 1000, span_of(NULL, 0), NULL);
	assert_span_is(span_of(out, n), "\x88\x02\x03\xe8");
	n = ws_enc_close(out, 1011, span_str("gone"), NULL);
	assert_span_is(span_of(out, n), "\x88\x06\x03\xf3gone");
	n = ws_enc_close(out, 4999, span_str("!"), zeros);
	assert_span_is(span_of(out, n), "\x88\x83\0\0\0\0\x13\x87!");
	n = ws_enc_close(out, 1000, span_str(TEXT120 "1234"), NULL);
	assert_span_is(span_of(out, n), "\x88\x7d\x03\xe8" TEXT120 "123");
	/* the 123rd byte would be inside a character */
	n = ws_enc_close(out, 1000, span_str(TEXT120 "1\xe2\x82\xac"), NULL);
	assert_span_is(span_of(out, n), "\x88\x7b\x03\xe8" TEXT120 "1");
}

struct expect {
	bool server;
	const char *text;
};

static void run_expect(void *ctx, const struct span *pieces, size_t n)
{
	const struct expect *x = ctx;
	struct ws_log l = {.len = 0};
	struct ws_dec d;
	ws_dec_init(&d, x->server);
	for (size_t i = 0; i < n; i++)
		assert_true(ws_log_feed(&l, &d, pieces[i]));
	ws_log_flush(&l);
	assert_string_equal(l.text, x->text);
}

/* Every code a peer may get, with random reasons of any length, in both roles, is read back as it
 * was meant; so is every ping. */
static void test_read_back(void **state)
{
	(void)state;
	struct rng rng = {5};
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t text[300], out[WS_CTL_MAX], key[4];
		size_t len = (size_t)rng_below(&rng, sizeof text);
		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)(' ' + rng_below(&rng, 95));
		rng_fill(&rng, key, 4);
		bool masked = rng_below(&rng, 2);
		uint16_t code = (uint16_t)(3000 + rng_below(&rng, 2000));
		struct span kept = span_of(text, len < 123 ? len : 123);
		struct ws_log want = {.len = 0};
		struct expect x = {masked, want.text};
		ws_log_end(&want, "close", code, kept);
		size_t n = ws_enc_close(out, code, span_of(text, len), masked ? key : NULL);
		unit_random_cuts(span_of(out, n), round, 1, run_expect, &x);

		kept.len = len < 125 ? len : 125;
		want.len = 0;
		ws_log_ctl(&want, "ping", kept);
		n = ws_enc_ctl(out, WS_OP_PING, span_of(text, len), masked ? key : NULL);
		unit_random_cuts(span_of(out, n), round, 1, run_expect, &x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_heads), UNIT(test_opcodes),
	                                   UNIT(test_controls), UNIT(test_closes),
	                                   UNIT(test_read_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
