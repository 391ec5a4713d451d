/* libs: -lcrypto */
/* ldflags: -Wl,--wrap=malloc,--wrap=free */
/* ChaCha20-Poly1305 through Mbed TLS's functions, on every path this machine has: the vectors of RFC
 * 8439, every length against OpenSSL, forgeries, messages in parts, and that no key is left behind. */
#include "unit.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/cipher.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#if defined(MBEDTLS_CHACHAPOLY_ALT)
#include "../../src/crypt/chachapoly_engine.h"
#include "../../src/crypt/chachapoly_portable.h"
#endif

enum { KEY = 32, NONCE = 12, TAG = 16, BIG = 16384 + 64 };

static const struct path {
	const char *name;
	unsigned without;
} path_list[] = {
#if defined(MBEDTLS_CHACHAPOLY_ALT)
	{"the best", 0},
	{"without AVX512", CHACHAPOLY_WITHOUT_AVX512},
#endif
	{"portable", 3},
};
enum { PATHS = sizeof path_list / sizeof path_list[0] };

struct job {
	uint8_t key[KEY], iv[NONCE], aad[96], plain[BIG], cipher[BIG], tag[TAG];
	size_t aad_len, len;
};

static void with_key(mbedtls_chachapoly_context *ctx, const struct path *p, const uint8_t *key)
{
	mbedtls_chachapoly_init(ctx);
#if defined(MBEDTLS_CHACHAPOLY_ALT)
	ctx->without = (unsigned char)p->without;
#else
	(void)p;
#endif
	assert_int_equal(mbedtls_chachapoly_setkey(ctx, key), 0);
}

static int seal(mbedtls_chachapoly_context *ctx, const struct job *j, const uint8_t *in,
                uint8_t *out, uint8_t *tag)
{
	return mbedtls_chachapoly_encrypt_and_tag(ctx, j->len, j->iv, j->aad, j->aad_len, in, out,
	                                          tag);
}

static int unseal(mbedtls_chachapoly_context *ctx, const struct job *j, const uint8_t *in,
                  uint8_t *out, const uint8_t *tag)
{
	return mbedtls_chachapoly_auth_decrypt(ctx, j->len, j->iv, j->aad, j->aad_len, tag, in,
	                                       out);
}

/* Apart, at shift, with what is around the output untouched. */
static void apart(mbedtls_chachapoly_context *ctx, const struct job *j, size_t shift)
{
	static uint8_t out[BIG + 64];
	uint8_t tag[TAG];

	memset(out, 0xee, sizeof out);
	assert_int_equal(seal(ctx, j, j->plain, out + shift, tag), 0);
	assert_memory_equal(out + shift, j->cipher, j->len);
	assert_memory_equal(tag, j->tag, TAG);
	for (size_t i = 0; i < shift; i++)
		assert_int_equal(out[i], 0xee);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(out[shift + j->len + i], 0xee);
	assert_int_equal(unseal(ctx, j, j->cipher, out + shift, j->tag), 0);
	assert_memory_equal(out + shift, j->plain, j->len);
}

/* In place, where everything ends at a page that is not there. */
static void at_the_edge(mbedtls_chachapoly_context *ctx, const struct job *j, struct edge edge[2])
{
	struct span text = edge_copy(&edge[0], span_of((void *)j->plain, j->len));
	struct span aad = edge_copy(&edge[1], span_of((void *)j->aad, j->aad_len));
	uint8_t tag[TAG];

	assert_int_equal(mbedtls_chachapoly_encrypt_and_tag(ctx, text.len, j->iv, aad.at, aad.len,
	                                                    text.at, text.at, tag),
	                 0);
	assert_memory_equal(text.at, j->cipher, j->len);
	assert_memory_equal(tag, j->tag, TAG);
	assert_int_equal(mbedtls_chachapoly_auth_decrypt(ctx, text.len, j->iv, aad.at, aad.len, tag,
	                                                 text.at, text.at),
	                 0);
	assert_memory_equal(text.at, j->plain, j->len);
}

static void forged(mbedtls_chachapoly_context *ctx, const struct job *j)
{
	static const uint8_t zero[BIG];
	static uint8_t out[BIG];
	uint8_t tag[TAG];

	for (size_t i = 0; i < TAG; i += 5) {
		memcpy(tag, j->tag, TAG);
		tag[i] ^= 0x10;
		memset(out, 0xee, j->len);
		assert_int_equal(unseal(ctx, j, j->cipher, out, tag),
		                 MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED);
		assert_memory_equal(out, zero, j->len);
	}
	if (j->len > 0) {
		memcpy(out, j->cipher, j->len);
		out[j->len - 1] ^= 1;
		assert_int_equal(unseal(ctx, j, out, out, j->tag),
		                 MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED);
		assert_memory_equal(out, zero, j->len);
	}
}

