/* Entity tags. Inode, size and mtime are mixed into one number rather than written out: inode
 * numbers are nobody's business. Each step of the mix is a bijection (the finalizer of
 * splitmix64), so of the same file two different times never give the same tag.
 */
#include "etag.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void etag_make(char out[ETAG_TEXT], const struct stat *st, bool gz)
{
	uint64_t ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
	uint64_t h = mix(mix(mix((uint64_t)st->st_ino) ^ (uint64_t)st->st_size) ^ ns);

	snprintf(out, ETAG_TEXT, "\"%016" PRIx64 "%s\"", h, gz ? "-gz" : "");
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Takes one entity tag, quotes included, off the front of *s; false when there is none. */
static bool take_tag(struct span *s, struct span *ret)
{
	if (s->len >= 2 && s->at[0] == 'W' && s->at[1] == '/')
		span_take(s, 2);
	if (s->len < 2 || s->at[0] != '"')
		return false;
	uint8_t *end = memchr(s->at + 1, '"', s->len - 1);
	if (!end)
		return false;
	*ret = span_take(s, (size_t)(end - s->at) + 1);
	return true;
}

bool etag_listed(struct span list, const char *tag)
{
	struct span one, want = span_str(tag);

	list = span_trim(list);
	if (list.len == 1 && list.at[0] == '*')
		return true;
	for (;;) {
		while (list.len > 0 && (blank(list.at[0]) || list.at[0] == ','))
			span_take(&list, 1);
		if (!take_tag(&list, &one))
			return false;
		if (span_eq(one, want))
			return true;
		while (list.len > 0 && blank(list.at[0]))
			span_take(&list, 1);
		if (list.len > 0 && list.at[0] != ',')
			return false;
	}
}

bool etag_same(struct span value, const char *tag)
{
	return span_eq(span_trim(value), span_str(tag));
}
