/* tls_trust: whom a site believes: the CAs, and what they have revoked. */
#include "site_priv.h"

#include <errno.h>
#include <mbedtls/pem.h>

static int load_ca(struct tls_site *s, const struct tls_blob *ca, char err[TLS_ERROR])
{
	struct blob_copy copy;
	int r = blob_copy(&copy, ca);

	if (r == 0)
		r = mbedtls_x509_crt_parse(&s->ca, copy.at, copy.len);
	blob_wipe(&copy);
	/* A bundle may hold some that are not understood, as long as there is one that is. */
	if (r >= 0 && s->ca.raw.len > 0)
		return 0;
	return site_error(err, r,
	                  "%s: holds no CA certificate that can be read; give the PEM file of the "
	                  "CAs to trust",
	                  ca->name);
}

static int load_crl(struct tls_site *s, const struct tls_blob *crl, char err[TLS_ERROR])
{
	struct blob_copy copy;
	int r = blob_copy(&copy, crl);

	if (r == 0)
		r = mbedtls_x509_crl_parse(&s->crl, copy.at, copy.len);
	blob_wipe(&copy);
	if (r == 0 && s->crl.raw.len > 0)
		return 0;
	return site_error(err, r,
	                  "%s: holds no certificate revocation list that can be read (PEM or DER)",
	                  crl->name);
}

static int authmode(const struct tls_site *s)
{
	if (s->client)
		return s->insecure ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED;
	switch (s->verify) {
	case TLS_VERIFY_REQUIRED: return MBEDTLS_SSL_VERIFY_REQUIRED;
	case TLS_VERIFY_OPTIONAL: return MBEDTLS_SSL_VERIFY_OPTIONAL;
	default: return MBEDTLS_SSL_VERIFY_NONE;
	}
}

int trust_load(struct tls_site *s, const struct tls_setup *setup, char err[TLS_ERROR])
{
	bool verifies = s->client ? !s->insecure : s->verify != TLS_VERIFY_OFF;
	int r = 0;

	mbedtls_ssl_conf_authmode(&s->conf, authmode(s));
	if (setup->ca.bytes.len > 0)
		r = load_ca(s, &setup->ca, err);
	else if (verifies)
		return site_error(
			err, 0,
			"%s certificates are to be verified, but no CA is given to verify "
			"them by",
			s->client ? "backend" : "client");
	if (r == 0 && setup->crl.bytes.len > 0)
		r = load_crl(s, &setup->crl, err);
	if (r == 0)
		mbedtls_ssl_conf_ca_chain(&s->conf, s->ca.raw.len ? &s->ca : NULL,
		                          s->crl.raw.len ? &s->crl : NULL);
	return r;
}
