/* tls_build: see the header. */
#include "app/tls_build.h"

#include "base/why.h"
#include "content.h"
#include "self.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char default_cert[] = "self.pem";
static const char system_cas[] = "/etc/ssl/certs/ca-certificates.crt";

/* One build: what was read, and what it is made of. Large, so it is on the heap. */
struct work {
	const struct options *options;
	struct tls_kept *kept;
	char *err;
	struct content files[TLS_BUILD_FILES];
	size_t files_n;
	struct tls_pair pairs[TLS_PAIRS];
	size_t pairs_n;
	char password[OPTIONS_PASSWORD]; /* of every key that is encrypted; "": none */
};

/* --- files ---------------------------------------------------------------------------------- */

static int fail(struct work *w, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct work *w, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->err, SITE_ERROR, fmt, ap);
	va_end(ap);
	return r;
}

/* path NULL: nothing is wanted. */
static int take_file(struct work *w, struct tls_blob *ret, const char *path, const char *option)
{
	struct content *c = &w->files[w->files_n];

	if (!path)
		return 0;
	int r = content_read(c, path);
	if (r < 0)
		return fail(w, r, "%s: %s; name a file that can be read with --%s", path,
		            r == -EFBIG ? "too large" : why_errno(r), option);
	w->files_n++;
	if (c->bytes.len == 0)
		return fail(w, -EINVAL, "%s: empty; name another file with --%s", path, option);
	*ret = (struct tls_blob){.name = path, .bytes = c->bytes};
	return 0;
}

/* The first line of the file. */
static int take_password(struct work *w)
{
	const struct options_tls *t = &w->options->tls;
	struct tls_blob file = {0};

	if (*w->kept->password) {
		memcpy(w->password, w->kept->password, sizeof w->password);
		return 0;
	}
	int r = take_file(w, &file, t->key_password_file, "key-password-file");

	if (r < 0)
		return r;
	if (!file.name) {
		memcpy(w->password, t->key_password, sizeof w->password);
		return 0;
	}
	size_t n = 0;
	while (n < file.bytes.len && file.bytes.at[n] != '\n' && file.bytes.at[n] != '\r')
		n++;
	if (n == 0 || n >= sizeof w->password)
		return fail(w, -EINVAL, "%s: the first line is to be a password of 1 to %d bytes",
		            file.name, OPTIONS_PASSWORD - 1);
	memcpy(w->password, file.bytes.at, n);
	w->password[n] = 0;
	if (w->files[w->files_n - 1].once)
		memcpy(w->kept->password, w->password, sizeof w->password);
	return 0;
}

static int take_pair(struct work *w, const char *cert, const char *key, const char *option)
{
	struct tls_pair *p = &w->pairs[w->pairs_n];
	char name[32];

	snprintf(name, sizeof name, "%s%s", option, "key");
	*p = (struct tls_pair){.password = *w->password ? w->password : NULL};
	int r = take_file(w, &p->key, key, name);
	snprintf(name, sizeof name, "%s%s", option, "cert");
	if (r == 0)
		r = take_file(w, &p->cert, cert, name);
	if (r == 0)
		w->pairs_n++;
	return r;
}

/* --- towards clients ------------------------------------------------------------------------ */

/* self.pem counts if there is one, or if somebody gave it a key. */
static const char *pair_cert(const struct options_tls *t, unsigned i)
{
	if (i < t->pairs_n)
		return t->pairs[i].cert ? t->pairs[i].cert : default_cert;
	return access(default_cert, F_OK) == 0 ? default_cert : NULL;
}

static int take_pairs(struct work *w)
{
	const struct options_tls *t = &w->options->tls;
	unsigned n = t->pairs_n ? t->pairs_n : 1;
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		const char *cert = pair_cert(t, i);
		if (cert)
			r = take_pair(w, cert, i < t->pairs_n ? t->pairs[i].key : NULL, "");
	}
	return r;
}

static const char *ca_file(const char *given)
{
	const char *env = getenv("SSL_CERT_FILE");

	if (given)
		return given;
	return env && *env ? env : system_cas;
}

static int set_clients(struct work *w, struct tls_setup *setup)
{
	const struct options_tls *t = &w->options->tls;
	int r = 0;

	*setup = (struct tls_setup){
		.pairs = w->pairs,
		.pairs_n = w->pairs_n,
		.min = t->min,
		.suites = t->ciphers.n ? t->ciphers.ids : NULL,
		.suites_n = t->ciphers.n,
		.verify = t->verify_client ? TLS_VERIFY_REQUIRED : TLS_VERIFY_OFF,
	};
	if (t->verify_client)
		r = take_file(w, &setup->ca, ca_file(t->cafile), "cafile");
	return r < 0 ? r : take_file(w, &setup->crl, t->crl_file, "crl-file");
}

