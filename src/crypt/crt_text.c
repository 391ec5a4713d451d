/* crt_text: see the header. */
#include "crt_text.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>

static void put_hex(struct str *s, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_fmt(s, "%s%02X", i ? ":" : "", at[i]);
}

bool crt_is_self_signed(const mbedtls_x509_crt *crt)
{
	return span_eq(span_of(crt->issuer_raw.p, crt->issuer_raw.len),
	               span_of(crt->subject_raw.p, crt->subject_raw.len));
}

void crt_subject(const mbedtls_x509_crt *crt, char out[TLS_SUBJECT])
{
	struct str s;

	str_init(&s, out, TLS_SUBJECT);
	int n = mbedtls_x509_dn_gets(out, TLS_SUBJECT, &crt->subject);
	if (n < 0)
		str_puts(&s, "(too long)");
	else
		s.len = (size_t)n;
	str_clean(&s);
}

void crt_fingerprint(const mbedtls_x509_crt *crt, char out[TLS_FINGERPRINT])
{
	uint8_t sum[32];
	struct str s;

	str_init(&s, out, TLS_FINGERPRINT);
	if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), crt->raw.p, crt->raw.len,
	               sum) == 0)
		put_hex(&s, sum, sizeof sum);
}

bool crt_cn(const mbedtls_x509_name *subject, char *out, size_t cap)
{
	struct str s;

	str_init(&s, out, cap);
	for (const mbedtls_x509_name *n = subject; n && s.len == 0; n = n->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) == 0)
			str_put(&s, span_of(n->val.p, n->val.len));
	str_clean(&s);
	return !s.cut;
}

/* As RFC 4514 escapes, so that nobody's name passes for two: "a, DNS:b" is "a\2C\20DNS:b". */
static void put_name(struct str *s, struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.at[i];
		if (c > ' ' && c < 0x7f && c != ',' && c != '\\')
			str_putc(s, (char)c);
		else
			str_fmt(s, "\\%02X", c);
	}
}

static void put_ip(struct str *s, const mbedtls_x509_buf *b)
{
	char text[INET6_ADDRSTRLEN];

	if (b->len == 4 && inet_ntop(AF_INET, b->p, text, sizeof text))
		str_puts(s, text);
	else if (b->len == 16 && inet_ntop(AF_INET6, b->p, text, sizeof text))
		str_puts(s, text);
}

static const char *san_kind(int tag)
{
	switch (tag & MBEDTLS_ASN1_TAG_VALUE_MASK) {
	case MBEDTLS_X509_SAN_RFC822_NAME: return "email:";
	case MBEDTLS_X509_SAN_DNS_NAME: return "DNS:";
	case MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER: return "URI:";
	case MBEDTLS_X509_SAN_IP_ADDRESS: return "IP:";
	default: return NULL;
	}
}

void crt_sans(const mbedtls_x509_crt *crt, char *out, size_t cap)
{
	struct str s;

	str_init(&s, out, cap);
	for (const mbedtls_x509_sequence *n = &crt->subject_alt_names; n; n = n->next) {
		const char *kind = n->buf.p ? san_kind(n->buf.tag) : NULL;
		size_t before = s.len;
		if (!kind)
			continue;
		str_puts(&s, s.len ? ", " : "");
		str_puts(&s, kind);
		if (kind[0] == 'I')
			put_ip(&s, &n->buf);
		else
			put_name(&s, span_of(n->buf.p, n->buf.len));
		if (s.cut) { /* the front of a name may be somebody else's */
			out[before] = 0;
			break;
		}
	}
}

void crt_identity(const mbedtls_x509_crt *crt, struct tls_identity *ret)
{
	struct str serial;

	crt_subject(crt, ret->subject);
	if (!crt_cn(&crt->subject, ret->cn, sizeof ret->cn))
		ret->cn[0] = 0;
	crt_sans(crt, ret->sans, sizeof ret->sans);
	crt_fingerprint(crt, ret->fingerprint);
	str_init(&serial, ret->serial, sizeof ret->serial);
	put_hex(&serial, crt->serial.p, crt->serial.len);
}

bool crt_is_for_ip(const mbedtls_x509_crt *crt, const uint8_t *ip, size_t len)
{
	for (const mbedtls_x509_sequence *n = &crt->subject_alt_names; n; n = n->next)
		if ((n->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == MBEDTLS_X509_SAN_IP_ADDRESS &&
		    n->buf.len == len && memcmp(n->buf.p, ip, len) == 0)
			return true;
	return false;
}
