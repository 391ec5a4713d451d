/* str: a bounded string builder over somebody else's bytes.
 *
 * Always NUL-terminated once initialised with cap > 0; what does not fit is cut and `cut` is set.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/span.h"

#include <stdarg.h>

struct str {
	char *at;
	size_t len, cap; /* len < cap; cap counts the NUL */
	bool cut;
};

void str_init(struct str *s, void *at, size_t cap);
void str_put(struct str *s, struct span bytes);
static inline void str_puts(struct str *s, const char *text)
{
	str_put(s, span_str(text));
}
void str_putc(struct str *s, char c);
/* A decimal number: much cheaper than str_fmt. */
void str_put_number(struct str *s, uint64_t n);
void str_fmt(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vfmt(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static inline struct span str_span(const struct str *s)
{
	return span_of(s->at, s->len);
}
/* The length of the UTF-8 character s begins with (RFC 3629) and its code; 0 (and *ret_code
 * untouched) when s is empty or begins with none, a cut one included. */
size_t str_char(struct span s, uint32_t *ret_code);
/* Puts '?' where a byte is no part of a UTF-8 character or the character is a control. */
void str_clean(struct str *s);
/* Parses a whole decimal number in [min, max]; false (and *ret untouched) on anything else. */
bool str_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

#endif
