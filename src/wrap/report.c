/* report: see the header. */
#include "report.h"

#include "base/str.h"

#include <limits.h>

enum { REPORT_LINE = 256 };

/* The next word, cut out of the text; NULL at its end. */
static char *word_of(char **at)
{
	char *word = *at + strspn(*at, " \n");
	if (!*word)
		return NULL;
	*at = word + strcspn(word, " \n");
	if (**at)
		*(*at)++ = 0;
	return word;
}

static bool take_event(struct report *r, const char *word)
{
	static const char *const names[] = {"bind", "listen", "fail"};
	for (unsigned i = 0; word && i < sizeof names / sizeof *names; i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		r->event = (enum report_event)i;
		return true;
	}
	return false;
}

static bool take_address(struct report *r, const char *host, const char *port)
{
	uint64_t n;
	if (!host || !port || !str_number(port, 1, UINT16_MAX, &n))
		return false;
	r->port = (uint16_t)n;
	r->six = strcmp(host, "::1") == 0;
	return r->six || strcmp(host, "127.0.0.1") == 0;
}

static void take_number(int *ret, const char *text)
{
	uint64_t n;
	if (str_number(text, 0, INT_MAX, &n))
		*ret = (int)n;
}

/* Compared to its end whatever it holds: how long that takes tells nothing. */
static bool same_key(const char *key, const char *text)
{
	size_t n = strlen(key), diff = strlen(text) ^ n;
	for (size_t i = 0; i < n && text[i]; i++)
		diff |= (unsigned char)(key[i] ^ text[i]);
	return diff == 0 && n > 0;
}

bool report_parse(struct report *ret, struct span line, const char *key)
{
	char text[REPORT_LINE], *at = text, *word;
	struct report r = {0};
	bool known = false;
	if (line.len >= sizeof text || memchr(line.at, 0, line.len))
		return false;
	memcpy(text, line.at, line.len);
	text[line.len] = 0;
	if (!take_event(&r, word_of(&at)))
		return false;
	const char *host = word_of(&at), *port = word_of(&at);
	if (!take_address(&r, host, port))
		return false;
	while ((word = word_of(&at))) {
		if (strncmp(word, "pid=", 4) == 0)
			take_number(&r.pid, word + 4);
		else if (strncmp(word, "errno=", 6) == 0)
			take_number(&r.error, word + 6);
		else if (strncmp(word, "key=", 4) == 0)
			known = same_key(key, word + 4);
	}
	if (known)
		*ret = r;
	return known;
}
