/* site_build and tls_build: a command line becomes a site; which files it takes, which of them are
 * secret, what is said of those that cannot be used, and the certificate in a state directory.
 */
#include "options_line.h"
#include "unit.h"

#include "app/tls_build.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A folder with cert.pem, key.pem and an empty file; "$" in a command line is its path. */
struct world {
	char dir[64], old[4096];
	struct options o;
	struct options_line line;
	struct tls_kept kept;
	struct site *site;
	char err[SITE_ERROR];
};

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void world_open(struct world *w)
{
	static const char *const names[] = {"unit.example"};
	struct self_signed *s = malloc(sizeof *s);
	memset(w, 0, sizeof *w);
	assert_non_null(s);
	snprintf(w->dir, sizeof w->dir, "/tmp/websplice-site-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(getcwd(w->old, sizeof w->old));
	assert_int_equal(chdir(w->dir), 0);
	assert_int_equal(self_signed_make(s, names, 1, time(NULL), w->err), 0);
	put("cert.pem", s->cert);
	put("key.pem", s->key);
	put("empty", "");
	self_signed_wipe(s);
	free(s);
}

static void world_close(struct world *w)
{
	static const char *const names[] = {"cert.pem", "key.pem", "empty",
	                                    "state/self-signed.pem"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	rmdir("state");
	assert_int_equal(chdir(w->old), 0);
	assert_int_equal(rmdir(w->dir), 0);
}

static void parse(struct world *w, const char *words)
{
	char text[OPTIONS_LINE_TEXT];
	struct str s;
	str_init(&s, text, sizeof text);
	for (; *words; words++)
		if (*words == '$')
			str_puts(&s, w->dir);
		else
			str_putc(&s, *words);
	if (options_line_parse(&w->o, &w->line, text, w->err) < 0)
		fail_msg("%s", w->err);
}

static int build(struct world *w, const char *words)
{
	unit_note("%s", words);
	parse(w, words);
	return site_build(&w->site, &w->o, &w->kept, w->err);
}

static void must_build(struct world *w, const char *words)
{
	if (build(w, words) < 0)
		fail_msg("%s", w->err);
}

static void drop(struct world *w)
{
	site_unref(w->site);
	w->site = NULL;
	tls_kept_wipe(&w->kept);
	unit_note_clear();
}

/* What sessions go by is what was asked for. */
static void test_settings(void **state)
{
	struct world w;
	(void)state;
	world_open(&w);
	must_build(&w, "1 desk.example:5901");
	assert_string_equal(w.site->target_name, "desk.example:5901");
	assert_int_equal(w.site->origins_n, 0);
	assert_false(w.site->http_errors || w.site->tls_only);
	assert_null(w.site->tls);
	assert_null(w.site->backend_tls);
	assert_null(w.site->files);
	drop(&w);
	must_build(&w, "--allow-origin=a.example,b.example --http-errors --head-timeout=0.123 "
	               "--cert=$/cert.pem --key=$/key.pem --ssl-only --web=$ --ssl-target "
	               "--ssl-target-insecure --unix-target=/run/vnc 1");
	assert_string_equal(w.site->target_name, "unix:/run/vnc");
	assert_int_equal(w.site->target.kind, TARGET_UNIX);
	assert_int_equal(w.site->origins_n, 2);
	assert_string_equal(w.site->origins[1], "b.example");
	assert_true(w.site->http_errors && w.site->tls_only);
	assert_int_equal(w.site->limits.head_ms, 123);
	assert_non_null(w.site->tls);
	assert_non_null(w.site->backend_tls);
	assert_non_null(w.site->files);
	drop(&w);
	/* for a command's socket clients wait, too */
	must_build(&w, "--unix-target=/run/vnc 1 -- prog");
	assert_int_equal(w.site->target.kind, TARGET_WRAPPED);
	assert_string_equal(w.site->target_name, "unix:/run/vnc");
	drop(&w);
	world_close(&w);
}

/* "a b!": the files, in order; those that are secret with a mark. */
static void test_files(void **state)
{
	static const struct {
		const char *words, *want;
	} rows[] = {
		{"1 a:2", "self.pem!"},
		{"--cert=a 1 a:2", "a!"},
		{"--key=k 1 a:2", "self.pem k!"},
		{"--cert=a --key=k --cert=b 1 a:2", "a k! b!"},
		{"--cert=a --key-password-file=p 1 a:2", "a! p!"},
		{"--self-signed 1 a:2", ""},
		{"--self-signed --verify-client 1 a:2", "system"},
		{"--self-signed --verify-client --cafile=ca --crl-file=crl 1 a:2", "ca crl"},
		{"--cert=a --ssl-target 1 a:2", "a! system"},
		{"--cert=a --ssl-target --ssl-target-cafile=ca --ssl-target-crl-file=crl "
	         "--ssl-target-cert=c --ssl-target-key=k 1 a:2",
	         "a! ca crl c k!"},
		{"--cert=a --ssl-target --ssl-target-insecure --ssl-target-cert=c 1 a:2", "a! c!"},
	};
	struct world w;
	(void)state;
	world_open(&w);
	setenv("SSL_CERT_FILE", "system", 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_build_file files[TLS_BUILD_FILES];
		char have[256];
		struct str s;
		unit_note("%s", rows[i].words);
		parse(&w, rows[i].words);
		size_t n = tls_build_files(&w.o, files);
		str_init(&s, have, sizeof have);
		for (size_t f = 0; f < n; f++)
			str_fmt(&s, "%s%s%s", f ? " " : "", files[f].path,
			        files[f].secret ? "!" : "");
		assert_string_equal(have, rows[i].want);
	}
	unit_note_clear();
	unsetenv("SSL_CERT_FILE");
	world_close(&w);
}

/* One sentence, which names the file and the option for another one; nothing is left of the build. */
static void test_errors(void **state)
{
	static const struct {
		const char *words, *file, *advice;
	} rows[] = {
		{"--cert=$/none 1 a:2", "none", "name a file that can be read with --cert"},
		{"--cert=$/cert.pem --key=$/none 1 a:2", "none", "with --key"},
		{"--cert=$/empty 1 a:2", "empty", "name another file with --cert"},
		{"--cert=$/cert.pem --key=$/key.pem --crl-file=$/none --verify-client "
	         "--cafile=$/cert.pem 1 a:2",
	         "none", "with --crl-file"},
		{"--cert=$/cert.pem --key=$/key.pem --key-password-file=$/empty 1 a:2", "empty",
	         "name another file with --key-password-file"},
		{"--ssl-target --ssl-target-cafile=$/none 1 a:2", "none",
	         "with --ssl-target-cafile"},
		{"--ssl-target --ssl-target-insecure --ssl-target-cert=$/none 1 a:2", "none",
	         "with --ssl-target-cert"},
		{"--cert=$/cert.pem --key=$/key.pem --ssl-target --ssl-target-insecure "
	         "--ssl-target-cert=$/cert.pem --ssl-target-key=$/none 1 a:2",
	         "none", "with --ssl-target-key"},
		{"--cert=$/cert.pem --key=$/key.pem --web=$/none 1 a:2", "none",
	         "name a directory that can be read"},
	};
	struct world w;
	(void)state;
	world_open(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[128];
		assert_true(build(&w, rows[i].words) < 0);
		assert_null(w.site);
		snprintf(path, sizeof path, "%s/%s: ", w.dir, rows[i].file);
		assert_non_null(strstr(w.err, path));
		size_t n = strlen(w.err), advice = strlen(rows[i].advice);
		assert_true(n > advice);
		assert_string_equal(w.err + n - advice, rows[i].advice);
		drop(&w);
	}
	world_close(&w);
}

/* Made once and kept for the next start. */
static void test_state_directory(void **state)
{
	static const char words[] = "--self-signed --state-dir=$/state 1 a:2";
	struct world w;
	struct tls_cert first, second;
	struct stat st;
	(void)state;
	world_open(&w);
	must_build(&w, words);
	tls_site_cert(w.site->tls, 0, &first);
	assert_int_equal(stat("state/self-signed.pem", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	drop(&w);
	must_build(&w, words);
	tls_site_cert(w.site->tls, 0, &second);
	assert_string_equal(first.fingerprint, second.fingerprint);
	drop(&w);
	/* what is there and is none is not ours to replace */
	put("state/self-signed.pem", "nonsense");
	assert_true(build(&w, words) < 0);
	assert_non_null(strstr(w.err, "state/self-signed.pem: "));
	drop(&w);
	assert_int_equal(stat("state/self-signed.pem", &st), 0);
	assert_int_equal(st.st_size, 8);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_settings),
		UNIT(test_files),
		UNIT(test_errors),
		UNIT(test_state_directory),
	};
	return cmocka_run_group_tests_name("site_build", tests, NULL, NULL);
}
