/* tls_peer: the peer's certificate: what is wrong with it, and whose it is. */
#include "tls_priv.h"

#include "crt_text.h"

#include <stdio.h>

static void blame_trust(struct tls *t, const mbedtls_x509_crt *crt)
{
	char issuer[WHY_TEXT / 4];

	(void)crt_cn(&crt->issuer, issuer, sizeof issuer);
	if (crt_is_self_signed(crt))
		snprintf(t->blame, sizeof t->blame, "self-signed");
	else
		snprintf(t->blame, sizeof t->blame, "signed by an unknown CA (%s)", issuer);
}

static void blame_date(struct tls *t, const char *what, const mbedtls_x509_time *when)
{
	snprintf(t->blame, sizeof t->blame, "%s %04d-%02d-%02d", what, when->year, when->mon,
	         when->day);
}

struct flag_words {
	uint32_t flag;
	const char *text;
};

static const struct flag_words words[] = {
	{MBEDTLS_X509_BADCERT_REVOKED, "revoked"},
	{MBEDTLS_X509_BADCRL_EXPIRED, "the revocation list (CRL) has expired"},
	{MBEDTLS_X509_BADCRL_FUTURE, "the revocation list (CRL) is not valid yet"},
	{MBEDTLS_X509_BADCRL_NOT_TRUSTED, "the revocation list (CRL) is not its CA's"},
	{MBEDTLS_X509_BADCERT_KEY_USAGE, "its key is meant for something else"},
	{MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "it is meant for another use"},
	{MBEDTLS_X509_BADCERT_NS_CERT_TYPE, "it is meant for another use"},
	{MBEDTLS_X509_BADCERT_BAD_KEY, "its key is too weak"},
	{MBEDTLS_X509_BADCERT_BAD_MD, "signed with a hash that is too weak"},
	{MBEDTLS_X509_BADCERT_BAD_PK, "signed with a kind of key that is not supported"},
	{MBEDTLS_X509_BADCRL_BAD_MD, "the revocation list (CRL) is signed with a weak hash"},
	{MBEDTLS_X509_BADCRL_BAD_KEY, "the revocation list (CRL) is signed with a weak key"},
};

static void blame_other(struct tls *t, uint32_t flags)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (flags & words[i].flag) {
			snprintf(t->blame, sizeof t->blame, "%s", words[i].text);
			return;
		}
	snprintf(t->blame, sizeof t->blame, "does not verify (0x%x)", (unsigned)flags);
}

/* The most telling of what is wrong with this one. */
static void blame_crt(struct tls *t, const mbedtls_x509_crt *crt, uint32_t flags)
{
	char cn[WHY_TEXT / 4];

	t->flags = flags;
	if (flags & MBEDTLS_X509_BADCERT_REVOKED)
		blame_other(t, MBEDTLS_X509_BADCERT_REVOKED);
	else if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		blame_trust(t, crt);
	else if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		blame_date(t, "expired", &crt->valid_to);
	else if (flags & MBEDTLS_X509_BADCERT_FUTURE)
		blame_date(t, "not valid before", &crt->valid_from);
	else if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		crt_sans(crt, cn, sizeof cn);
		if (!cn[0])
			(void)crt_cn(&crt->subject, cn, sizeof cn);
		snprintf(t->blame, sizeof t->blame, "is for %s", cn[0] ? cn : "nobody");
	} else
		blame_other(t, flags);
}

int tls_check_peer(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls *t = arg;

	if (depth == 0 && t->ip_len > 0 && !t->site->insecure &&
	    !crt_is_for_ip(crt, t->ip, t->ip_len))
		*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	if (*flags != 0)
		blame_crt(t, crt, *flags);
	return 0;
}

bool tls_identity(const struct tls *t, struct tls_identity *ret)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);

	if (!crt || mbedtls_ssl_get_verify_result(&t->ssl) != 0)
		return false;
	crt_identity(crt, ret);
	return true;
}
