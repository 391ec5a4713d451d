/* The walk along argv. */
#include "options_priv.h"

#include "base/str.h"

#include <errno.h>

int options_fail(struct options_parse *p, const char *fmt, ...)
{
	struct str s;
	va_list ap;
	str_init(&s, p->err, OPTIONS_ERROR);
	va_start(ap, fmt);
	str_vfmt(&s, fmt, ap);
	va_end(ap);
	str_clean(&s);
	return -EINVAL;
}

static bool has_prefix(const char *name, struct span word)
{
	return strncmp(name, (const char *)word.at, word.len) == 0;
}

/* How many single letters must change to make b of a (Levenshtein's distance). */
static unsigned distance(struct span a, const char *b)
{
	enum { LONGEST_NAME = 32 };
	unsigned row[LONGEST_NAME + 1];
	size_t n = strlen(b);
	if (n > LONGEST_NAME || a.len > LONGEST_NAME)
		return LONGEST_NAME;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned change = diagonal + (a.at[i - 1] != (uint8_t)b[j - 1]);
			unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = change < step ? change : step;
		}
	}
	return row[n];
}

static const struct option *nearest(struct span word)
{
	const struct option *best = NULL;
	unsigned least = (unsigned)word.len / 3 + 1;
	for (size_t i = 0; i < options_table_n; i++) {
		unsigned d = distance(word, options_table[i].name);
		if (d <= least && (!best || d < least)) {
			best = &options_table[i];
			least = d;
		}
	}
	return best;
}

static void fail_unknown(struct options_parse *p, struct span word)
{
	const struct option *near = nearest(word);
	int shown = word.len < 80 ? (int)word.len : 80;
	if (near)
		options_fail(p, "unknown option --%.*s: did you mean --%s?", shown, (char *)word.at,
		             near->name);
	else
		options_fail(p, "unknown option --%.*s: --help lists them all", shown,
		             (char *)word.at);
}

static void fail_ambiguous(struct options_parse *p, struct span word)
{
	char list[OPTIONS_ERROR];
	struct str s;
	str_init(&s, list, sizeof list);
	for (size_t i = 0; i < options_table_n; i++)
		if (has_prefix(options_table[i].name, word))
			str_fmt(&s, "%s--%s", s.len ? ", " : "", options_table[i].name);
	options_fail(p, "--%.*s could be any of %s: write more of it", (int)word.len,
	             (char *)word.at, list);
}

/* The option a word means: the one of that name, else the only one of websockify's that begins
 * so, else the only one of ours. NULL: options_fail has been called. */
static const struct option *find_long(struct options_parse *p, struct span word)
{
	const struct option *found[2] = {NULL, NULL};
	unsigned n[2] = {0, 0};
	for (size_t i = 0; i < options_table_n; i++) {
		const struct option *opt = &options_table[i];
		if (!word.len || !has_prefix(opt->name, word))
			continue;
		if (strlen(opt->name) == word.len)
			return opt;
		n[opt->ours]++;
		found[opt->ours] = opt;
	}
	if (n[0] == 1 || (n[0] == 0 && n[1] == 1))
		return found[n[0] ? 0 : 1];
	if (n[0] + n[1] == 0)
		fail_unknown(p, word);
	else
		fail_ambiguous(p, word);
	return NULL;
}

/* A value in the word after the option. Something that looks like an option is none: a value was
 * forgotten, and the error would come later and elsewhere. */
static int next_value(struct options_parse *p, const struct option *opt, const char *next,
                      const char **ret)
{
	if (!next)
		return options_fail(p, "--%s needs a value: --%s=VALUE", opt->name, opt->name);
	if (next[0] == '-' && next[1] == '-')
		return options_fail(p,
		                    "--%s needs a value before '%.80s' (--%s=VALUE if that is it)",
		                    opt->name, next, opt->name);
	*ret = next;
	return 0;
}

/* A word that begins with "--". Returns the words it used (1 or 2) or -EINVAL. */
static int take_long(struct options_parse *p, const char *word, const char *next)
{
	const char *value = NULL;
	size_t n = strcspn(word + 2, "=");
	const struct option *opt = find_long(p, span_of(word + 2, n));
	int used = 1, r;
	if (!opt)
		return -EINVAL;
	if (word[2 + n] == '=')
		value = word + 3 + n;
	if (value && !option_takes_value(opt) && opt->kind != OPTION_LATER)
		return options_fail(p, "--%s takes no value: leave '=%.80s' out", opt->name, value);
	if (!value && option_takes_value(opt)) {
		r = next_value(p, opt, next, &value);
		if (r < 0)
			return r;
		used = 2;
	}
	if (value && !*value && option_takes_value(opt))
		return options_fail(p, "--%s needs a value that is not empty", opt->name);
	r = options_set(p, opt, value);
	return r < 0 ? r : used;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < options_table_n; i++)
		if (options_table[i].letter == letter)
			return &options_table[i];
	return NULL;
}

/* A word of letters, each an option without a value: -v, -v6. Returns 1 or -EINVAL. */
static int take_letters(struct options_parse *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct option *opt = find_letter(*c);
		int r;
		if (!opt && strlen(word) > 2)
			return options_fail(
				p,
				"unknown option -%c in '%.80s': long options begin with "
				"two dashes",
				*c, word);
		if (!opt)
			return options_fail(p, "unknown option -%c: --help lists them all", *c);
		r = options_set(p, opt, NULL);
		if (r < 0)
			return r;
		if (p->o->run != RUN_SERVE)
			break;
	}
	return 1;
}

static int take_word(struct options_parse *p, const char *word, const char *next)
{
	if (word[0] == '-' && word[1] == '-')
		return take_long(p, word, next);
	if (word[0] == '-' && word[1])
		return take_letters(p, word);
	if (p->words_n < OPTIONS_WORDS)
		p->words[p->words_n++] = word;
	return 1;
}

static void set_defaults(struct options *o)
{
	*o = (struct options){
		.unix_mode = 0600,
		.log_level = LOG_INFO,
		.wrap_ready_ms = 30000,
		.wrap_stop_ms = 5000,
		.limits =
			{
				.first_byte_ms = 10000,
				.head_ms = 10000,
				.tls_ms = 10000,
				.keepalive_ms = 30000,
				.dial_ms = 10000,
				.stall_ms = 60000,
				.close_ms = 3000,
				.drain_ms = 10000,
				.pong_ms = UINT32_MAX, /* not given: options_place knows */
			},
	};
}

int options_parse(struct options *o, int argc, char *const *argv, char err[OPTIONS_ERROR])
{
	struct options_parse p = {.o = o, .err = err};
	set_defaults(o);
	for (int i = 1; i < argc;) {
		if (strcmp(argv[i], "--") == 0) {
			o->command = argv + i + 1;
			break;
		}
		int used = take_word(&p, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (used < 0)
			return used;
		if (o->run != RUN_SERVE)
			return 0;
		i += used;
	}
	return options_place(&p);
}
