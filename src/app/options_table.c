/* Every option there is, in the order candidates are listed. Defaults are in options.c. */
#include "options_priv.h"

enum {
	SHORTEST = 1,            /* ms: a deadline of ours cannot be turned off */
	LONGEST = 1000000000,    /* ms: 11 days */
	YEAR = 366u * 24 * 3600, /* seconds */
};

#define AT(field) .offset = offsetof(struct options, field)
#define LIMIT(field) AT(limits.field)
#define OURS_MS(field) OPTION_DURATION, .ours = true, .least = SHORTEST, .most = LONGEST, AT(field)
#define DEADLINE(field) OURS_MS(limits.field)

#define DAEMON "start it under a supervisor, or with & behind it"
#define TOKENS "name one backend as HOST:PORT meanwhile"
#define AUTH "a reverse proxy in front of websplice can ask for a password meanwhile"
#define SYSLOG "write to --log-file meanwhile, or pipe standard error to logger"

/* clang-format off */
const struct option options_table[] = {
	/* websockify's */
	{"help", OPTION_HELP, .letter = 'h'},
	{"verbose", OPTION_VERBOSE, .letter = 'v'},
	{"traffic", OPTION_FLAG, AT(traffic)},
	{"record", OPTION_LATER, .hint = "leave it out"},
	{"daemon", OPTION_LATER, .letter = 'D', .hint = DAEMON},
	{"run-once", OPTION_FLAG, AT(run_once)},
	{"timeout", OPTION_NUMBER, .most = YEAR, AT(timeout_s)},
	{"idle-timeout", OPTION_NUMBER, .most = YEAR, AT(idle_timeout_s)},
	{"cert", OPTION_CERT, .ours = false},
	{"key", OPTION_KEY, .ours = false},
	{"key-password", OPTION_PASSWORD, .ours = false},
	{"ssl-only", OPTION_FLAG, AT(tls.only)},
	{"ssl-target", OPTION_FLAG, AT(tls.target)},
	{"verify-client", OPTION_FLAG, AT(tls.verify_client)},
	{"cafile", OPTION_TEXT, AT(tls.cafile)},
	{"ssl-version", OPTION_SSL_VERSION, .ours = false},
	{"ssl-ciphers", OPTION_CIPHERS, .ours = false},
	{"unix-listen", OPTION_SOCKET, AT(unix_listen)},
	{"unix-listen-mode", OPTION_MODE, .ours = false},
	{"unix-target", OPTION_TARGET, .ours = false},
	{"inetd", OPTION_LATER, .hint = "let websplice listen by itself"},
	{"web", OPTION_TEXT, AT(web)},
	{"web-auth", OPTION_LATER, .hint = AUTH},
	{"wrap-mode", OPTION_WRAP_MODE, .ours = false},
	{"prefer-ipv6", OPTION_FLAG, .letter = '6', AT(prefer_ipv6)},
	{"libserver", OPTION_LATER, .hint = "leave it out, websplice has one engine"},
	{"target-config", OPTION_LATER, .hint = TOKENS},
	{"token-plugin", OPTION_LATER, .hint = TOKENS},
	{"token-source", OPTION_LATER, .hint = TOKENS},
	{"host-token", OPTION_LATER, .hint = TOKENS},
	{"auth-plugin", OPTION_LATER, .hint = AUTH},
	{"auth-source", OPTION_LATER, .hint = AUTH},
	{"heartbeat", OPTION_DURATION, .most = LONGEST, LIMIT(ping_ms)},
	{"log-file", OPTION_TEXT, AT(log_file)},
	{"syslog", OPTION_LATER, .hint = SYSLOG},
	{"legacy-syslog", OPTION_LATER, .hint = SYSLOG},
	{"file-only", OPTION_FLAG, AT(file_only)},
	/* ours */
	{"version", OPTION_VERSION, .ours = true},
	{"workers", OPTION_NUMBER, .ours = true, .most = 64, AT(workers)},
	{"allow-origin", OPTION_ORIGIN, .ours = true},
	{"http-errors", OPTION_FLAG, .ours = true, AT(http_errors)},
	{"testcard", OPTION_TESTCARD, .ours = true},
	{"dir-listing", OPTION_FLAG, .ours = true, AT(dir_listing)},
	{"log-format", OPTION_FORMAT, .ours = true},
	{"config", OPTION_LATER, .ours = true, .hint = "put the options on the command line"},
	{"self-signed", OPTION_FLAG, .ours = true, AT(tls.self_signed)},
	{"state-dir", OPTION_TEXT, .ours = true, AT(tls.state_dir)},
	{"key-password-file", OPTION_TEXT, .ours = true, AT(tls.key_password_file)},
	{"crl-file", OPTION_TEXT, .ours = true, AT(tls.crl_file)},
	{"ssl-target-cafile", OPTION_TEXT, .ours = true, AT(tls.target_cafile)},
	{"ssl-target-crl-file", OPTION_TEXT, .ours = true, AT(tls.target_crl_file)},
	{"ssl-target-name", OPTION_TEXT, .ours = true, AT(tls.target_name)},
	{"ssl-target-insecure", OPTION_FLAG, .ours = true, AT(tls.target_insecure)},
	{"ssl-target-cert", OPTION_TEXT, .ours = true, AT(tls.target_cert)},
	{"ssl-target-key", OPTION_TEXT, .ours = true, AT(tls.target_key)},
	{"pong-timeout", OPTION_DURATION, .ours = true, .most = LONGEST, LIMIT(pong_ms)},
	{"first-byte-timeout", DEADLINE(first_byte_ms)},
	{"head-timeout", DEADLINE(head_ms)},
	{"tls-timeout", DEADLINE(tls_ms)},
	{"keepalive-timeout", DEADLINE(keepalive_ms)},
	{"dial-timeout", DEADLINE(dial_ms)},
	{"write-timeout", DEADLINE(stall_ms)},
	{"close-timeout", DEADLINE(close_ms)},
	{"drain-timeout", DEADLINE(drain_ms)},
	{"max-connections", OPTION_NUMBER, .ours = true, .most = 1000000, LIMIT(connections)},
	{"wrap-output", OPTION_WRAP_OUTPUT, .ours = true},
	{"wrap-library", OPTION_TEXT, .ours = true, AT(wrap_library)},
	{"wrap-ready-timeout", OURS_MS(wrap_ready_ms)},
	{"wrap-stop-timeout", OURS_MS(wrap_stop_ms)},
};
/* clang-format on */
const size_t options_table_n = sizeof options_table / sizeof *options_table;