static int build_clients(struct work *w, struct tls_site **ret)
{
	struct tls_setup setup;
	int r = set_clients(w, &setup);

	if (r == 0 && w->options->tls.self_signed)
		return self_build(ret, &setup, w->options, w->kept, w->err);
	if (r == 0)
		r = take_pairs(w);
	setup.pairs_n = w->pairs_n;
	if (r < 0 || w->pairs_n == 0)
		return r;
	return tls_site_new(ret, &setup, w->err);
}

/* --- towards the backend -------------------------------------------------------------------- */

static int build_backend(struct work *w, struct tls_site **ret)
{
	const struct options_tls *t = &w->options->tls;
	struct tls_setup setup = {.client = true, .insecure = t->target_insecure};
	int r = 0;

	if (!t->target)
		return 0;
	setup.name = t->target_name;
	if (!setup.name && w->options->target.kind == TARGET_TCP)
		setup.name = w->options->target.host;
	w->pairs_n = 0;
	if (!t->target_insecure)
		r = take_file(w, &setup.ca, ca_file(t->target_cafile), "ssl-target-cafile");
	if (r == 0)
		r = take_file(w, &setup.crl, t->target_crl_file, "ssl-target-crl-file");
	if (r == 0 && t->target_cert)
		r = take_pair(w, t->target_cert, t->target_key, "ssl-target-");
	setup.pairs = w->pairs;
	setup.pairs_n = w->pairs_n;
	return r < 0 ? r : tls_site_new(ret, &setup, w->err);
}

/* --- both ----------------------------------------------------------------------------------- */

static void work_free(struct work *w)
{
	for (size_t i = 0; i < w->files_n; i++)
		content_free(&w->files[i]);
	explicit_bzero(w->password, sizeof w->password);
	free(w);
}

int tls_build(struct site *s, const struct options *o, struct tls_kept *kept, char err[SITE_ERROR])
{
	struct work *w = calloc(1, sizeof *w);
	struct tls_site *clients = NULL, *backend = NULL;

	_Static_assert((int)TLS_ERROR <= (int)SITE_ERROR, "errors of both fit");
	snprintf(err, SITE_ERROR, "out of memory");
	if (!w)
		return -ENOMEM;
	*w = (struct work){.options = o, .kept = kept, .err = err};
	int r = take_password(w);
	if (r == 0)
		r = build_clients(w, &clients);
	if (r == 0)
		r = build_backend(w, &backend);
	work_free(w);
	if (r < 0) {
		tls_site_unref(clients);
		return r;
	}
	s->tls = clients;
	s->tls_only = o->tls.only;
	s->backend_tls = backend;
	return 0;
}

int tls_build_usable(const struct options *o, char err[OPTIONS_ERROR])
{
	const struct options_tls *t = &o->tls;
	bool any = t->self_signed || pair_cert(t, 0);

	if (any || !(t->only || t->verify_client))
		return 0;
	snprintf(err, OPTIONS_ERROR,
	         "--%s needs a certificate, and there is no %s here: add --cert=FILE, or "
	         "--self-signed to have one made",
	         t->only ? "ssl-only" : "verify-client", default_cert);
	return -EINVAL;
}

size_t tls_build_files(const struct options *o, struct tls_build_file ret[TLS_BUILD_FILES])
{
	const struct options_tls *t = &o->tls;
	size_t n = 0;

	for (unsigned i = 0; i < t->pairs_n || i == 0; i++) {
		const char *key = i < t->pairs_n ? t->pairs[i].key : NULL;
		if (t->self_signed)
			break;
		ret[n++] = (struct tls_build_file){
			i < t->pairs_n && t->pairs[i].cert ? t->pairs[i].cert : default_cert, !key};
		if (key)
			ret[n++] = (struct tls_build_file){key, true};
	}
	const struct tls_build_file rest[] = {
		{t->key_password_file, true},
		{t->verify_client ? ca_file(t->cafile) : NULL, false},
		{t->crl_file, false},
		{t->target && !t->target_insecure ? ca_file(t->target_cafile) : NULL, false},
		{t->target_crl_file, false},
		{t->target_cert, !t->target_key},
		{t->target_key, true},
	};
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (rest[i].path)
			ret[n++] = rest[i];
	return n;
}
