/* ldflags: -Wl,--wrap=free,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc */
/* AES-GCM leaves no key behind: what it gives back to the heap, and its context, are zeros. And when
 * there is no memory, it says so. */
#include "unit.h"

#include "gcm_paths.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t of);
void *__wrap_calloc(size_t n, size_t of);
void *__real_aligned_alloc(size_t to, size_t n);
void *__wrap_aligned_alloc(size_t to, size_t n);
void __real_free(void *p);
void __wrap_free(void *p);

enum { BLOCKS = 8 };

static struct {
	bool on;
	struct span block[BLOCKS]; /* allocated while on */
	unsigned blocks, held;     /* ever, and not yet freed */
	unsigned dirty;            /* freed with a byte that is not zero */
	unsigned calls, fail_at;
} heap;

static bool fails(void)
{
	return heap.on && ++heap.calls == heap.fail_at;
}

/* Fresh memory is dirty: what is zero later was wiped. */
static void *watch(void *p, size_t n, int fill)
{
	if (!p || !heap.on)
		return p;
	assert_true(heap.blocks < BLOCKS);
	heap.block[heap.blocks++] = span_of(p, n);
	heap.held++;
	return memset(p, fill, n);
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : watch(__real_malloc(n), n, 0xee);
}

void *__wrap_calloc(size_t n, size_t of)
{
	return fails() ? NULL : watch(__real_calloc(n, of), n * of, 0);
}

void *__wrap_aligned_alloc(size_t to, size_t n)
{
	return fails() ? NULL : watch(__real_aligned_alloc(to, n), n, 0xee);
}

static bool is_dirty(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != 0)
			return true;
	return false;
}

void __wrap_free(void *p)
{
	for (unsigned i = 0; heap.on && p && i < heap.blocks; i++)
		if (heap.block[i].at == p) {
			heap.held--;
			heap.dirty += is_dirty(heap.block[i]);
			heap.block[i].at = NULL;
		}
	__real_free(p);
}

static const uint8_t key[32] = "thirty-two bytes of a secret key";

static void use(mbedtls_gcm_context *ctx, bool parts)
{
	uint8_t text[64] = "text", tag[16];

	assert_int_equal(mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, sizeof text, key, 12,
	                                           key, 5, text, text, sizeof tag, tag),
	                 0);
	if (parts)
		assert_int_equal(mbedtls_gcm_starts(ctx, MBEDTLS_GCM_ENCRYPT, key, 12), 0);
}

static void all_zero(const void *p, size_t n)
{
	const uint8_t *at = p;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(at[i], 0);
}

static void test_wiped(void **state)
{
	(void)state;
#if !defined(MBEDTLS_USER_CONFIG_FILE)
	unit_skip(); /* a shared library asks for memory behind our back */
#endif
	for (size_t p = 0; p < GCM_PATHS; p++)
		for (unsigned how = 0; how < 4; how++) {
			mbedtls_gcm_context ctx;

			unit_note("%s, %s%s", gcm_path_list[p].name, how & 1 ? "in parts, " : "",
			          how & 2 ? "a second key" : "");
			memset(&heap, 0, sizeof heap);
			heap.on = true;
			assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[p], key, 32), 0);
			use(&ctx, how & 1);
			if (how & 2) {
				assert_int_equal(
					mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 128),
					0);
				use(&ctx, how & 1);
			}
			mbedtls_gcm_free(&ctx);
			heap.on = false;
			assert_true(heap.blocks > 0);
			assert_int_equal(heap.held, 0);
			assert_int_equal(heap.dirty, 0);
			all_zero(&ctx, sizeof ctx);
		}
	unit_note_clear();
}

#if defined(MBEDTLS_GCM_ALT)
/* With an engine: one allocation for the key, then two for parts. Portable: two for the key. */
static void test_no_memory(void **state)
{
	uint8_t out[17];
	int ret;

	(void)state;
	for (size_t p = 0; p < GCM_PATHS; p++) {
		mbedtls_gcm_context ctx;

		unit_note("%s", gcm_path_list[p].name);
		memset(&heap, 0, sizeof heap);
		heap.on = true;
		heap.fail_at = 1;
		ret = gcm_path_key(&ctx, &gcm_path_list[p], key, 32);
		if (ctx.engine) {
			assert_int_equal(ret, 0); /* the first message tells */
			ret = mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, 1, key, 12, NULL,
			                                0, key, out, 16, out + 1);
		}
		assert_int_equal(ret, MBEDTLS_ERR_CIPHER_ALLOC_FAILED);
		heap.fail_at = 3;
		ret = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 256);
		if (gcm_path_engine(&ctx))
			ret = mbedtls_gcm_starts(&ctx, MBEDTLS_GCM_ENCRYPT, key, 12);
		assert_int_equal(ret, MBEDTLS_ERR_CIPHER_ALLOC_FAILED);
		if (!gcm_path_engine(&ctx))
			assert_int_equal(mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 256),
			                 0);
		use(&ctx, true); /* and works when there is memory again */
		mbedtls_gcm_free(&ctx);
		heap.on = false;
		assert_int_equal(heap.held, 0);
		assert_int_equal(heap.dirty, 0);
	}
	unit_note_clear();
}

/* What 10,000 sessions pay for: two contexts each. */
static void test_memory_of_a_context(void **state)
{
	mbedtls_gcm_context ctx;
	size_t before, after;

	(void)state;
	before = mallinfo2().uordblks;
	assert_int_equal(gcm_path_key(&ctx, &gcm_path_list[0], key, 32), 0);
	use(&ctx, false);
	after = mallinfo2().uordblks;
	print_message("  %zu bytes of context, %zu of heap\n", sizeof ctx, after - before);
	assert_true(sizeof ctx <= 32 && after - before <= 1408);
	mbedtls_gcm_free(&ctx);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_wiped),
#if defined(MBEDTLS_GCM_ALT)
		UNIT(test_no_memory),
		UNIT(test_memory_of_a_context),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
