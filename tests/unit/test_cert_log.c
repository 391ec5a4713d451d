/* Warnings of certificates: the earliest end in a chain counts, and whose it is is named. */
#include "unit.h"

#include "../../src/app/cert_log.h"
#include "certs.h"
#include "fake_env.h"

#include <stdlib.h>

struct row {
	const char *what;
	int leaf, middle; /* days left; middle 0: there is none */
	const char *says; /* NULL: nothing */
	const char *of;
};

static const struct row rows[] = {
	{"long", 100, 0, NULL, NULL},
	{"long, both", 100, 200, NULL, NULL},
	{"soon", 10, 0, "a certificate expires soon", "subject=\"CN=leaf, O=Tests\""},
	{"soon, its CA later", 10, 100, "a certificate expires soon", "CN=leaf"},
	{"its CA soon", 100, 10, "a certificate expires soon", "CN=middle"},
	{"both soon, its CA first", 10, 5, "a certificate expires soon", "CN=middle"},
	{"its CA has", 100, -10, "a certificate has expired", "CN=middle"},
	{"soon, and its CA has", 10, -10, "a certificate has expired", "CN=middle"},
};

static void warn_of(const struct row *r, const struct cert *root)
{
	struct cert middle, leaf;
	struct fake_env f;

	fake_env_init(&f);
	cert_make(&middle, &(struct cert_spec){.cn = "middle",
	                                       .ca = true,
	                                       .issuer = root,
	                                       .from = (int64_t)-400 * CERT_DAY,
	                                       .until = (int64_t)r->middle * CERT_DAY});
	cert_make(&leaf, &(struct cert_spec){.cn = "leaf",
	                                     .issuer = &middle,
	                                     .from = (int64_t)-400 * CERT_DAY,
	                                     .until = (int64_t)r->leaf * CERT_DAY});
	if (r->middle)
		cert_chain(&leaf, &middle);
	struct site site = {.tls = site_of(&leaf)};
	assert_int_equal(cert_log_ends(f.env.log, &site), r->says != NULL);
	if (!r->says)
		assert_int_equal(f.lines_len, 0);
	else if (!strstr(f.lines, r->says) || !strstr(f.lines, r->of) ||
	         !strstr(f.lines, "file=leaf.pem"))
		fail_msg("%s", f.lines);
	tls_site_unref(site.tls);
	cert_free(&leaf);
	cert_free(&middle);
	fake_env_done(&f);
}

static void test_ends(void **state)
{
	struct cert root;

	(void)state;
	cert_make(&root, &(struct cert_spec){.cn = "root", .ca = true});
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("%s", rows[i].what);
		warn_of(&rows[i], &root);
	}
	unit_note_clear();
	cert_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_ends)};
	return cmocka_run_group_tests_name("cert_log", tests, NULL, NULL);
}
