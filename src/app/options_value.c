/* Values: how they are read, and where each kind of option puts them. */
#include "options_priv.h"

#include "base/str.h"

enum { UNIX_PATH = 107 }; /* bytes of sun_path without its NUL, unix(7) */

static void *place_of(struct options_parse *p, const struct option *opt)
{
	return (char *)p->o + opt->offset;
}

/* The base a number is written in, as websockify reads it; moves *text behind the prefix. */
static unsigned base_of(const char **text)
{
	const char *t = *text;
	char second = (char)(t[0] == '0' ? t[1] | 0x20 : 0);
	if (second == 'x' || second == 'b') {
		*text = t + 2;
		return second == 'x' ? 16 : 2;
	}
	if (t[0] == '0' && t[1]) {
		*text = t + 1;
		return 8;
	}
	return 10;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* A whole number that fits in 32 bits. */
static bool read_whole(const char *text, uint64_t *ret)
{
	unsigned base = base_of(&text);
	uint64_t n = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = digit_of(*text);
		if (digit >= base)
			return false;
		n = n * base + digit;
		if (n > UINT32_MAX)
			return false;
	}
	*ret = n;
	return true;
}

/* Seconds, whole (in any base) or with up to three decimals, as milliseconds. */
static bool read_ms(const char *text, uint64_t *ret)
{
	char whole[16];
	struct str s;
	uint64_t sec = 0, ms = 0;
	const char *point = strchr(text, '.');
	if (!point) {
		bool ok = read_whole(text, &sec);
		*ret = sec * 1000;
		return ok;
	}
	str_init(&s, whole, sizeof whole);
	str_put(&s, span_of(text, (size_t)(point - text)));
	size_t decimals = strlen(point + 1);
	if (s.cut || decimals < 1 || decimals > 3 || !str_number(point + 1, 0, 999, &ms) ||
	    (s.len && !str_number(whole, 0, UINT32_MAX, &sec)))
		return false;
	for (; decimals < 3; decimals++)
		ms *= 10;
	*ret = sec * 1000 + ms;
	return true;
}

static int set_number(struct options_parse *p, const struct option *opt, const char *value)
{
	uint64_t n = 0;
	if (!read_whole(value, &n) || n < opt->least || n > opt->most)
		return options_fail(p, "--%s: '%.80s' is not a whole number from %u to %u",
		                    opt->name, value, opt->least, opt->most);
	*(uint32_t *)place_of(p, opt) = (uint32_t)n;
	return 0;
}

static int set_duration(struct options_parse *p, const struct option *opt, const char *value)
{
	uint64_t ms = 0;
	if (!read_ms(value, &ms) || ms < opt->least || ms > opt->most)
		return options_fail(p,
		                    "--%s: '%.80s' is not a number of seconds from %s to %u, "
		                    "such as 10 or 0.5",
		                    opt->name, value, opt->least ? "0.001" : "0", opt->most / 1000);
	*(uint32_t *)place_of(p, opt) = (uint32_t)ms;
	return 0;
}

static int set_mode(struct options_parse *p, const char *value)
{
	const char *digits = value;
	unsigned mode = 0;
	if (digits[0] == '0' && (digits[1] | 0x20) == 'o')
		digits += 2;
	if (!*digits)
		digits = "9";
	for (const char *d = digits; *d && mode <= 0777; d++)
		mode = digit_of(*d) < 8 ? mode * 8 + digit_of(*d) : 01000;
	if (mode > 0777)
		return options_fail(p,
		                    "--unix-listen-mode: '%.80s' is not a mode: write three octal "
		                    "digits, for example 660",
		                    value);
	p->o->unix_mode = mode;
	return 0;
}

static int check_socket(struct options_parse *p, const struct option *opt, const char *path)
{
	if (strlen(path) <= UNIX_PATH)
		return 0;
	return options_fail(
		p, "--%s: the path has %zu bytes, a socket's may have %d: use a shorter one",
		opt->name, strlen(path), UNIX_PATH);
}

static int set_backend(struct options_parse *p, const char *option, struct target t)
{
	if (p->backend && strcmp(p->backend, option) != 0)
		return options_fail(p, "%s and %s are two backends: keep one of them", p->backend,
		                    option);
	p->backend = option;
	p->o->target = t;
	return 0;
}

static int set_unix_target(struct options_parse *p, const struct option *opt, const char *path)
{
	struct target t = {.kind = TARGET_UNIX};
	struct str s;
	int r = check_socket(p, opt, path);
	if (r < 0)
		return r;
	str_init(&s, t.host, sizeof t.host);
	str_puts(&s, path);
	return set_backend(p, "--unix-target", t);
}

