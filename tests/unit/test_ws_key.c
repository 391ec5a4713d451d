/* ws_key: the RFC's examples and every way a key can be wrong. */
/* ldflags: -Wl,--wrap=mbedtls_sha1 */
#include "unit/unit.h"

#include "wire/ws_key.h"

#include <errno.h>
#include <mbedtls/sha1.h>

int __real_mbedtls_sha1(const unsigned char *in, size_t n, unsigned char out[20]);
int __wrap_mbedtls_sha1(const unsigned char *in, size_t n, unsigned char out[20]);

static int sha1_error; /* what SHA-1 answers; 0: the truth */

int __wrap_mbedtls_sha1(const unsigned char *in, size_t n, unsigned char out[20])
{
	return sha1_error ? sha1_error : __real_mbedtls_sha1(in, n, out);
}

static void test_accept(void **state)
{
	(void)state;
	static const struct {
		const char *key, *accept;
	} rows[] = {
		/* RFC 6455 1.3 */
		{"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		/* worked out with another SHA-1 */
		{"AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="},
		{"x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[WS_ACCEPT];
		memset(out, 'x', sizeof out);
		assert_int_equal(ws_key_accept(span_str(rows[i].key), out), 0);
		assert_string_equal(out, rows[i].accept);
	}
}

static void test_keys(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		bool ok;
	} rows[] = {
		{"dGhlIHNhbXBsZSBub25jZQ==", true},
		{"AAAAAAAAAAAAAAAAAAAAAA==", true},
		{"++++////0123456789azAZ==", true},
		/* RFC 6455 4.1's example: an unused bit is set */
		{"AQIDBAUGBwgJCgsMDQ4PEC==", true},
		{"", false},
		{"AAA=", false},
		{"AAAAAAAAAAAAAAAAAAAA", false},     /* 15 bytes */
		{"AAAAAAAAAAAAAAAAAAAAAAA=", false}, /* 17 bytes */
		{"AAAAAAAAAAAAAAAAAAAAAAAA", false}, /* 18 bytes */
		{"AAAAAAAAAAAAAAAAAAAAAA", false},   /* no padding */
		{"AAAAAAAAAAAAAAAAAAAAAA=", false},
		{"AAAAAAAAAAAAAAAAAAAAAA===", false},
		{"AAAAAAAAAAAAAAAAAAAAA===", false},
		{"AAAA==AAAAAAAAAAAAAAAA==", false},
		{" AAAAAAAAAAAAAAAAAAAAA==", false},
		{"AAAAAAAAAAAAAAAAAAAAA ==", false},
		{"AAAAAAAAA-AAAAAAAAAAAA==", false}, /* of the URL alphabet */
		{"AAAAAAAAA_AAAAAAAAAAAA==", false},
	};
	struct edge e;
	edge_init(&e, 32);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[WS_ACCEPT] = "untouched";
		struct span key = edge_copy(&e, span_str(rows[i].key));
		unit_note("\"%s\"", rows[i].key);
		assert_int_equal(ws_key_ok(key), rows[i].ok);
		assert_int_equal(ws_key_accept(key, out), rows[i].ok ? 0 : -EINVAL);
		if (!rows[i].ok)
			assert_string_equal(out, "untouched");
	}
	unit_note_clear();
	edge_done(&e);
	assert_false(ws_key_ok(span_of(NULL, 0)));
}

static void test_no_sha1(void **state)
{
	(void)state;
	char out[WS_ACCEPT] = "untouched";
	sha1_error = -0x0070; /* MBEDTLS_ERR_PLATFORM_HW_ACCEL_FAILED */
	assert_int_equal(ws_key_accept(span_str("dGhlIHNhbXBsZSBub25jZQ=="), out), -EIO);
	sha1_error = 0;
	assert_string_equal(out, "untouched");
}

/* Every byte in every place. */
static void test_alphabet(void **state)
{
	(void)state;
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned c = 0; c < 256; c++) {
		for (size_t place = 0; place < 24; place++) {
			char key[] = "AAAAAAAAAAAAAAAAAAAAAA==";
			key[place] = (char)c;
			bool ok = place < 22 ? c != 0 && strchr(alphabet, (int)c) : c == '=';
			assert_int_equal(ws_key_ok(span_of(key, 24)), ok);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_accept), UNIT(test_keys), UNIT(test_no_sha1),
	                                   UNIT(test_alphabet)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
