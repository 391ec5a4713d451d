/* Names as parts of URLs and of HTML. */
#include "escape.h"

static bool unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_hex(struct str *s, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	str_putc(s, '%');
	str_putc(s, digits[c >> 4]);
	str_putc(s, digits[c & 15]);
}

void escape_path(struct str *s, struct span path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (unreserved(path.at[i]) || path.at[i] == '/')
			str_putc(s, (char)path.at[i]);
		else
			put_hex(s, path.at[i]);
	}
}

void escape_query(struct str *s, struct span query)
{
	for (size_t i = 0; i < query.len; i++) {
		if (query.at[i] > ' ' && query.at[i] < 0x7f)
			str_putc(s, (char)query.at[i]);
		else
			put_hex(s, query.at[i]);
	}
}

void escape_html(struct str *s, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.at[i]) {
		case '&': str_puts(s, "&amp;"); break;
		case '<': str_puts(s, "&lt;"); break;
		case '>': str_puts(s, "&gt;"); break;
		case '"': str_puts(s, "&quot;"); break;
		case '\'': str_puts(s, "&#39;"); break;
		default: str_putc(s, (char)text.at[i]);
		}
	}
}
