/* tls_hello: see the header. */
#include "tls_hello.h"

enum { BEFORE_SESSION = 2 + 32, GROUPS = 10, SIG_ALGS = 13 };

static unsigned number_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* A vector with its length in front of it, in so many bytes (RFC 8446 3.4). */
static bool take_vector(struct span *s, size_t width, struct span *ret)
{
	if (s->len < width)
		return false;
	const uint8_t *at = span_take(s, width).at;
	size_t len = width == 1 ? at[0] : number_at(at);
	if (s->len < len)
		return false;
	*ret = span_take(s, len);
	return true;
}

static bool read_extension(struct tls_hello *h, struct span *all)
{
	struct span body;

	if (all->len < 2)
		return false;
	unsigned type = number_at(span_take(all, 2).at);
	if (!take_vector(all, 2, &body))
		return false;
	if (type == GROUPS)
		return take_vector(&body, 2, &h->groups);
	if (type == SIG_ALGS)
		return take_vector(&body, 2, &h->sig_algs);
	return true;
}

static bool read_all(struct tls_hello *h, struct span s)
{
	struct span skipped, extensions;

	if (s.len < BEFORE_SESSION)
		return false;
	span_take(&s, BEFORE_SESSION);
	if (!take_vector(&s, 1, &skipped) || !take_vector(&s, 2, &h->suites) ||
	    !take_vector(&s, 1, &skipped))
		return false;
	if (s.len == 0) /* TLS 1.2 may do without */
		return true;
	if (!take_vector(&s, 2, &extensions))
		return false;
	while (extensions.len > 0)
		if (!read_extension(h, &extensions))
			return false;
	return true;
}

bool tls_hello_read(struct tls_hello *ret, struct span body)
{
	struct tls_hello h = {0};
	bool whole = read_all(&h, body);

	*ret = whole ? h : (struct tls_hello){0};
	return whole;
}

bool tls_hello_lists(struct span list, unsigned number)
{
	for (; list.len >= 2; span_take(&list, 2))
		if (number_at(list.at) == number)
			return true;
	return false;
}
