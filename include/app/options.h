/* options: the command line. Pure: argv in, a struct or one clear sentence out; touches no file.
 *
 *   websplice [options] [HOST:]PORT BACKEND_HOST:PORT
 *   websplice [options] --unix-target=FILE [HOST:]PORT
 *   websplice [options] --testcard [HOST:]PORT
 *   websplice [options] --unix-listen=FILE BACKEND_HOST:PORT
 *   websplice [options] [HOST:]PORT -- COMMAND [ARGUMENT...]
 *
 * websockify's spelling throughout: options may stand after positionals, `--opt=val` and
 * `--opt val`, numbers as 10, 0x0a, 0b1010 and 012, and any prefix that no other option shares.
 * A prefix that was enough for websockify stays enough, whatever options of ours begin alike.
 * Options of websockify that are not built yet are known by name and refused in so many words.
 * A password on the command line is copied and wiped there, so that ps shows stars.
 * Durations are seconds on the command line, 10 or 0.5, and milliseconds here where it says _ms.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include "base/limits.h"
#include "base/log.h"
#include "base/target.h"
#include "app/options_tls.h"
#include "wrap/wrapper.h"

enum options_run { RUN_SERVE, RUN_HELP, RUN_VERSION };
enum options_output { OUTPUT_AUTO, OUTPUT_INHERIT, OUTPUT_LOG };
enum { OPTIONS_ORIGINS = 64, OPTIONS_ERROR = 400, OPTIONS_ORIGIN_TEXT = 4096 };

/* Holds pointers into argv and into itself: not to be copied. */
struct options {
	enum options_run run;
	const char *listen_host; /* NULL: all addresses; points into host_text */
	uint16_t listen_port;
	const char *unix_listen; /* NULL: TCP */
	unsigned unix_mode;      /* default 0600 */
	bool prefer_ipv6;
	struct target target;
	const char *web;             /* NULL: no files */
	bool file_only, dir_listing; /* never both */
	bool http_errors, run_once, traffic;
	uint32_t timeout_s, idle_timeout_s; /* 0: off */
	unsigned workers;                   /* 0: one per CPU */
	const char *origins[OPTIONS_ORIGINS];
	unsigned origins_n;
	const char *log_file;
	bool log_json;
	enum log_level log_level;
	struct options_tls tls;
	struct limits limits;
	char *const *command; /* what follows --, in argv; NULL: nothing */
	enum wrap_kind
		wrap_kind;  /* how the command is reached; this and the rest: if there is one */
	uint16_t wrap_port; /* WRAP_MOVED: the port it binds */
	enum wrap_mode wrap_mode;
	bool wrap_mode_given;
	enum options_output wrap_output;
	const char *wrap_library; /* rebind.so; NULL: where it is installed */
	uint32_t wrap_ready_ms, wrap_stop_ms;
	char host_text[TARGET_HOST];
	char origin_text[OPTIONS_ORIGIN_TEXT]; /* what origins point into */
};

/* Defaults, then argv. 0, or -EINVAL with one line (no newline, no program name) in err: what is
 * wrong and what to do. --help and --version win as soon as they are met: run says so, the rest
 * is not looked at. */
int options_parse(struct options *o, int argc, char *const *argv, char err[OPTIONS_ERROR]);
/* The --help text; width-wrapped to 80 columns. */
const char *options_help(void);

#endif
