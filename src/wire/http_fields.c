/* http_fields: llhttp in strict mode. No lenient flag is set, so what it accepts is what its
 * version accepts by default; tests/unit/test_http_head.c has a row for each thing it is known to
 * let through that http_scan and http_head do not. */
#include "http_fields.h"

#include <llhttp.h>

static const struct http_fault malformed = {400, "malformed request head"};
static const struct http_fault method = {501, "a method that is not known here"};
static const struct http_fault version = {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
static const struct http_fault length = {400, "a bad or doubtful Content-Length"};
static const struct http_fault encoding = {400, "a bad or doubtful Transfer-Encoding"};

/* Appends to s the piece that follows it. Pieces of one thing touch, because the head is parsed
 * in one go and no folded line got here. */
static int grow(struct span *s, const char *at, size_t len)
{
	if (!s->at)
		*s = span_of(at, 0);
	bool touches = (const uint8_t *)at == s->at + s->len;
	s->len += touches ? len : 0;
	return touches ? 0 : -1;
}

/* The field that is being read; NULL when there are too many, which http_scan sees to as well. */
static struct http_field *current(llhttp_t *p)
{
	struct http_fields *f = p->data;
	return f->n < HTTP_SCAN_FIELDS ? &f->at[f->n] : NULL;
}

static int on_url(llhttp_t *p, const char *at, size_t len)
{
	struct http_fields *f = p->data;
	return grow(&f->target, at, len);
}

static int on_field(llhttp_t *p, const char *at, size_t len)
{
	struct http_field *f = current(p);
	return f ? grow(&f->name, at, len) : -1;
}

static int on_value(llhttp_t *p, const char *at, size_t len)
{
	struct http_field *f = current(p);
	return f ? grow(&f->value, at, len) : -1;
}

static int on_value_complete(llhttp_t *p)
{
	struct http_fields *all = p->data;
	struct http_field *f = current(p);
	if (f)
		f->value = f->value.at ? span_trim(f->value) : span_of(f->name.at + f->name.len, 0);
	all->n += f != NULL;
	return 0;
}

static int on_headers_complete(llhttp_t *p)
{
	struct http_fields *f = p->data;
	f->whole = true;
	return 0;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
};

static const struct http_fault *fault_of(llhttp_errno_t e)
{
	switch (e) {
	case HPE_INVALID_METHOD:
	case HPE_INVALID_CONSTANT: return &method; /* PLAY, SETUP: of other protocols */
	case HPE_INVALID_VERSION:
	case HPE_PAUSED_H2_UPGRADE: return &version;
	case HPE_UNEXPECTED_CONTENT_LENGTH:
	case HPE_INVALID_CONTENT_LENGTH: return &length;
	case HPE_INVALID_TRANSFER_ENCODING: return &encoding;
	default: return &malformed;
	}
}

const struct http_fault *http_fields_read(struct http_fields *ret, struct span head)
{
	llhttp_t p;
	ret->target = span_of(NULL, 0);
	ret->n = 0;
	ret->whole = false;
	memset(ret->at, 0, sizeof(ret->at));
	llhttp_init(&p, HTTP_REQUEST, &settings);
	p.data = ret;
	llhttp_errno_t e = llhttp_execute(&p, (const char *)head.at, head.len);
	if (e != HPE_OK && e != HPE_PAUSED_UPGRADE)
		return fault_of(e);
	return ret->whole ? NULL : &malformed;
}
