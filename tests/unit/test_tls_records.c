/* ldflags: -Wl,--wrap=gcm_engine_seal,--wrap=gcm_engine_open,--wrap=chachapoly_engine_seal,--wrap=chachapoly_engine_open */
/* TLS records of Mbed TLS really go through our ciphers: every record of a session is one call of the
 * engine on either side, in both versions; and no record needs the portable code. */
#include "unit.h"

#include "fake/tls_duo.h"
#include "gcm_paths.h"
#if defined(MBEDTLS_CHACHAPOLY_ALT)
#include "../../src/crypt/chachapoly_alt.h"
#include "../../src/crypt/chachapoly_engine.h"
#endif

#include <mbedtls/ssl_ciphersuites.h>
#include <stdlib.h>
#include <string.h>

#if defined(MBEDTLS_GCM_ALT)
typedef void crypt_fn(const struct gcm_engine *e, const struct gcm_key_data *keys, size_t key_len,
                      const struct gcm_message *m);
crypt_fn __real_gcm_engine_seal, __wrap_gcm_engine_seal;
crypt_fn __real_gcm_engine_open, __wrap_gcm_engine_open;

static struct {
	unsigned sealed, opened;
	size_t key_len;
} seen;

void __wrap_gcm_engine_seal(const struct gcm_engine *e, const struct gcm_key_data *keys,
                            size_t key_len, const struct gcm_message *m)
{
	seen.sealed++;
	seen.key_len = key_len;
	__real_gcm_engine_seal(e, keys, key_len, m);
}

void __wrap_gcm_engine_open(const struct gcm_engine *e, const struct gcm_key_data *keys,
                            size_t key_len, const struct gcm_message *m)
{
	seen.opened++;
	seen.key_len = key_len;
	__real_gcm_engine_open(e, keys, key_len, m);
}

typedef void poly_fn(const struct chachapoly_engine *e, const uint8_t key[32],
                     const struct chachapoly_message *m);
poly_fn __real_chachapoly_engine_seal, __wrap_chachapoly_engine_seal;
poly_fn __real_chachapoly_engine_open, __wrap_chachapoly_engine_open;

void __wrap_chachapoly_engine_seal(const struct chachapoly_engine *e, const uint8_t key[32],
                                   const struct chachapoly_message *m)
{
	seen.sealed++;
	seen.key_len = 32;
	__real_chachapoly_engine_seal(e, key, m);
}

void __wrap_chachapoly_engine_open(const struct chachapoly_engine *e, const uint8_t key[32],
                                   const struct chachapoly_message *m)
{
	seen.opened++;
	seen.key_len = 32;
	__real_chachapoly_engine_open(e, key, m);
}

enum { RECORD = 16384, RECORDS = 8 };

static void move(struct tls_end *from, struct tls_end *to)
{
	static uint8_t sent[RECORDS * RECORD], got[RECORDS * RECORD];
	struct rng rng = {7};
	int full = mbedtls_ssl_get_max_out_record_payload(&from->ssl); /* in one record */
	size_t n;

	assert_in_range(full, RECORD - 64, RECORD);
	n = (size_t)full * RECORDS;
	rng_fill(&rng, sent, n);
	memset(&seen, 0, sizeof seen);
	assert_int_equal(tls_duo_write(from, sent, n), 0);
	assert_int_equal(seen.sealed, RECORDS);
	assert_int_equal(tls_duo_read(to, got, n), 0);
	assert_int_equal(seen.opened, RECORDS);
	assert_memory_equal(sent, got, n);
}

static void session(int suite, size_t key_len)
{
	struct tls_duo d;

	unit_note("%s", mbedtls_ssl_get_ciphersuite_name(suite));
	assert_int_equal(tls_duo_init(&d, suite, MBEDTLS_SSL_IANA_TLS_GROUP_X25519), 0);
	assert_int_equal(tls_duo_connect(&d), 0);
	assert_string_equal(mbedtls_ssl_get_ciphersuite(&d.client.ssl),
	                    mbedtls_ssl_get_ciphersuite_name(suite));
	move(&d.client, &d.server);
	assert_int_equal(seen.key_len, key_len);
	move(&d.server, &d.client);
	tls_duo_close(&d);
	tls_duo_done(&d);
}

static void test_records_go_through_the_engine(void **state)
{
	(void)state;
	if (chachapoly_engine_pick(0)) {
		session(MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, 32);
		session(MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 32);
	}
	if (!gcm_engine_pick(0))
		return; /* no AES instructions: nothing to go through */
	session(MBEDTLS_TLS1_3_AES_128_GCM_SHA256, 16);
	session(MBEDTLS_TLS1_3_AES_256_GCM_SHA384, 32);
	session(MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 16);
	session(MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 32);
	unit_note_clear();
}

/* One bit, anywhere in a record: the session ends there. */
static void test_a_forged_record(void **state)
{
	static uint8_t text[100], got[100];
	struct tls_duo d;

	(void)state;
	assert_int_equal(tls_duo_init(&d, MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	                              MBEDTLS_SSL_IANA_TLS_GROUP_X25519),
	                 0);
	for (size_t at = 5; at < 5 + sizeof text + 17; at += 13) {
		assert_int_equal(tls_duo_connect(&d), 0);
		assert_int_equal(tls_duo_write(&d.client, text, sizeof text), 0);
		d.up.at[d.up.from + at] ^= 4;
		assert_int_equal(tls_duo_read(&d.server, got, sizeof got),
		                 MBEDTLS_ERR_SSL_INVALID_MAC);
		tls_duo_close(&d);
	}
	tls_duo_done(&d);
}
#endif

/* All suites a session may use, over the library as it is linked. */
static void test_every_suite_and_group(void **state)
{
	static const int suites[] = {
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
		MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	static const uint16_t groups[] = {
		MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1};
	char text[] = "there and back", got[sizeof text];

	(void)state;
	for (size_t s = 0; s < sizeof suites / sizeof suites[0]; s++)
		for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
			struct tls_duo d;

			unit_note("%s, group %d", mbedtls_ssl_get_ciphersuite_name(suites[s]),
			          groups[g]);
			assert_int_equal(tls_duo_init(&d, suites[s], groups[g]), 0);
			assert_int_equal(tls_duo_connect(&d), 0);
			assert_int_equal(tls_duo_write(&d.client, (uint8_t *)text, sizeof text), 0);
			assert_int_equal(tls_duo_read(&d.server, (uint8_t *)got, sizeof got), 0);
			assert_string_equal(text, got);
			tls_duo_close(&d);
			tls_duo_done(&d);
		}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(MBEDTLS_GCM_ALT)
		UNIT(test_records_go_through_the_engine),
		UNIT(test_a_forged_record),
#endif
		UNIT(test_every_suite_and_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
