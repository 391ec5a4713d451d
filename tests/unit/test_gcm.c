/* AES-GCM through Mbed TLS's functions, on every path this machine has: vectors, tags of every length,
 * forgeries, messages in parts, and what must be refused. */
#include "unit.h"

#include "gcm_paths.h"
#include "gcm_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 128, TAG = 16 };

struct bytes {
	uint8_t at[ROOM];
	size_t len;
};

static struct bytes from_hex(const char *hex)
{
	struct bytes b = {.len = strlen(hex) / 2};
	unsigned value;

	assert_true(b.len <= ROOM && strlen(hex) % 2 == 0);
	for (size_t i = 0; i < b.len; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};

		value = (unsigned)strtoul(pair, NULL, 16);
		b.at[i] = (uint8_t)value;
	}
	return b;
}

struct row {
	struct bytes key, iv, aad, plain, cipher, tag;
};

static struct row row_of(const struct gcm_row *r)
{
	struct row x = {from_hex(r->key),   from_hex(r->iv),     from_hex(r->aad),
	                from_hex(r->plain), from_hex(r->cipher), from_hex(r->tag)};

	assert_int_equal(x.plain.len, x.cipher.len);
	return x;
}

typedef void row_fn(mbedtls_gcm_context *ctx, const struct row *r);

static void each_row(row_fn *fn)
{
	for (size_t p = 0; p < GCM_PATHS; p++)
		for (size_t i = 0; i < GCM_ROWS; i++) {
			struct row r = row_of(&gcm_row_list[i]);
			mbedtls_gcm_context ctx;

			unit_note("%s, %s", gcm_path_list[p].name, gcm_row_list[i].name);
			assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[p], r.key.at, r.key.len),
			                 0);
			fn(&ctx, &r);
			mbedtls_gcm_free(&ctx);
		}
	unit_note_clear();
}

static int seal(mbedtls_gcm_context *ctx, const struct row *r, const uint8_t *in, uint8_t *out,
                size_t tag_len, uint8_t *tag)
{
	return mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, r->plain.len, r->iv.at,
	                                 r->iv.len, r->aad.at, r->aad.len, in, out, tag_len, tag);
}

static int unseal(mbedtls_gcm_context *ctx, const struct row *r, const uint8_t *in, uint8_t *out,
                  size_t tag_len, const uint8_t *tag)
{
	return mbedtls_gcm_auth_decrypt(ctx, r->plain.len, r->iv.at, r->iv.len, r->aad.at,
	                                r->aad.len, tag, tag_len, in, out);
}

/* Apart and in place, several with one key. */
static void check_vector(mbedtls_gcm_context *ctx, const struct row *r)
{
	uint8_t out[ROOM], tag[TAG];

	assert_int_equal(seal(ctx, r, r->plain.at, out, TAG, tag), 0);
	assert_memory_equal(out, r->cipher.at, r->cipher.len);
	assert_memory_equal(tag, r->tag.at, TAG);
	assert_int_equal(unseal(ctx, r, r->cipher.at, out, TAG, tag), 0);
	assert_memory_equal(out, r->plain.at, r->plain.len);
	assert_int_equal(seal(ctx, r, out, out, TAG, tag), 0);
	assert_memory_equal(out, r->cipher.at, r->cipher.len);
	assert_memory_equal(tag, r->tag.at, TAG);
	assert_int_equal(unseal(ctx, r, out, out, TAG, r->tag.at), 0);
	assert_memory_equal(out, r->plain.at, r->plain.len);
}

static void test_vectors(void **state)
{
	(void)state;
	each_row(check_vector);
}

/* A short tag is the beginning of the long one; nothing behind it is written. */
static void check_tags(mbedtls_gcm_context *ctx, const struct row *r)
{
	uint8_t out[ROOM], tag[TAG + 1];

	for (size_t n = 4; n <= TAG; n++) {
		memset(tag, 0xee, sizeof tag);
		assert_int_equal(seal(ctx, r, r->plain.at, out, n, tag), 0);
		assert_memory_equal(tag, r->tag.at, n);
		assert_int_equal(tag[n], 0xee);
		assert_int_equal(unseal(ctx, r, r->cipher.at, out, n, tag), 0);
		assert_memory_equal(out, r->plain.at, r->plain.len);
	}
	for (size_t n = 0; n <= 33; n = n == 3 ? TAG + 1 : n + 1) {
		assert_int_not_equal(seal(ctx, r, r->plain.at, out, n, (uint8_t[40]){0}), 0);
		assert_int_not_equal(unseal(ctx, r, r->cipher.at, out, n, (uint8_t[40]){0}), 0);
	}
}

