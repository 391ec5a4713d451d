/* tls_why: what Mbed TLS's codes mean to the people at both ends. */
#include "tls_priv.h"

#include "base/str.h"
#include "tls_keys.h"

#include <errno.h>

/* RFC 8446 6. */
static const char *alert_name(unsigned alert)
{
	switch (alert) {
	case 0: return "close_notify";
	case 10: return "unexpected_message";
	case 20: return "bad_record_mac";
	case 21: return "decryption_failed";
	case 22: return "record_overflow";
	case 40: return "handshake_failure";
	case 42: return "bad_certificate";
	case 43: return "unsupported_certificate";
	case 44: return "certificate_revoked";
	case 45: return "certificate_expired";
	case 46: return "certificate_unknown";
	case 47: return "illegal_parameter";
	case 48: return "unknown_ca";
	case 49: return "access_denied";
	case 50: return "decode_error";
	case 51: return "decrypt_error";
	case 70: return "protocol_version";
	case 71: return "insufficient_security";
	case 80: return "internal_error";
	case 86: return "inappropriate_fallback";
	case 90: return "user_canceled";
	case 100: return "no_renegotiation";
	case 109: return "missing_extension";
	case 110: return "unsupported_extension";
	case 112: return "unrecognized_name";
	case 113: return "bad_certificate_status_response";
	case 115: return "unknown_psk_identity";
	case 116: return "certificate_required";
	case 120: return "no_application_protocol";
	default: return NULL;
	}
}

static void put_alert(struct str *s, unsigned alert)
{
	const char *name = alert_name(alert);

	if (name)
		str_fmt(s, "alert %s", name);
	else
		str_fmt(s, "alert %u", alert);
}

/* ---- the peer gave up on us ---- */

static bool alert_is_distrust(unsigned alert)
{
	return (alert >= 42 && alert <= 46 && alert != 43) || alert == 48;
}

static void blame_received(struct tls *t, struct str *s, unsigned alert)
{
	str_puts(s, t->peer);
	if (alert == 116)
		str_puts(s, " wants a certificate from us");
	else if (alert_is_distrust(alert))
		str_puts(s, " does not trust our certificate");
	else
		str_puts(s, " gave up");
	str_puts(s, " (its ");
	put_alert(s, alert);
	str_puts(s, ")");
}

/* A TLS 1.3 client may give up before it encrypts (Mbed TLS itself does); the library then says that
 * the record does not decrypt. The alert is read off it: two bytes, and a header of five. */
static bool is_plain_alert(const struct tls *t)
{
	const unsigned char *h = t->ssl.MBEDTLS_PRIVATE(in_hdr);

	return !t->roomy && h[0] == MBEDTLS_SSL_MSG_ALERT && h[3] == 0 && h[4] == 2;
}

/* ---- we give up on the peer ---- */

struct words {
	int err;
	const char *text; /* after the peer's name */
};

static const struct words words[] = {
	{MBEDTLS_ERR_SSL_INVALID_RECORD, "does not speak TLS, or a record is broken"},
	{MBEDTLS_ERR_SSL_INVALID_MAC, "sent a record that does not decrypt"},
	{MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "speaks no TLS version that is allowed here"},
	{MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "has no ciphersuite, group or signature in common"},
	{MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, "does not want http/1.1 (ALPN)"},
	{MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "sent a message that has no place here"},
	{MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "sent a wrong value in the handshake"},
	{MBEDTLS_ERR_SSL_DECODE_ERROR, "sent a handshake message that is broken"},
	{MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION, "asks for an extension nobody offered"},
	{MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME, "asks for a name that is not served here"},
	{MBEDTLS_ERR_SSL_BAD_CERTIFICATE, "sent a certificate that cannot be read"},
	{MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY, "closed during the handshake"},
};

static const char *words_of(int err)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].err == err)
			return words[i].text;
	return NULL;
}

static bool is_memory(int err)
{
	return err == MBEDTLS_ERR_SSL_ALLOC_FAILED || err == MBEDTLS_ERR_X509_ALLOC_FAILED ||
	       err == MBEDTLS_ERR_PK_ALLOC_FAILED || err == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
	       err == MBEDTLS_ERR_ECP_ALLOC_FAILED || err == MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
}

static void blame_certificate(struct tls *t, struct str *s)
{
	str_fmt(s, "%s certificate: %s", t->peer, t->blame[0] ? t->blame : "does not verify");
	if (t->name)
		str_fmt(s, ", expected name %s", t->name);
}

/* What Mbed TLS says of a certificate that does not verify (mbedtls_ssl_verify_certificate). */
static unsigned alert_of_flags(uint32_t flags)
{
	if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		return MBEDTLS_SSL_ALERT_MSG_BAD_CERT;
	if (flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
	             MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY))
		return MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT;
	if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		return MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED;
	if (flags & MBEDTLS_X509_BADCERT_REVOKED)
		return MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED;
	if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		return MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA;
	return MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN;
}

/* Before encryption it was seen going out; of some Mbed TLS keeps the number; and it always says
 * one about a certificate. */
unsigned tls_alert_sent(const struct tls *t)
{
	if (t->alert)
		return t->alert;
	if (t->ssl.MBEDTLS_PRIVATE(alert_type))
		return t->ssl.MBEDTLS_PRIVATE(alert_type);
	return t->flags ? alert_of_flags(t->flags) : 0;
}

static void blame_peer(struct tls *t, struct str *s, int err)
{
	const char *text = words_of(err);

	if (err == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		blame_certificate(t, s);
	else if (err == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
		str_fmt(s, "%s certificate: none was given", t->peer);
	else if (err == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE && tls_keys_asked(t))
		str_fmt(s, "%s %s", t->peer, TLS_KEYS_REFUSED);
	else if (text)
		str_fmt(s, "%s %s", t->peer, text);
	else
		str_fmt(s, "TLS with the %s failed (-0x%04x)", t->peer, (unsigned)-err);
	if (tls_alert_sent(t)) {
		str_puts(s, " (our ");
		put_alert(s, tls_alert_sent(t));
		str_puts(s, ")");
	}
}

void tls_blame(struct tls *t, int err)
{
	char text[WHY_TEXT];
	struct str s;

	str_init(&s, text, sizeof text);
	if (is_memory(err))
		str_puts(&s, "out of memory");
	else if (err == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		blame_received(t, &s, t->ssl.MBEDTLS_PRIVATE(in_msg)[1]);
	else if (err == MBEDTLS_ERR_SSL_INVALID_MAC && is_plain_alert(t))
		blame_received(t, &s, t->ssl.MBEDTLS_PRIVATE(in_hdr)[6]);
	else
		blame_peer(t, &s, err);
	t->why = why_make(WHY_TLS, 1011, 502, is_memory(err) ? -ENOMEM : -EPROTO, "%s", text);
}
