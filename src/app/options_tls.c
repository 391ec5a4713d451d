/* The options of TLS: which key goes with which certificate, and what makes no sense together. */
#include "options_priv.h"

#include "base/str.h"

/* "--cert A --key a --cert B --key b", or the keys first: a key goes with the certificate before
 * it if that has none yet, else with the next one. */
static int add_cert(struct options_parse *p, const char *value)
{
	struct options_tls *t = &p->o->tls;

	if (t->pairs_n == TLS_PAIRS)
		return options_fail(p, "--cert: more than %d certificates", TLS_PAIRS);
	t->pairs[t->pairs_n++] = (struct options_pair){.cert = value, .key = p->key};
	p->key = NULL;
	return 0;
}

static int add_key(struct options_parse *p, const char *value)
{
	struct options_tls *t = &p->o->tls;
	struct options_pair *last = t->pairs_n ? &t->pairs[t->pairs_n - 1] : NULL;

	if (last && !last->key) {
		last->key = value;
		return 0;
	}
	if (p->key)
		return options_fail(p,
		                    "--key=%.80s and --key=%.80s: each needs a --cert of its own",
		                    p->key, value);
	p->key = value;
	return 0;
}

/* argv can be read by everybody on this machine. */
static int set_password(struct options_parse *p, const char *value)
{
	struct str s;

	str_init(&s, p->o->tls.key_password, OPTIONS_PASSWORD);
	str_puts(&s, value);
	memset((char *)(uintptr_t)value, '*', strlen(value));
	if (s.cut)
		return options_fail(p, "--key-password is longer than %d bytes",
		                    OPTIONS_PASSWORD - 1);
	return 0;
}

static int set_version(struct options_parse *p, const char *value)
{
	static const struct {
		const char *word;
		enum tls_version min;
		bool old;
	} words[] = {
		{"default", 0, false},
		{"tlsv1_1", TLS_1_2, true},
		{"tlsv1_2", TLS_1_2, false},
		{"tlsv1_3", TLS_1_3, false},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, value) == 0) {
			p->o->tls.min = words[i].min;
			p->o->tls.old_version = words[i].old;
			return 0;
		}
	return options_fail(p,
	                    "--ssl-version: '%.80s' is unknown: write tlsv1_2 or tlsv1_3, the "
	                    "least version that a client may use, or default",
	                    value);
}

static int set_ciphers(struct options_parse *p, const char *value)
{
	char err[CIPHERS_ERROR];

	if (ciphers_parse(&p->o->tls.ciphers, value, tls_suites_all(), tls_suites_default(), err) <
	    0)
		return options_fail(p, "--ssl-ciphers: %s", err);
	return 0;
}

int options_tls_set(struct options_parse *p, const struct option *opt, const char *value)
{
	switch (opt->kind) {
	case OPTION_CERT: return add_cert(p, value);
	case OPTION_KEY: return add_key(p, value);
	case OPTION_PASSWORD: return set_password(p, value);
	case OPTION_SSL_VERSION: return set_version(p, value);
	default: return set_ciphers(p, value);
	}
}

/* --- what does not go together -------------------------------------------------------------- */

static int check_pairs(struct options_parse *p)
{
	struct options_tls *t = &p->o->tls;

	if (p->key && t->pairs_n)
		return options_fail(p, "--key=%.80s has no --cert of its own", p->key);
	if (t->self_signed && (t->pairs_n || p->key))
		return options_fail(p,
		                    "--self-signed makes a certificate and --%s brings one: keep "
		                    "one of them",
		                    t->pairs_n ? "cert" : "key");
	if (p->key)
		t->pairs[t->pairs_n++] = (struct options_pair){.key = p->key};
	if (t->state_dir && !t->self_signed)
		return options_fail(p, "--state-dir keeps the certificate that --self-signed "
		                       "makes: add that");
	if (*t->key_password && t->key_password_file)
		return options_fail(p, "--key-password and --key-password-file are two passwords: "
		                       "keep one of them");
	return 0;
}

static int check_clients(struct options_parse *p)
{
	const struct options_tls *t = &p->o->tls;
	const char *name = t->cafile ? "cafile" : "crl-file";

	if ((t->cafile || t->crl_file) && !t->verify_client)
		return options_fail(p,
		                    "--%s is about the certificates of clients: add "
		                    "--verify-client",
		                    name);
	return 0;
}

static const char *first_of_target(const struct options_tls *t)
{
	if (t->target_cafile)
		return "cafile";
	if (t->target_crl_file)
		return "crl-file";
	if (t->target_name)
		return "name";
	if (t->target_insecure)
		return "insecure";
	if (t->target_cert)
		return "cert";
	return t->target_key ? "key" : NULL;
}

static int check_target(struct options_parse *p)
{
	const struct options_tls *t = &p->o->tls;
	const char *first = first_of_target(t);

	if (!t->target)
		return first ? options_fail(p,
		                            "--ssl-target-%s is about TLS to the backend: add "
		                            "--ssl-target",
		                            first)
		             : 0;
	if (p->o->target.kind == TARGET_TESTCARD)
		return options_fail(p, "--testcard is in here: leave --ssl-target out");
	if (t->target_insecure && (t->target_cafile || t->target_crl_file))
		return options_fail(p,
		                    "--ssl-target-insecure believes everything, --ssl-target-%s "
		                    "does not: keep one of them",
		                    first);
	if (t->target_key && !t->target_cert)
		return options_fail(p, "--ssl-target-key needs --ssl-target-cert");
	if ((p->o->command || p->o->target.kind == TARGET_UNIX) && !t->target_name &&
	    !t->target_insecure)
		return options_fail(p,
		                    "%s has no name that a certificate could be for: "
		                    "add --ssl-target-name=NAME",
		                    p->o->command ? "a command" : "a unix socket");
	return 0;
}

int options_tls_check(struct options_parse *p)
{
	int r = check_pairs(p);

	if (r == 0)
		r = check_clients(p);
	return r < 0 ? r : check_target(p);
}
