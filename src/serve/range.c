/* Range: one interval, or nothing. Several intervals are legal to ask for and legal to ignore;
 * ignoring them is what keeps a small request from costing a large answer.
 */
#include "range.h"

/* Takes digits off the front of *s; false when there are none. A number too large for 64 bits is
 * beyond every file and becomes the largest. */
static bool take_number(struct span *s, uint64_t *ret)
{
	size_t n = 0;
	uint64_t v = 0;
	bool large = false;

	for (; n < s->len && s->at[n] >= '0' && s->at[n] <= '9'; n++)
		large = large || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
		        __builtin_add_overflow(v, (uint64_t)(s->at[n] - '0'), &v);
	if (n == 0)
		return false;
	span_take(s, n);
	*ret = large ? UINT64_MAX : v;
	return true;
}

static enum range_kind last_bytes(struct span s, uint64_t size, struct range *ret)
{
	uint64_t n;

	if (!take_number(&s, &n) || s.len > 0)
		return RANGE_WHOLE;
	if (n == 0)
		return RANGE_BEYOND;
	if (size == 0) /* satisfiable, but Content-Range cannot say so */
		return RANGE_WHOLE;
	n = n < size ? n : size;
	*ret = (struct range){size - n, n};
	return RANGE_PART;
}

static enum range_kind interval(struct span s, uint64_t size, struct range *ret)
{
	uint64_t first, last = UINT64_MAX;

	if (!take_number(&s, &first) || s.len == 0 || s.at[0] != '-')
		return RANGE_WHOLE;
	span_take(&s, 1);
	if (s.len > 0 && (!take_number(&s, &last) || s.len > 0 || last < first))
		return RANGE_WHOLE;
	if (first >= size)
		return RANGE_BEYOND;
	last = last < size ? last : size - 1;
	*ret = (struct range){first, last - first + 1};
	return RANGE_PART;
}

enum range_kind range_parse(struct span value, uint64_t size, struct range *ret)
{
	static const char unit[] = "bytes=";
	size_t n = sizeof(unit) - 1;

	*ret = (struct range){0, size};
	value = span_trim(value);
	if (value.len <= n || !span_ieq(span_of(value.at, n), span_of(unit, n)))
		return RANGE_WHOLE;
	span_take(&value, n);
	value = span_trim(value);
	if (value.len > 0 && value.at[0] == '-') {
		span_take(&value, 1);
		return last_bytes(value, size, ret);
	}
	return interval(value, size, ret);
}
