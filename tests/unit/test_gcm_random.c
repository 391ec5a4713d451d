/* libs: -lcrypto */
/* AES-GCM on every path against the portable code and against OpenSSL: random keys and nonces, every
 * length up to a few hundred bytes and some of a TLS record, data of every length up to a few
 * blocks; apart, in place, unaligned, and up against unmapped pages. */
#include "unit.h"

#include "gcm_paths.h"

#include <openssl/evp.h>
#include <string.h>

enum { TAG = 16, NONCE = 12, BIG = 16384 + 64 };

struct job {
	uint8_t key[32], iv[NONCE], aad[96], plain[BIG];
	size_t key_len, aad_len, len;
};

struct made {
	uint8_t cipher[BIG], tag[TAG];
};

static void job_fill(struct job *j, struct rng *rng, size_t len)
{
	rng_fill(rng, j, offsetof(struct job, plain));
	j->key_len = rng_below(rng, 2) ? 16 : 32;
	j->aad_len = rng_below(rng, sizeof j->aad + 1);
	j->len = len;
	rng_fill(rng, j->plain, len);
}

static void by_openssl(const struct job *j, struct made *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_non_null(c);
	assert_int_equal(
		EVP_EncryptInit_ex(c, j->key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(),
	                           NULL, j->key, j->iv),
		1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, j->aad, (int)j->aad_len), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out->cipher, &n, j->plain, (int)j->len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, out->cipher + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, out->tag), 1);
	EVP_CIPHER_CTX_free(c);
}

static int seal(mbedtls_gcm_context *ctx, const struct job *j, const uint8_t *in, uint8_t *out,
                uint8_t *tag)
{
	return mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, j->len, j->iv, NONCE, j->aad,
	                                 j->aad_len, in, out, TAG, tag);
}

static int unseal(mbedtls_gcm_context *ctx, const struct job *j, const uint8_t *in, uint8_t *out,
                  const uint8_t *tag)
{
	return mbedtls_gcm_auth_decrypt(ctx, j->len, j->iv, NONCE, j->aad, j->aad_len, tag, TAG, in,
	                                out);
}

/* Bytes before and after the output stay as they are. */
static void apart(mbedtls_gcm_context *ctx, const struct job *j, const struct made *want,
                  size_t shift)
{
	static uint8_t out[BIG + 64];
	uint8_t tag[TAG];

	memset(out, 0xee, sizeof out);
	assert_int_equal(seal(ctx, j, j->plain, out + shift, tag), 0);
	assert_memory_equal(out + shift, want->cipher, j->len);
	assert_memory_equal(tag, want->tag, TAG);
	for (size_t i = 0; i < shift; i++)
		assert_int_equal(out[i], 0xee);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(out[shift + j->len + i], 0xee);
	assert_int_equal(unseal(ctx, j, want->cipher, out + shift, want->tag), 0);
	assert_memory_equal(out + shift, j->plain, j->len);
}

/* Everything ends where a page ends that is not there; sealed and opened in place. */
static void at_the_edge(mbedtls_gcm_context *ctx, const struct job *j, const struct made *want,
                        struct edge edge[4])
{
	struct span text = edge_copy(&edge[0], span_of((void *)j->plain, j->len));
	struct span aad = edge_copy(&edge[1], span_of((void *)j->aad, j->aad_len));
	struct span iv = edge_copy(&edge[2], span_of((void *)j->iv, NONCE));
	struct span tag = edge_span(&edge[3], TAG);

	assert_int_equal(mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, text.len, iv.at,
	                                           iv.len, aad.at, aad.len, text.at, text.at, TAG,
	                                           tag.at),
	                 0);
	assert_memory_equal(text.at, want->cipher, j->len);
	assert_memory_equal(tag.at, want->tag, TAG);
	assert_int_equal(mbedtls_gcm_auth_decrypt(ctx, text.len, iv.at, iv.len, aad.at, aad.len,
	                                          tag.at, TAG, text.at, text.at),
	                 0);
	assert_memory_equal(text.at, j->plain, j->len);
	tag.at[0] ^= 1;
	assert_int_equal(mbedtls_gcm_auth_decrypt(ctx, text.len, iv.at, iv.len, aad.at, aad.len,
	                                          tag.at, TAG, text.at, text.at),
	                 MBEDTLS_ERR_GCM_AUTH_FAILED);
}

static void all_paths(const struct job *j, struct edge edge[4], size_t shift)
{
	static struct made want;

	by_openssl(j, &want);
	for (size_t p = 0; p < GCM_PATHS; p++) {
		mbedtls_gcm_context ctx;

		unit_note("%s, %zu bits, %zu bytes, %zu of data", gcm_path_list[p].name,
		          j->key_len * 8, j->len, j->aad_len);
		assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[p], j->key, j->key_len), 0);
		apart(&ctx, j, &want, shift);
		at_the_edge(&ctx, j, &want, edge);
		mbedtls_gcm_free(&ctx);
	}
}

static void with_edges(const size_t *lengths, size_t n, unsigned times)
{
	static struct job j;
	struct rng rng = {42};
	struct edge edge[4];

	for (size_t i = 0; i < 4; i++)
		edge_init(&edge[i], BIG);
	for (unsigned t = 0; t < times; t++)
		for (size_t i = 0; i < n; i++) {
			job_fill(&j, &rng, lengths[i]);
			all_paths(&j, edge, rng_below(&rng, 32));
		}
	for (size_t i = 0; i < 4; i++)
		edge_done(&edge[i]);
	unit_note_clear();
}

/* The widest engine works on 48 blocks at a time: every length to beyond that. */
static void test_every_length(void **state)
{
	size_t lengths[900];

	(void)state;
	for (size_t i = 0; i < 900; i++)
		lengths[i] = i;
	with_edges(lengths, 900, 1);
}

static void test_lengths_of_records(void **state)
{
	static const size_t lengths[] = {1400, 1401, 4096, 4097, 16383, 16384, 16385, 16401};

	(void)state;
	with_edges(lengths, sizeof lengths / sizeof lengths[0], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_length),
		UNIT(test_lengths_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
