/* Log lines: built on the stack, escaped, cut where they must be, handed to the sink.
 *
 *   text  [TIME ]LEVEL EVENT( KEY=VALUE)*\n            LOG_LINE bytes with the '\n'
 *   json  {["time":…,]"level":…,"event":…(,"KEY":VALUE)*}\n
 *
 * A field is written whole, with a shortened value, or not at all: a cut line is still valid.
 */
#include "base/log.h"

#include "base/str.h"

#include <time.h>

enum {
	VALUE_MAX = 320, /* bytes of one value, so that one long one does not push out the rest */
	UNIT_MAX = 8,    /* bytes of the longest escape, "\u202e" */
};

static const char cut_mark[] = "\xe2\x80\xa6"; /* "…" at the end of a value that was cut */

static const char *const level_text[] = {"error ", "warn  ", "info  ", "debug "};
static const char *const level_json[] = {"\"level\":\"error\",", "\"level\":\"warn\",",
                                         "\"level\":\"info\",", "\"level\":\"debug\","};

/* Characters that move the cursor, colour a terminal or turn the reading direction. */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f;
}

/* Takes one character off in and writes what stands for it in a line: the character itself or an
 * escape, the same in both formats where JSON allows it. Returns the bytes written. */
static size_t unit(struct span *in, bool json, char out[UNIT_MAX])
{
	struct str s;
	uint32_t code = 0;
	size_t n = str_char(*in, &code);
	struct span c = span_take(in, n ? n : 1);
	str_init(&s, out, UNIT_MAX);
	if (n == 0 && json)
		str_puts(&s, "\xef\xbf\xbd"); /* U+FFFD: JSON has no way to say "a byte" */
	else if (n == 0)
		str_fmt(&s, "\\x%02x", c.at[0]);
	else if (code == '"' || code == '\\')
		str_fmt(&s, "\\%c", (char)code);
	else if (code == '\n' || code == '\r' || code == '\t')
		str_fmt(&s, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
	else if (is_unsafe(code))
		str_fmt(&s, "\\u%04x", code);
	else
		str_put(&s, c);
	return s.len;
}

/* How many bytes at the start of text stand for themselves in both formats. */
static size_t plain_run(struct span text)
{
	size_t n = 0;
	while (n < text.len && text.at[n] >= ' ' && text.at[n] < 0x7f && text.at[n] != '"' &&
	       text.at[n] != '\\')
		n++;
	return n;
}

/* Appends the escaped text, at most VALUE_MAX bytes and so that `spare` more fit behind it. What is
 * cut ends in the mark; when not even one character and the mark fit, s->cut is set. */
static void put_escaped(struct str *s, bool json, struct span text, size_t spare)
{
	char out[UNIT_MAX];
	size_t start = s->len, mark_at = start, end = s->cap - 1 > spare ? s->cap - 1 - spare : 0;
	if (end > start + VALUE_MAX)
		end = start + VALUE_MAX;
	if (start + text.len <= end && plain_run(text) == text.len) { /* nearly every value */
		str_put(s, text);
		return;
	}
	while (text.len) {
		size_t n = unit(&text, json, out);
		if (s->len + n > end) {
			s->len = mark_at;
			str_puts(s, cut_mark);
			s->cut |= mark_at == start;
			return;
		}
		str_put(s, span_of(out, n));
		if (s->len + sizeof cut_mark - 1 <= end)
			mark_at = s->len;
	}
}

/* A text value goes bare when nobody could misread it. */
static bool wants_quotes(const char *text)
{
	if (!*text)
		return true;
	for (; *text; text++)
		if ((uint8_t)*text <= ' ' || (uint8_t)*text >= 0x7f || *text == '"' ||
		    *text == '=' || *text == '\\')
			return true;
	return false;
}

/* Appends ` key=value` or `,"key":value`, or nothing when there is no room for it. */
static void put_field(struct str *s, bool json, const struct log_field *f)
{
	struct str was = *s;
	bool quotes = f->text && (json || wants_quotes(f->text));
	str_puts(s, json ? ",\"" : " ");
	str_puts(s, f->key);
	str_puts(s, json ? "\":" : "=");
	if (quotes)
		str_putc(s, '"');
	if (f->text)
		put_escaped(s, json, span_str(f->text), quotes);
	else
		str_put_number(s, f->number);
	if (quotes)
		str_putc(s, '"');
	if (s->cut)
		*s = was;
}

/* "2026-03-01T12:00:00", worked out once a second. */
static const char *stamp(struct log *l, int64_t sec)
{
	struct tm tm;
	time_t t = (time_t)sec;
	if (l->stamp[0] && l->stamp_sec == sec)
		return l->stamp;
	if (!gmtime_r(&t, &tm) || !strftime(l->stamp, sizeof l->stamp, "%Y-%m-%dT%H:%M:%S", &tm))
		l->stamp[0] = 0;
	l->stamp_sec = sec;
	return l->stamp;
}

static void put_time(struct log *l, struct str *s)
{
	struct timespec now = {0};
	if (l->plain_time)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	unsigned ms = (unsigned)(now.tv_nsec / 1000000);
	char tail[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
	               (char)('0' + ms % 10), 'Z'};
	if (l->json)
		str_puts(s, "\"time\":\"");
	str_puts(s, stamp(l, now.tv_sec));
	str_put(s, span_of(tail, sizeof tail));
	str_puts(s, l->json ? "\"," : " ");
}

void log_write(struct log *l, enum log_level level, const char *event, const struct log_field *f,
               size_t n)
{
	char line[LOG_LINE];
	struct str s;
	if (!log_wants(l, level))
		return;
	str_init(&s, line, sizeof line - 1); /* what ends the line always fits: "}\n" */
	if (l->json)
		str_putc(&s, '{');
	put_time(l, &s);
	str_puts(&s, (l->json ? level_json : level_text)[level]);
	if (l->json)
		str_puts(&s, "\"event\":\"");
	put_escaped(&s, l->json, span_str(event), VALUE_MAX);
	if (l->json)
		str_putc(&s, '"');
	for (size_t i = 0; i < n; i++)
		put_field(&s, l->json, &f[i]);
	if (l->json)
		line[s.len++] = '}';
	line[s.len++] = '\n';
	l->sink(l->self, level, str_span(&s));
}
