/* tls_suites: which ciphersuites a connection may use. */
#include "site_priv.h"

#include <errno.h>
#include <mbedtls/ssl_ciphersuites.h>

/* Forward secrecy and AEAD only. AES-128 in front: it is the fastest and as good as any. */
static const int defaults[] = {
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0,
};

const int *tls_suites_default(void)
{
	return defaults;
}

const int *tls_suites_all(void)
{
	return mbedtls_ssl_list_ciphersuites();
}

const char *tls_suite_name(int id)
{
	return mbedtls_ssl_ciphersuite_from_id(id) ? mbedtls_ssl_get_ciphersuite_name(id) : NULL;
}

int suites_load(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR])
{
	const int *from = setup->suites ? setup->suites : defaults;
	size_t n = setup->suites ? setup->suites_n : sizeof defaults / sizeof *defaults - 1;

	if (n == 0 || n > TLS_SUITES)
		return site_error(err, 0, "ciphersuites: give 1 to %d, not %zu", TLS_SUITES, n);
	for (size_t i = 0; i < n; i++) {
		if (!mbedtls_ssl_ciphersuite_from_id(from[i]))
			return site_error(err, 0, "ciphersuites: this build knows no 0x%04x",
			                  (unsigned)from[i]);
		s->suites[i] = from[i];
	}
	mbedtls_ssl_conf_ciphersuites(&s->conf, s->suites);
	return 0;
}