static void in_parts(mbedtls_chachapoly_context *ctx, const struct job *j)
{
	static uint8_t out[BIG];
	size_t cut = j->len / 3;
	uint8_t tag[TAG];

	assert_int_equal(mbedtls_chachapoly_starts(ctx, j->iv, MBEDTLS_CHACHAPOLY_ENCRYPT), 0);
	assert_int_equal(mbedtls_chachapoly_update_aad(ctx, j->aad, j->aad_len), 0);
	assert_int_equal(mbedtls_chachapoly_update(ctx, cut, j->plain, out), 0);
	assert_int_equal(mbedtls_chachapoly_update(ctx, j->len - cut, j->plain + cut, out + cut),
	                 0);
	assert_int_equal(mbedtls_chachapoly_finish(ctx, tag), 0);
	assert_memory_equal(out, j->cipher, j->len);
	assert_memory_equal(tag, j->tag, TAG);
}

static void on_every_path(const struct job *j, struct edge edge[2], size_t shift)
{
	for (size_t p = 0; p < PATHS; p++) {
		mbedtls_chachapoly_context ctx;

		unit_note("%s, %zu bytes, %zu of data", path_list[p].name, j->len, j->aad_len);
		with_key(&ctx, &path_list[p], j->key);
		apart(&ctx, j, shift);
		at_the_edge(&ctx, j, edge);
		in_parts(&ctx, j);
		forged(&ctx, j);
		apart(&ctx, j, 0);
		mbedtls_chachapoly_free(&ctx);
	}
	unit_note_clear();
}

static size_t from_hex(uint8_t *to, const char *hex)
{
	for (size_t i = 0; hex[2 * i]; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};

		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return strlen(hex) / 2;
}

static const struct {
	const char *key, *iv, *aad, *plain, *cipher, *tag;
} rows[] = {
	/* RFC 8439, 2.8.2 */
	{"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
         "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
         "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
         "future, "
         "sunscreen would be it.",
         "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69d"
         "a92"
         "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad6759455858"
         "08b"
         "4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
         "1ae10b594f09e26a7e902ecbd0600691"},
	/* RFC 8439, A.5 */
	{"1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
         "000000000102030405060708", "f33388860000000000004e91",
         "Internet-Drafts are draft documents valid for a maximum of six months and may be "
         "updated, "
         "replaced, or obsoleted by other documents at any time. It is inappropriate to use "
         "Internet-Drafts as reference material or to cite them other than as "
         "/\xe2\x80\x9cwork in progress./\xe2\x80\x9d",
         "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e3"
         "82d"
         "26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f98"
         "2b1"
         "ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a"
         "59b"
         "5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564"
         "eea"
         "1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91"
         "d36"
         "1094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b",
         "eead9d67890cbb22392336fea1851f38"},
};

static void each_job(void (*with)(struct job *j, struct edge edge[2]))
{
	static struct job j;
	struct edge edge[2];

	edge_init(&edge[0], BIG);
	edge_init(&edge[1], 128);
	with(&j, edge);
	edge_done(&edge[0]);
	edge_done(&edge[1]);
}

static void rfc(struct job *j, struct edge edge[2])
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(from_hex(j->key, rows[i].key), KEY);
		assert_int_equal(from_hex(j->iv, rows[i].iv), NONCE);
		assert_int_equal(from_hex(j->tag, rows[i].tag), TAG);
		j->aad_len = from_hex(j->aad, rows[i].aad);
		j->len = from_hex(j->cipher, rows[i].cipher);
		assert_int_equal(strlen(rows[i].plain), j->len);
		memcpy(j->plain, rows[i].plain, j->len);
		on_every_path(j, edge, i);
	}
}

static void test_rfc_8439(void **state)
{
	(void)state;
	each_job(rfc);
}

static void by_openssl(struct job *j)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_non_null(c);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, j->key, j->iv), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, j->aad, (int)j->aad_len), 1);
	assert_int_equal(EVP_EncryptUpdate(c, j->cipher, &n, j->plain, (int)j->len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, j->cipher + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, j->tag), 1);
	EVP_CIPHER_CTX_free(c);
}

static void random_job(struct job *j, struct rng *rng, size_t len, struct edge edge[2])
{
	rng_fill(rng, j, offsetof(struct job, plain));
	rng_fill(rng, j->plain, len);
	j->aad_len = rng_below(rng, sizeof j->aad + 1);
	j->len = len;
	by_openssl(j);
	on_every_path(j, edge, rng_below(rng, 32));
}

/* The widest engine works on 1,024 bytes at a time. */
static void lengths(struct job *j, struct edge edge[2])
{
	static const size_t records[] = {1400, 4096, 16383, 16384, 16385, 16401};
	struct rng rng = {43};

	for (size_t len = 0; len < 1200; len++)
		random_job(j, &rng, len, edge);
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
		random_job(j, &rng, records[i], edge);
}

