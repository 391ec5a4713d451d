/* The options of TLS: what goes with what, what cannot, and that a password leaves argv. */
#include "options_line.h"
#include "unit.h"

static void test_pairs(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--cert=c 1 a:2", "|1 a:2 pair=c|"},
		{"--cert=c --key=k 1 a:2", "|1 a:2 pair=c|k"},
		{"--key=k --cert=c 1 a:2", "|1 a:2 pair=c|k"},
		{"--key=k 1 a:2", "|1 a:2 pair=|k"},
		{"--cert=c --key=k --cert=d --key=l 1 a:2", "|1 a:2 pair=c|k pair=d|l"},
		{"--key=k --cert=c --key=l --cert=d 1 a:2", "|1 a:2 pair=c|k pair=d|l"},
		{"--cert=c --cert=d --key=l 1 a:2", "|1 a:2 pair=c| pair=d|l"},
		{"--cert=c --key-password=secret 1 a:2", "|1 a:2 pair=c| password=secret"},
		{"--cert=c --key-password-file=p 1 a:2", "|1 a:2 pair=c| password_file=p"},
		{"--self-signed 1 a:2", "|1 a:2 self_signed=1"},
		{"--self-signed --state-dir=s 1 a:2", "|1 a:2 self_signed=1 state_dir=s"},
	};
	EXPECT_ROWS(rows);
}

static void test_clients(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--ssl-only 1 a:2", "|1 a:2 tls_only=1"},
		{"--verify-client --cafile=c --crl-file=r 1 a:2", "|1 a:2 verify=1 ca=c crl=r"},
		{"--ssl-version=default 1 a:2", "|1 a:2"},
		{"--ssl-version=tlsv1~1 1 a:2", "|1 a:2 tls_min=771 tls_old=1"},
		{"--ssl-version=tlsv1~2 1 a:2", "|1 a:2 tls_min=771"},
		{"--ssl-version=tlsv1~3 1 a:2", "|1 a:2 tls_min=772"},
		{"--ssl-version=tlsv1~1 --ssl-version=tlsv1~3 1 a:2", "|1 a:2 tls_min=772"},
		{"--ssl-ciphers=TLS~AES~128~GCM~SHA256:ECDHE-RSA-AES128-GCM-SHA256 1 a:2",
	         "|1 a:2 ciphers=2"},
		{"--tls-timeout=0.5 1 a:2", "|1 a:2 tls_ms=500"},
	};
	EXPECT_ROWS(rows);
}

static void test_target(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--ssl-target 1 a:2", "|1 a:2 target=1"},
		{"--ssl-t 1 a:2", "|1 a:2 target=1"},
		{"--ssl-target --ssl-target-cafile=c --ssl-target-name=n 1 a:2",
	         "|1 a:2 target=1 target_ca=c target_name=n"},
		{"--ssl-target --ssl-target-insecure 1 a:2", "|1 a:2 target=1 target_insecure=1"},
		{"--ssl-target --ssl-target-crl-file=r 1 a:2", "|1 a:2 target=1 target_crl=r"},
		{"--ssl-target --ssl-target-cert=c --ssl-target-key=k 1 a:2",
	         "|1 a:2 target=1 target_cert=c target_key=k"},
		{"--ssl-target --ssl-target-name=n --unix-target=/x 1",
	         "|1 unix:/x target=1 target_name=n"},
		{"--ssl-target --ssl-target-insecure --unix-target=/x 1",
	         "|1 unix:/x target=1 target_insecure=1"},
	};
	EXPECT_ROWS(rows);
}

