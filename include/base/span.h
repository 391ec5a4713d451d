/* span: borrowed bytes.
 *
 * A span never owns. It is valid until the function it was handed to returns, unless a header
 * says otherwise. `at` may be NULL only when `len` is 0.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	uint8_t *at;
	size_t len;
};

static inline struct span span_of(const void *at, size_t len)
{
	return (struct span){(uint8_t *)(uintptr_t)at, len};
}

/* The bytes of a C string without its NUL. */
static inline struct span span_str(const char *s)
{
	return span_of(s, strlen(s));
}

/* Drops the first n bytes (n <= s->len) and returns them. */
static inline struct span span_take(struct span *s, size_t n)
{
	struct span head = {s->at, n};
	s->at += n;
	s->len -= n;
	return head;
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII case-insensitive equality, for HTTP tokens (RFC 9110 5.6.2). */
bool span_ieq(struct span a, struct span b);
/* Without leading and trailing blanks and tabs (OWS, RFC 9110 5.6.3). */
struct span span_trim(struct span s);

#endif
