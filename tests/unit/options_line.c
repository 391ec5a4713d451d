/* See the header. */
#include "unit/options_line.h"

#include "base/str.h"
#include "unit/unit.h"

#include <errno.h>

/* "a b c" as argv, behind the program's name. "_" in a word stands for a blank, "~" for "_", "''" is empty. */
static void line_split(struct options_line *l, const char *words)
{
	struct str s;
	str_init(&s, l->text, sizeof l->text);
	str_puts(&s, words);
	assert_false(s.cut);
	l->argc = 0;
	l->argv[l->argc++] = (char *)"websplice";
	for (char *at = l->text; *at;) {
		char *end = at + strcspn(at, " ");
		assert_true(l->argc < OPTIONS_LINE_WORDS);
		l->argv[l->argc++] = strncmp(at, "'' ", 3) && strcmp(at, "''") ? at : at + 2;
		at = *end ? end + 1 : end;
		*end = 0;
	}
	for (int i = 1; i < l->argc; i++)
		for (char *c = l->argv[i]; *c; c++)
			*c = *c == '_' ? ' ' : *c == '~' ? '_' : *c;
	l->argv[l->argc] = NULL;
}

int options_line_parse(struct options *o, struct options_line *l, const char *words,
                       char err[OPTIONS_ERROR])
{
	line_split(l, words);
	memset(o, 0x5a, sizeof *o);
	memset(err, 0x5a, OPTIONS_ERROR);
	return options_parse(o, l->argc, l->argv, err);
}

static void put_text(struct str *s, const char *name, const char *value)
{
	if (value)
		str_fmt(s, " %s=%s", name, value);
}

static void put_number(struct str *s, const char *name, uint64_t value, uint64_t normal)
{
	if (value != normal)
		str_fmt(s, " %s=%llu", name, (unsigned long long)value);
}

static void put_limits(struct str *s, const struct limits *l)
{
	put_number(s, "first_byte_ms", l->first_byte_ms, 10000);
	put_number(s, "head_ms", l->head_ms, 10000);
	put_number(s, "tls_ms", l->tls_ms, 10000);
	put_number(s, "keepalive_ms", l->keepalive_ms, 30000);
	put_number(s, "dial_ms", l->dial_ms, 10000);
	put_number(s, "stall_ms", l->stall_ms, 60000);
	put_number(s, "close_ms", l->close_ms, 3000);
	put_number(s, "drain_ms", l->drain_ms, 10000);
	put_number(s, "ping_ms", l->ping_ms, 0);
	put_number(s, "pong_ms", l->pong_ms, 0);
	put_number(s, "connections", l->connections, 0);
}

static void put_listen(struct str *s, const struct options *o)
{
	if (o->unix_listen)
		str_fmt(s, "unix:%s", o->unix_listen);
	else
		str_fmt(s, "%s|%u", o->listen_host ? o->listen_host : "", o->listen_port);
}

/* "mode=1 -- moved:5901 Xvnc :1": kind and port, then the words. */
static void put_command(struct str *s, const struct options *o)
{
	static const char *const kinds[] = {"moved", "placed", "unix"};
	put_number(s, "wrap_mode", o->wrap_mode, WRAP_EXIT);
	put_number(s, "given", o->wrap_mode_given, 0);
	put_number(s, "wrap_output", o->wrap_output, OUTPUT_AUTO);
	put_text(s, "wrap_library", o->wrap_library);
	put_number(s, "wrap_ready_ms", o->wrap_ready_ms, 30000);
	put_number(s, "wrap_stop_ms", o->wrap_stop_ms, 5000);
	str_fmt(s, " -- %s:%u", kinds[o->wrap_kind], o->wrap_port);
	for (char *const *word = o->command; *word; word++)
		str_fmt(s, " %s", *word);
}

static void put_tls(struct str *s, const struct options_tls *t)
{
	for (unsigned i = 0; i < t->pairs_n; i++)
		str_fmt(s, " pair=%s|%s", t->pairs[i].cert ? t->pairs[i].cert : "",
		        t->pairs[i].key ? t->pairs[i].key : "");
	put_text(s, "password", *t->key_password ? t->key_password : NULL);
	put_text(s, "password_file", t->key_password_file);
	put_number(s, "self_signed", t->self_signed, 0);
	put_text(s, "state_dir", t->state_dir);
	put_number(s, "tls_only", t->only, 0);
	put_number(s, "verify", t->verify_client, 0);
	put_text(s, "ca", t->cafile);
	put_text(s, "crl", t->crl_file);
	put_number(s, "tls_min", t->min, 0);
	put_number(s, "tls_old", t->old_version, 0);
	put_number(s, "ciphers", t->ciphers.n, 0);
	put_number(s, "target", t->target, 0);
	put_number(s, "target_insecure", t->target_insecure, 0);
	put_text(s, "target_ca", t->target_cafile);
	put_text(s, "target_name", t->target_name);
	put_text(s, "target_crl", t->target_crl_file);
	put_text(s, "target_cert", t->target_cert);
	put_text(s, "target_key", t->target_key);
}

const char *options_line_dump(const struct options *o, char out[OPTIONS_LINE_TEXT])
{
	struct str s;
	char name[TARGET_NAME];
	str_init(&s, out, OPTIONS_LINE_TEXT);
	if (o->run != RUN_SERVE) {
		str_puts(&s, o->run == RUN_HELP ? "HELP" : "VERSION");
		return out;
	}
	put_listen(&s, o);
	str_fmt(&s, " %s", target_name(&o->target, name));
	if (o->unix_mode != 0600)
		str_fmt(&s, " mode=%o", o->unix_mode);
	put_number(&s, "ipv6", o->prefer_ipv6, 0);
	put_text(&s, "web", o->web);
	put_number(&s, "file_only", o->file_only, 0);
	put_number(&s, "dir_listing", o->dir_listing, 0);
	put_number(&s, "http_errors", o->http_errors, 0);
	put_number(&s, "run_once", o->run_once, 0);
	put_number(&s, "traffic", o->traffic, 0);
	put_number(&s, "timeout_s", o->timeout_s, 0);
	put_number(&s, "idle_timeout_s", o->idle_timeout_s, 0);
	put_number(&s, "workers", o->workers, 0);
	for (unsigned i = 0; i < o->origins_n; i++)
		put_text(&s, "origin", o->origins[i]);
	put_text(&s, "log_file", o->log_file);
	put_number(&s, "json", o->log_json, 0);
	put_number(&s, "level", o->log_level, LOG_INFO);
	put_tls(&s, &o->tls);
	put_limits(&s, &o->limits);
	if (o->command)
		put_command(&s, o);
	assert_false(s.cut);
	return out;
}

void options_rows_good(const struct options_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct options o;
		struct options_line l;
		char err[OPTIONS_ERROR], got[OPTIONS_LINE_TEXT];
		unit_note("websplice %s", rows[i].words);
		if (options_line_parse(&o, &l, rows[i].words, err) < 0)
			fail_msg("refused: %s", err);
		assert_string_equal(options_line_dump(&o, got), rows[i].want);
	}
	unit_note_clear();
}

void options_rows_bad(const struct options_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct options o;
		struct options_line l;
		char err[OPTIONS_ERROR];
		unit_note("websplice %s", rows[i].words);
		assert_int_equal(options_line_parse(&o, &l, rows[i].words, err), -EINVAL);
		assert_string_equal(err, rows[i].want);
	}
	unit_note_clear();
}