static void test_wrong(void **state)
{
	(void)state;
	static const struct options_row rows[] = {
		{"--key=k --key=l --cert=c 1 a:2",
	         "--key=k and --key=l: each needs a --cert of its own"},
		{"--cert=c --key=k --key=l 1 a:2", "--key=l has no --cert of its own"},
		{"--self-signed --cert=c 1 a:2",
	         "--self-signed makes a certificate and --cert brings one: keep one of them"},
		{"--self-signed --key=k 1 a:2",
	         "--self-signed makes a certificate and --key brings one: keep one of them"},
		{"--state-dir=d 1 a:2",
	         "--state-dir keeps the certificate that --self-signed makes: add that"},
		{"--key-password=a --key-password-file=b 1 a:2",
	         "--key-password and --key-password-file are two passwords: keep one of them"},
		{"--cafile=c 1 a:2",
	         "--cafile is about the certificates of clients: add --verify-client"},
		{"--crl-file=c 1 a:2",
	         "--crl-file is about the certificates of clients: add --verify-client"},
		{"--ssl-version=tlsv1 1 a:2",
	         "--ssl-version: 'tlsv1' is unknown: write tlsv1_2 or tlsv1_3, the least version "
	         "that a client may use, or default"},
		{"--ssl-ciphers=RC4 1 a:2",
	         "--ssl-ciphers: 'RC4' is no cipher there is here, and nothing else is left: write "
	         "names such as ECDHE-RSA-AES128-GCM-SHA256 or TLS_AES_128_GCM_SHA256, or words "
	         "such as HIGH, ECDHE+AESGCM or DEFAULT, with colons between them"},
		{"--ssl-target-cafile=c 1 a:2",
	         "--ssl-target-cafile is about TLS to the backend: add --ssl-target"},
		{"--ssl-target-crl-file=c 1 a:2",
	         "--ssl-target-crl-file is about TLS to the backend: add --ssl-target"},
		{"--ssl-target-name=c 1 a:2",
	         "--ssl-target-name is about TLS to the backend: add --ssl-target"},
		{"--ssl-target-insecure 1 a:2",
	         "--ssl-target-insecure is about TLS to the backend: add --ssl-target"},
		{"--ssl-target-cert=c 1 a:2",
	         "--ssl-target-cert is about TLS to the backend: add --ssl-target"},
		{"--ssl-target-key=c 1 a:2",
	         "--ssl-target-key is about TLS to the backend: add --ssl-target"},
		{"--ssl-target --ssl-target-key=c 1 a:2",
	         "--ssl-target-key needs --ssl-target-cert"},
		{"--ssl-target --ssl-target-insecure --ssl-target-cafile=c 1 a:2",
	         "--ssl-target-insecure believes everything, --ssl-target-cafile does not: keep "
	         "one of them"},
		{"--ssl-target --ssl-target-insecure --ssl-target-crl-file=c 1 a:2",
	         "--ssl-target-insecure believes everything, --ssl-target-crl-file does not: keep "
	         "one of them"},
		{"--ssl-target --testcard 1", "--testcard is in here: leave --ssl-target out"},
		{"--ssl-target --unix-target=/x 1",
	         "a unix socket has no name that a certificate could be for: add "
	         "--ssl-target-name=NAME"},
	};
	EXPECT_ERRORS(rows);
}

/* ps shows stars; what the parser keeps is the password. */
static void test_password_is_wiped(void **state)
{
	(void)state;
	static const struct {
		const char *words, *left;
		int at;
	} rows[] = {
		{"--key-password=secret 1 a:2", "--key-password=******", 1},
		{"--key-password secret 1 a:2", "******", 2},
		{"--key-pass=secret 1 a:2", "--key-pass=******", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct options o;
		struct options_line l;
		char err[OPTIONS_ERROR];
		assert_int_equal(options_line_parse(&o, &l, rows[i].words, err), 0);
		assert_string_equal(o.tls.key_password, "secret");
		assert_string_equal(l.argv[rows[i].at], rows[i].left);
	}
}

static void test_limits(void **state)
{
	(void)state;
	char *argv[TLS_PAIRS + 4], pw[16 + OPTIONS_PASSWORD] = "--key-password=";
	struct options o;
	char err[OPTIONS_ERROR];
	int n = 0;
	argv[n++] = (char *)"websplice";
	for (int i = 0; i < TLS_PAIRS; i++)
		argv[n++] = (char *)"--cert=c";
	argv[n++] = (char *)"1";
	argv[n++] = (char *)"a:2";
	assert_int_equal(options_parse(&o, n, argv, err), 0);
	assert_int_equal(o.tls.pairs_n, TLS_PAIRS);
	argv[n++] = (char *)"--cert=c";
	assert_true(options_parse(&o, n, argv, err) < 0);
	assert_string_equal(err, "--cert: more than 32 certificates");

	memset(pw + 15, 'p', OPTIONS_PASSWORD - 1);
	argv[1] = pw;
	argv[2] = (char *)"1";
	argv[3] = (char *)"a:2";
	assert_int_equal(options_parse(&o, 4, argv, err), 0);
	assert_int_equal(strlen(o.tls.key_password), OPTIONS_PASSWORD - 1);
	memset(pw + 15, 'p', OPTIONS_PASSWORD);
	assert_true(options_parse(&o, 4, argv, err) < 0);
	assert_string_equal(err, "--key-password is longer than 511 bytes");
	for (size_t i = 15; i < strlen(pw); i++)
		assert_int_equal(pw[i], '*');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_pairs), UNIT(test_clients),           UNIT(test_target),
		UNIT(test_wrong), UNIT(test_password_is_wiped), UNIT(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