static void test_tags_of_every_length(void **state)
{
	(void)state;
	each_row(check_tags);
}

static void refused(mbedtls_gcm_context *ctx, const struct row *forged)
{
	uint8_t out[ROOM], zero[ROOM] = {0};

	memset(out, 0xee, sizeof out);
	assert_int_equal(unseal(ctx, forged, forged->cipher.at, out, TAG, forged->tag.at),
	                 MBEDTLS_ERR_GCM_AUTH_FAILED);
	assert_memory_equal(out, zero, forged->plain.len);
}

/* Any bit of tag, message, data or nonce that differs; no plaintext is left in the output. */
static void check_forgeries(mbedtls_gcm_context *ctx, const struct row *r)
{
	static const size_t part[] = {offsetof(struct row, tag), offsetof(struct row, cipher),
	                              offsetof(struct row, aad), offsetof(struct row, iv)};
	struct row forged = *r;

	for (size_t p = 0; p < 4; p++) {
		struct bytes *b = (struct bytes *)((char *)&forged + part[p]);

		for (size_t bit = 0; bit < b->len * 8; bit += 7) {
			b->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refused(ctx, &forged);
			b->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	assert_int_equal(
		unseal(ctx, &forged, forged.cipher.at, forged.plain.at, TAG, forged.tag.at), 0);
}

static void test_forgeries(void **state)
{
	(void)state;
	each_row(check_forgeries);
}

/* Decrypting with crypt_and_tag gives the tag and checks nothing. */
static void check_tag_of_opening(mbedtls_gcm_context *ctx, const struct row *r)
{
	uint8_t out[ROOM], tag[TAG];

	assert_int_equal(mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, r->plain.len, r->iv.at,
	                                           r->iv.len, r->aad.at, r->aad.len, r->cipher.at,
	                                           out, TAG, tag),
	                 0);
	assert_memory_equal(out, r->plain.at, r->plain.len);
	assert_memory_equal(tag, r->tag.at, TAG);
}

static void test_tag_of_opening(void **state)
{
	(void)state;
	each_row(check_tag_of_opening);
}

static void in_parts(mbedtls_gcm_context *ctx, const struct row *r, int mode, const uint8_t *in,
                     const uint8_t *want)
{
	uint8_t out[ROOM], tag[TAG];
	size_t cut = r->plain.len / 3, n, m, last;

	assert_int_equal(mbedtls_gcm_starts(ctx, mode, r->iv.at, r->iv.len), 0);
	assert_int_equal(mbedtls_gcm_update_ad(ctx, r->aad.at, r->aad.len), 0);
	assert_int_equal(mbedtls_gcm_update(ctx, in, cut, out, ROOM, &n), 0);
	assert_int_equal(
		mbedtls_gcm_update(ctx, in + cut, r->plain.len - cut, out + n, ROOM - n, &m), 0);
	assert_int_equal(mbedtls_gcm_finish(ctx, out + n + m, ROOM - n - m, &last, tag, TAG), 0);
	assert_int_equal(n + m + last, r->plain.len);
	assert_memory_equal(out, want, r->plain.len);
	assert_memory_equal(tag, r->tag.at, TAG);
}

/* Whole messages and parts in turn with one key: neither disturbs the other. */
static void check_parts(mbedtls_gcm_context *ctx, const struct row *r)
{
	in_parts(ctx, r, MBEDTLS_GCM_ENCRYPT, r->plain.at, r->cipher.at);
	check_vector(ctx, r);
	in_parts(ctx, r, MBEDTLS_GCM_DECRYPT, r->cipher.at, r->plain.at);
	check_vector(ctx, r);
}

static void test_parts(void **state)
{
	(void)state;
	each_row(check_parts);
}

/* A context takes one key after the other; the last one counts. */
static void test_another_key(void **state)
{
	(void)state;
	for (size_t p = 0; p < GCM_PATHS; p++) {
		mbedtls_gcm_context ctx;
		struct row first = row_of(&gcm_row_list[0]);

		unit_note("%s", gcm_path_list[p].name);
		assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[p], first.key.at, first.key.len),
		                 0);
		for (size_t i = 0; i < GCM_ROWS; i++) {
			struct row r = row_of(&gcm_row_list[i]);

			assert_int_equal(mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, r.key.at,
			                                    (unsigned)r.key.len * 8),
			                 0);
			check_parts(&ctx, &r);
		}
		mbedtls_gcm_free(&ctx);
	}
	unit_note_clear();
}

