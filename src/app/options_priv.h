/* What the three files of options share: the table of options, and one run of the parser.
 *
 *   options.c        walks argv, finds the option a word means, hands it its value
 *   options_table.c  the table: every option with its kind, range and place in struct options
 *   options_value.c  values: numbers, durations, lists; what each kind of option does with one
 *   options_tls.c    what is special about the options of TLS
 *   options_place.c  positionals, and what does not go together
 *   options_wrap.c   the form with a command
 *   options_help.c   --help
 */
#ifndef APP_OPTIONS_PRIV_H
#define APP_OPTIONS_PRIV_H

#include "app/options.h"

enum option_kind {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_FLAG, /* bool */
	OPTION_VERBOSE,
	OPTION_TESTCARD,
	OPTION_LATER, /* known, not built yet; with or without a value */
	/* From here on they take a value. */
	OPTION_TEXT,     /* const char * */
	OPTION_SOCKET,   /* const char *, the path of a unix socket */
	OPTION_TARGET,   /* the same, as the backend */
	OPTION_NUMBER,   /* unsigned (uint32_t), least..most */
	OPTION_DURATION, /* uint32_t ms, least..most ms */
	OPTION_MODE,
	OPTION_FORMAT,
	OPTION_ORIGIN,
	OPTION_WRAP_MODE,
	OPTION_WRAP_OUTPUT,
	OPTION_CERT,
	OPTION_KEY,
	OPTION_PASSWORD,
	OPTION_SSL_VERSION,
	OPTION_CIPHERS,
};

struct option {
	const char *name; /* without dashes */
	enum option_kind kind;
	bool ours;   /* websockify has no such option */
	char letter; /* 0: long only */
	uint32_t least, most;
	size_t offset;    /* of its place in struct options */
	const char *hint; /* OPTION_LATER: what to do meanwhile */
};

extern const struct option options_table[];
extern const size_t options_table_n;

enum { OPTIONS_WORDS = 3 }; /* one more than can be right */

struct options_parse {
	struct options *o;
	char *err;
	const char *words[OPTIONS_WORDS]; /* positionals */
	unsigned words_n;
	const char *backend; /* "--testcard" or "--unix-target", whichever came */
	const char *wrap;    /* the first --wrap- option that came */
	size_t origin_used;
	const char *key; /* a --key that waits for its --cert */
};

static inline bool option_takes_value(const struct option *opt)
{
	return opt->kind >= OPTION_TEXT;
}

/* Writes the one line to err; -EINVAL. User's words in it: "%.80s". */
int options_fail(struct options_parse *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Does what the option says. value is NULL for those that take none. 0 or -EINVAL. */
int options_set(struct options_parse *p, const struct option *opt, const char *value);
/* After the last word: positionals, contradictions. 0 or -EINVAL. */
int options_place(struct options_parse *p);
/* The same for the form with a command. */
int options_place_command(struct options_parse *p);
/* [HOST:]PORT to listen on. 0 or -EINVAL. */
int options_listen(struct options_parse *p, const char *word);
/* The kinds from OPTION_CERT on. 0 or -EINVAL. */
int options_tls_set(struct options_parse *p, const struct option *opt, const char *value);
/* At the end: what of TLS does not go together. 0 or -EINVAL. */
int options_tls_check(struct options_parse *p);

#endif