static void test_every_length(void **state)
{
	(void)state;
	each_job(lengths);
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void __real_free(void *p);
void __wrap_free(void *p);

static struct {
	bool on, fails;
	struct span block; /* the portable context */
	bool dirty;
} heap;

void *__wrap_malloc(size_t n)
{
	void *p = heap.on && heap.fails ? NULL : __real_malloc(n);

	if (heap.on && p) {
		heap.block = span_of(p, n);
		memset(p, 0xee, n);
	}
	return p;
}

void __wrap_free(void *p)
{
	if (heap.on && p && p == heap.block.at) {
		for (size_t i = 0; i < heap.block.len; i++)
			heap.dirty |= heap.block.at[i] != 0;
		heap.block.at = NULL;
	}
	__real_free(p);
}

static void test_wiped(void **state)
{
	static const uint8_t key[KEY] = "thirty-two bytes of a secret key", zero[1024];
	struct job *j = calloc(1, sizeof *j);

	(void)state;
	(void)zero;
	assert_non_null(j);
	j->len = 100;
	for (size_t p = 0; p < PATHS; p++) {
		mbedtls_chachapoly_context ctx;

		unit_note("%s", path_list[p].name);
		memset(&heap, 0, sizeof heap);
		heap.on = true;
		with_key(&ctx, &path_list[p], key);
		assert_int_equal(seal(&ctx, j, j->plain, j->cipher, j->tag), 0);
		assert_int_equal(mbedtls_chachapoly_starts(&ctx, key, MBEDTLS_CHACHAPOLY_ENCRYPT),
		                 0);
		mbedtls_chachapoly_free(&ctx);
		heap.on = false;
		assert_null(heap.block.at);
		assert_false(heap.dirty);
#if defined(MBEDTLS_CHACHAPOLY_ALT)
		assert_memory_equal(&ctx, zero, sizeof ctx);
#endif
	}
	unit_note_clear();
	mbedtls_chachapoly_free(NULL);
	free(j);
}

#if defined(MBEDTLS_CHACHAPOLY_ALT)
static void test_no_memory_no_key(void **state)
{
	static const uint8_t key[KEY];
	mbedtls_chachapoly_context ctx;
	uint8_t b[TAG];

	(void)state;
	mbedtls_chachapoly_init(&ctx);
	assert_int_not_equal(mbedtls_chachapoly_update_aad(&ctx, b, 1), 0);
	assert_int_not_equal(mbedtls_chachapoly_update(&ctx, 1, b, b), 0);
	assert_int_not_equal(mbedtls_chachapoly_finish(&ctx, b), 0);
	memset(&heap, 0, sizeof heap);
	heap.on = heap.fails = true;
	ctx.without = CHACHAPOLY_WITHOUT_ALL;
	assert_int_equal(mbedtls_chachapoly_setkey(&ctx, key), MBEDTLS_ERR_CIPHER_ALLOC_FAILED);
	ctx.without = 0;
	mbedtls_chachapoly_setkey(&ctx, key);
	assert_int_equal(mbedtls_chachapoly_starts(&ctx, key, MBEDTLS_CHACHAPOLY_DECRYPT),
	                 MBEDTLS_ERR_CIPHER_ALLOC_FAILED);
	heap.on = false;
	assert_int_equal(mbedtls_chachapoly_starts(&ctx, key, MBEDTLS_CHACHAPOLY_DECRYPT), 0);
	mbedtls_chachapoly_free(&ctx);
}

static void test_paths_are_what_they_say(void **state)
{
	static const uint8_t key[KEY];
	const struct chachapoly_engine *best = chachapoly_engine_pick(0);

	(void)state;
	for (size_t p = 0; p < PATHS; p++) {
		mbedtls_chachapoly_context ctx;

		with_key(&ctx, &path_list[p], key);
		assert_ptr_equal(ctx.engine, chachapoly_engine_pick(path_list[p].without));
		assert_true((ctx.engine == NULL) == (ctx.portable != NULL));
		mbedtls_chachapoly_free(&ctx);
	}
	assert_null(chachapoly_engine_pick(CHACHAPOLY_WITHOUT_ALL));
	print_message("  the best here: %s\n", best ? chachapoly_engine_name(best) : "portable");
}
#endif

#if defined(MBEDTLS_SELF_TEST)
static void test_own_self_test(void **state)
{
	(void)state;
	assert_int_equal(mbedtls_chachapoly_self_test(0), 0);
#if defined(MBEDTLS_CHACHAPOLY_ALT)
	assert_int_equal(chachapoly_portable_self_test(0), 0);
#endif
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rfc_8439),
		UNIT(test_every_length),
		UNIT(test_wiped),
#if defined(MBEDTLS_CHACHAPOLY_ALT)
		UNIT(test_no_memory_no_key),
		UNIT(test_paths_are_what_they_say),
#endif
#if defined(MBEDTLS_SELF_TEST)
		UNIT(test_own_self_test),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