static void check_refused(mbedtls_gcm_context *ctx, const struct row *r)
{
	uint8_t out[2 * ROOM], tag[TAG];
	struct row empty_iv = *r;

	empty_iv.iv.len = 0;
	assert_int_not_equal(seal(ctx, &empty_iv, r->plain.at, out, TAG, tag), 0);
	assert_int_not_equal(unseal(ctx, &empty_iv, r->cipher.at, out, TAG, tag), 0);
	if (r->plain.len > 1) { /* output that would overwrite what is still to be read */
		memcpy(out, r->plain.at, r->plain.len);
		assert_int_equal(seal(ctx, r, out, out + 1, TAG, tag), MBEDTLS_ERR_GCM_BAD_INPUT);
	}
	for (unsigned bits = 0; bits <= 512; bits += 64)
		if (bits != 128 && bits != 192 && bits != 256)
			assert_int_not_equal(
				mbedtls_gcm_setkey(ctx, MBEDTLS_CIPHER_ID_AES, out, bits), 0);
}

static void test_refused(void **state)
{
	(void)state;
	each_row(check_refused);
}

#if defined(MBEDTLS_GCM_ALT)
/* What was taken, not only what came out. */
static void test_paths_are_what_they_say(void **state)
{
	static const uint8_t key[32];
	const struct gcm_engine *best = gcm_engine_pick(0);

	(void)state;
	for (size_t p = 0; p < GCM_PATHS; p++) {
		mbedtls_gcm_context ctx;

		assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[p], key, 16), 0);
		assert_ptr_equal(ctx.engine, gcm_engine_pick(gcm_path_list[p].without));
		assert_true((ctx.engine != NULL) == (ctx.keys != NULL));
		assert_true((ctx.engine == NULL) == (ctx.portable != NULL));
		mbedtls_gcm_free(&ctx);
	}
	assert_null(gcm_engine_pick(GCM_WITHOUT_ALL));
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul"))
		assert_non_null(best);
	print_message("  the best here: %s\n", best ? best->name : "portable");
}

/* Before a key, nothing works and nothing crashes. */
static void test_without_a_key(void **state)
{
	mbedtls_gcm_context ctx;
	uint8_t b[16] = {0};
	size_t n;

	(void)state;
	mbedtls_gcm_init(&ctx);
	assert_int_not_equal(mbedtls_gcm_crypt_and_tag(&ctx, 1, 16, b, 12, b, 0, b, b, 16, b), 0);
	assert_int_not_equal(mbedtls_gcm_auth_decrypt(&ctx, 16, b, 12, b, 0, b, 16, b, b), 0);
	assert_int_not_equal(mbedtls_gcm_starts(&ctx, 1, b, 12), 0);
	assert_int_not_equal(mbedtls_gcm_update_ad(&ctx, b, 1), 0);
	assert_int_not_equal(mbedtls_gcm_update(&ctx, b, 1, b, 16, &n), 0);
	assert_int_not_equal(mbedtls_gcm_finish(&ctx, b, 16, &n, b, 16), 0);
	mbedtls_gcm_free(&ctx);
	mbedtls_gcm_free(NULL);
}
#endif

#if defined(MBEDTLS_SELF_TEST)
static void test_own_self_test(void **state)
{
	(void)state;
	assert_int_equal(mbedtls_gcm_self_test(0), 0);
#if defined(MBEDTLS_GCM_ALT)
	assert_int_equal(gcm_portable_self_test(0), 0);
#endif
}
#endif

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		UNIT(test_vectors),
		UNIT(test_tags_of_every_length),
		UNIT(test_forgeries),
		UNIT(test_tag_of_opening),
		UNIT(test_parts),
		UNIT(test_another_key),
		UNIT(test_refused),
#if defined(MBEDTLS_GCM_ALT)
		UNIT(test_without_a_key),
		UNIT(test_paths_are_what_they_say),
#endif
#if defined(MBEDTLS_SELF_TEST)
		UNIT(test_own_self_test),
#endif
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
