/* ciphers: what OpenSSL makes of the same lists, and what is said when nothing is left. */
#include "unit/unit.h"

#include "base/str.h"
#include "crypt/ciphers.h"
#include "crypt/tls_site.h"

#include <errno.h>

/* A library with a bit of everything, and what it would do by itself. */
static const int all[] = {0x1301, 0x1302, 0x1303, 0xc02c, 0xc030, 0x009f, 0xcca9,
                          0xcca8, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028, 0xc023,
                          0xc027, 0xc014, 0xc013, 0x009d, 0x009c, 0x002f, 0};
static const int normal[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                             0xcca9, 0xcca8, 0xc02c, 0xc030, 0};

struct row {
	const char *list, *want;
};

static const char *dump(const struct ciphers *c, char out[1024])
{
	struct str s;
	str_init(&s, out, 1024);
	for (size_t i = 0; i < c->n; i++)
		str_fmt(&s, "%s%s", i ? ":" : "", ciphers_name(c->ids[i]));
	assert_false(s.cut);
	return out;
}

static void expect(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ciphers c;
		char err[CIPHERS_ERROR] = "", got[1024];
		unit_note("%s", rows[i].list);
		if (ciphers_parse(&c, rows[i].list, all, normal, err) < 0)
			fail_msg("refused: %s", err);
		assert_string_equal(dump(&c, got), rows[i].want);
	}
	unit_note_clear();
}
#define EXPECT(rows) expect((rows), sizeof(rows) / sizeof *(rows))

/* What stands before every list that is about TLS 1.2 alone. */
#define NEW "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"

static void test_names(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"ECDHE-RSA-AES128-GCM-SHA256", NEW "ECDHE-RSA-AES128-GCM-SHA256"},
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NEW "ECDHE-RSA-AES128-GCM-SHA256"},
		{"TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256", NEW "ECDHE-RSA-AES128-GCM-SHA256"},
		{"ecdhe-rsa-aes128-gcm-sha256", NEW "ECDHE-RSA-AES128-GCM-SHA256"},
		{"AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256",
	         NEW "AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256"},
		{"AES128-SHA,AES128-SHA AES128-SHA;AES128-SHA", NEW "AES128-SHA"},
		{":: AES128-SHA,,:", NEW "AES128-SHA"},
		/* TLS 1.3 by name: only that; and nothing of 1.2 unless it is named, too. */
		{"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
		{"TLS1-3-AES-256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"},
		{"TLS_CHACHA20_POLY1305_SHA256:AES128-SHA:TLS_AES_128_GCM_SHA256",
	         "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:AES128-SHA"},
		{"TLSv1.3",
	         "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"},
		{"AES128-SHA:!TLS_AES_128_GCM_SHA256",
	         "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:AES128-SHA"},
		{"AES128-SHA:TLS_AES_128_GCM_SHA256:-TLS_AES_128_GCM_SHA256", NEW "AES128-SHA"},
	};
	EXPECT(rows);
}

/* The right-hand sides are OpenSSL 3.0's, less what is not in `all`. */
static void test_words(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"kRSA", NEW "AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA"},
		{"RSA", NEW "AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA"},
		{"DHE", NEW "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"},
		{"kEDH", NEW "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"},
		{"CHACHA20", NEW "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"},
		{"aECDSA+AESGCM",
	         NEW "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"},
		{"ECDSA+AES128", NEW "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256"},
		{"kECDHE+aRSA+AES256", NEW "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-SHA384:"
	                                   "ECDHE-RSA-AES256-SHA"},
		{"SHA384", NEW "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384"},
		{"SHA256", NEW "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"},
		{"SHA1", NEW "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA"},
		{"SSLv3", NEW "AES128-SHA"},
		{"TLSv1", NEW "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA"},
		{"TLSv1.2+kRSA", NEW "AES256-GCM-SHA384:AES128-GCM-SHA256"},
		{"DEFAULT", NEW "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	                        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	                        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"},
		{"COMPLEMENTOFDEFAULT+AESGCM",
	         NEW "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:"
	             "AES128-GCM-SHA256"},
		{"ALL",
	         NEW "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	             "DHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
	             "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:"
	             "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:"
	             "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:"
	             "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:"
	             "ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA"},
	};
	EXPECT(rows);
}