static int set_socket(struct options_parse *p, const struct option *opt, const char *path)
{
	int r = check_socket(p, opt, path);
	if (r == 0)
		*(const char **)place_of(p, opt) = path;
	return r;
}

static int set_format(struct options_parse *p, const char *value)
{
	if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
		return options_fail(p, "--log-format: '%.80s' is unknown: write text or json",
		                    value);
	p->o->log_json = value[0] == 'j';
	return 0;
}

static int set_wrap_mode(struct options_parse *p, const char *value)
{
	static const char *const names[] = {
		[WRAP_EXIT] = "exit", [WRAP_IGNORE] = "ignore", [WRAP_RESPAWN] = "respawn"};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(value, names[i]) == 0) {
			p->o->wrap_mode = (enum wrap_mode)i;
			p->o->wrap_mode_given = true;
			return 0;
		}
	return options_fail(p, "--wrap-mode: '%.80s' is unknown: write exit, ignore or respawn",
	                    value);
}

static int set_wrap_output(struct options_parse *p, const char *value)
{
	if (strcmp(value, "inherit") != 0 && strcmp(value, "log") != 0)
		return options_fail(p, "--wrap-output: '%.80s' is unknown: write inherit or log",
		                    value);
	p->o->wrap_output = value[0] == 'i' ? OUTPUT_INHERIT : OUTPUT_LOG;
	return 0;
}

static int add_origin(struct options_parse *p, struct span entry)
{
	struct options *o = p->o;
	if (entry.len == 0)
		return options_fail(p, "--allow-origin: an entry is empty: write HOST, HOST:PORT, "
		                       "SCHEME://HOST or any, with commas between them");
	for (size_t i = 0; i < entry.len; i++)
		if (entry.at[i] <= ' ' || entry.at[i] == 0x7f)
			return options_fail(p,
			                    "--allow-origin: '%.*s' holds a blank or a control "
			                    "character",
			                    entry.len < 80 ? (int)entry.len : 80, (char *)entry.at);
	if (o->origins_n == OPTIONS_ORIGINS || entry.len >= sizeof o->origin_text - p->origin_used)
		return options_fail(p,
		                    "--allow-origin: more than %d entries or %d bytes: use "
		                    "*.example for a whole domain, or any",
		                    OPTIONS_ORIGINS, OPTIONS_ORIGIN_TEXT);
	char *to = o->origin_text + p->origin_used;
	memcpy(to, entry.at, entry.len);
	to[entry.len] = 0;
	p->origin_used += entry.len + 1;
	o->origins[o->origins_n++] = to;
	return 0;
}

/* A list with commas; blanks around them do not count. */
static int add_origins(struct options_parse *p, const char *value)
{
	int r;
	do {
		size_t n = strcspn(value, ",");
		r = add_origin(p, span_trim(span_of(value, n)));
		value += n;
	} while (r == 0 && *value++);
	return r;
}

int options_set(struct options_parse *p, const struct option *opt, const char *value)
{
	if (!p->wrap && strncmp(opt->name, "wrap-", 5) == 0)
		p->wrap = opt->name;
	switch (opt->kind) {
	case OPTION_HELP: p->o->run = RUN_HELP; return 0;
	case OPTION_VERSION: p->o->run = RUN_VERSION; return 0;
	case OPTION_FLAG: *(bool *)place_of(p, opt) = true; return 0;
	case OPTION_VERBOSE: p->o->log_level = LOG_DEBUG; return 0;
	case OPTION_TESTCARD:
		return set_backend(p, "--testcard", (struct target){.kind = TARGET_TESTCARD});
	case OPTION_TEXT: *(const char **)place_of(p, opt) = value; return 0;
	case OPTION_SOCKET: return set_socket(p, opt, value);
	case OPTION_TARGET: return set_unix_target(p, opt, value);
	case OPTION_NUMBER: return set_number(p, opt, value);
	case OPTION_DURATION: return set_duration(p, opt, value);
	case OPTION_MODE: return set_mode(p, value);
	case OPTION_FORMAT: return set_format(p, value);
	case OPTION_ORIGIN: return add_origins(p, value);
	case OPTION_WRAP_MODE: return set_wrap_mode(p, value);
	case OPTION_WRAP_OUTPUT: return set_wrap_output(p, value);
	case OPTION_CERT:
	case OPTION_KEY:
	case OPTION_PASSWORD:
	case OPTION_SSL_VERSION:
	case OPTION_CIPHERS: return options_tls_set(p, opt, value);
	case OPTION_LATER: break;
	}
	return options_fail(p, "--%s is not built yet: %s", opt->name, opt->hint);
}
