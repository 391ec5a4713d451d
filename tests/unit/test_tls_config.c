/* What our build of Mbed TLS leaves out (src/crypt/mbedtls_user_config.h): what is not there cannot be
 * agreed on, whatever somebody asks for.
 */
#include "unit.h"

#include "crypt/tls_site.h"

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>

/* The distribution's library is for everybody. */
static void ours_only(void)
{
#if !defined(MBEDTLS_USER_CONFIG_H)
	unit_skip();
#endif
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Those of TLS 1.3, and with certificates and ephemeral keys: no suite begins with a secret both
 * sides share, or does without forward secrecy. */
static void test_suites(void **state)
{
	const int *ids = tls_suites_all();
	size_t n = 0;

	(void)state;
	ours_only();
	for (; ids[n]; n++) {
		const char *name = tls_suite_name(ids[n]);
		unit_note("0x%04x", (unsigned)ids[n]);
		assert_non_null(name);
		unit_note("%s", name);
		assert_true(begins(name, "TLS1-3-") || begins(name, "TLS-ECDHE-RSA-WITH-") ||
		            begins(name, "TLS-ECDHE-ECDSA-WITH-"));
	}
	unit_note_clear();
	assert_true(n >= 9); /* the default ones */
}

static void test_curves(void **state)
{
	static const mbedtls_ecp_group_id want[] = {
		MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
		MBEDTLS_ECP_DP_CURVE25519};
	const mbedtls_ecp_group_id *ids = mbedtls_ecp_grp_id_list();
	size_t n = 0;

	(void)state;
	ours_only();
	for (; ids[n] != MBEDTLS_ECP_DP_NONE; n++) {
		bool known = false;
		for (size_t i = 0; i < sizeof want / sizeof *want; i++)
			known |= want[i] == ids[n];
		unit_note("curve %d", (int)ids[n]);
		assert_true(known);
	}
	unit_note_clear();
	assert_int_equal(n, sizeof want / sizeof *want);
}

/* The two old ones are for files: keys were encrypted with their help, certificates name them. */
static void test_hashes(void **state)
{
	static const int want[] = {MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA256,
	                           MBEDTLS_MD_SHA1, MBEDTLS_MD_MD5};
	const int *ids = mbedtls_md_list();
	size_t n = 0;

	(void)state;
	ours_only();
	for (; ids[n] != MBEDTLS_MD_NONE; n++) {
		bool known = false;
		for (size_t i = 0; i < sizeof want / sizeof *want; i++)
			known |= want[i] == ids[n];
		unit_note("hash %d", ids[n]);
		assert_true(known);
	}
	unit_note_clear();
	assert_int_equal(n, sizeof want / sizeof *want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_suites), UNIT(test_curves), UNIT(test_hashes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