static void test_signs(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"CHACHA20:!aECDSA", NEW "ECDHE-RSA-CHACHA20-POLY1305"},
		{"!aECDSA:CHACHA20", NEW "ECDHE-RSA-CHACHA20-POLY1305"},
		{"CHACHA20:-aECDSA", NEW "ECDHE-RSA-CHACHA20-POLY1305"},
		{"CHACHA20:-aECDSA:CHACHA20",
	         NEW "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305"},
		{"CHACHA20:!aECDSA:CHACHA20", NEW "ECDHE-RSA-CHACHA20-POLY1305"},
		{"CHACHA20:+aECDSA",
	         NEW "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305"},
		{"AES128-SHA:+AES128+kRSA+SHA1:+CHACHA20", NEW "AES128-SHA"},
		{"HIGH:!aNULL:!MD5:!SHA1:!SHA256:!SHA384:!kRSA:!DHE:!CHACHA20",
	         NEW "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	             "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"},
		{"EECDH+AESGCM+AES128:EDH+AESGCM+AES128:RC4",
	         NEW "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	             "DHE-RSA-AES128-GCM-SHA256"},
		{"AES128-SHA:ECDHE+SHA384@STRENGTH",
	         NEW "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:AES128-SHA"},
		{"AES128-SHA:ECDHE+SHA384:@STRENGTH",
	         NEW "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:AES128-SHA"},
		{"kRSA@SECLEVEL=2", NEW "AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA"},
		{"@SECLEVEL=3:kRSA:SHA384",
	         NEW "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384"},
		{"DHE@SECLEVEL=4", "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
	                           "DHE-RSA-AES256-GCM-SHA384"},
		{"ECDHE-RSA-CAMELLIA256-SHA384:AES128-SHA", NEW "AES128-SHA"},
	};
	EXPECT(rows);
}

static void test_nothing_left(void **state)
{
	(void)state;
#define ADVICE                                                                                     \
	"write names such as ECDHE-RSA-AES128-GCM-SHA256 or TLS_AES_128_GCM_SHA256, or words "     \
	"such as HIGH, ECDHE+AESGCM or DEFAULT, with colons between them"
	static const struct row rows[] = {
		{"", "no cipher is left: " ADVICE},
		{"::", "no cipher is left: " ADVICE},
		{"HIGH:!ALL", "no cipher is left: " ADVICE},
		{"!TLSv1.3", "no cipher is left: " ADVICE},
		{"RC4", "'RC4' is no cipher there is here, and nothing else is left: " ADVICE},
		{"LOW:MEDIUM",
	         "'LOW' is no cipher there is here, and nothing else is left: " ADVICE},
		{"ECDHE+",
	         "'ECDHE+' is no cipher there is here, and nothing else is left: " ADVICE},
		{"kRSA+aECDSA",
	         "'kRSA+aECDSA' is no cipher there is here, and nothing else is left: " ADVICE},
		{"ECDHE-RSA-AES128-GCM-SHA25", "'ECDHE-RSA-AES128-GCM-SHA25' is no cipher there is "
	                                       "here, and nothing else is left: " ADVICE},
		/* there is such a suite, but not in this library */
		{"DHE-RSA-AES256-SHA", "'DHE-RSA-AES256-SHA' is no cipher there is here, and "
	                               "nothing else is left: " ADVICE},
		{"HIGH:@WEAK", "'@WEAK' is unknown: there are @STRENGTH and @SECLEVEL=0 to 5"},
		{"HIGH@SECLEVEL=6",
	         "'@SECLEVEL=6' is unknown: there are @STRENGTH and @SECLEVEL=0 to 5"},
		{"HIGH@", "'@' is unknown: there are @STRENGTH and @SECLEVEL=0 to 5"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ciphers c;
		char err[CIPHERS_ERROR];
		unit_note("\"%s\"", rows[i].list);
		assert_int_equal(ciphers_parse(&c, rows[i].list, all, normal, err), -EINVAL);
		assert_string_equal(err, rows[i].want);
	}
	unit_note_clear();
}

/* The library we are linked with: its suites are in the table, and what it does by itself is
 * ephemeral and authenticated. */
static void test_this_library(void **state)
{
	(void)state;
	struct ciphers c;
	char err[CIPHERS_ERROR];
	for (const int *id = tls_suites_default(); *id; id++) {
		unit_note("%x", (unsigned)*id);
		assert_non_null(ciphers_name(*id));
		assert_non_null(tls_suite_name(*id));
	}
	unit_note_clear();
	assert_int_equal(ciphers_parse(&c, "DEFAULT", tls_suites_all(), tls_suites_default(), err),
	                 0);
	size_t n = 0;
	for (const int *id = tls_suites_default(); *id; id++)
		assert_int_equal(c.ids[n++], *id);
	assert_int_equal(c.n, n);
	/* Mbed TLS's own names mean the same suites. */
	for (size_t i = 0; i < n; i++) {
		struct ciphers one;
		const char *name = tls_suite_name(c.ids[i]);
		unit_note("%s", name);
		assert_int_equal(
			ciphers_parse(&one, name, tls_suites_all(), tls_suites_default(), err), 0);
		assert_int_equal(one.ids[one.n - 1], c.ids[i]);
	}
	unit_note_clear();
}

/* However long a list is, there is room. */
static void test_everything_at_once(void **state)
{
	(void)state;
	struct ciphers c;
	char err[CIPHERS_ERROR];
	assert_int_equal(
		ciphers_parse(&c, "TLSv1.3:ALL:DEFAULT:ALL:COMPLEMENTOFDEFAULT", all, normal, err),
		0);
	assert_int_equal(c.n, sizeof all / sizeof *all - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_names),        UNIT(test_words),        UNIT(test_signs),
		UNIT(test_nothing_left), UNIT(test_this_library), UNIT(test_everything_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
