/* self: see the header. Certificate and key are one file, so that they change together. */
#include "self.h"

#include "base/why.h"
#include "content.h"
#include "host_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int64_t wall_clock(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

void self_path(const struct options *o, char ret[SELF_PATH])
{
	const char *dir = o->tls.state_dir;

	*ret = 0;
	if (dir && snprintf(ret, SELF_PATH, "%s/self-signed.pem", dir) >= SELF_PATH)
		*ret = 0;
}

/* With what is missing above it, as its owner alone may look at it. */
static int self_dir(const char *dir)
{
	char part[SELF_PATH];
	size_t len = strlen(dir);

	if (len == 0 || len >= sizeof part)
		return len ? -ENAMETOOLONG : -ENOENT;
	for (size_t i = 1; i <= len; i++)
		if (dir[i] == '/' || i == len) {
			memcpy(part, dir, i);
			part[i] = 0;
			if (mkdir(part, 0700) < 0 && errno != EEXIST)
				return -errno;
		}
	return 0;
}

static int self_store(const struct self_signed *s, const struct options *o, char err[SITE_ERROR])
{
	char path[SELF_PATH];
	const struct span parts[] = {span_str(s->cert), span_str(s->key)};

	if (!o->tls.state_dir)
		return 0;
	self_path(o, path);
	int r = self_dir(o->tls.state_dir);
	if (r == 0)
		r = *path ? content_write(path, parts, 2) : -ENAMETOOLONG;
	if (r < 0)
		snprintf(err, SITE_ERROR,
		         "state directory %.300s: %s; name one that can be written with "
		         "--state-dir",
		         o->tls.state_dir, why_errno(r));
	return r;
}

static int self_make(struct tls_kept *kept, const struct options *o, char err[SITE_ERROR])
{
	struct host_names *h = malloc(sizeof *h);
	int r = -ENOMEM;

	if (!kept->self)
		kept->self = malloc(sizeof *kept->self);
	if (h && kept->self) {
		host_names_get(h, o->listen_host);
		r = self_signed_make(kept->self, h->names, h->n, wall_clock(), err);
	}
	free(h);
	return r < 0 ? r : self_store(kept->self, o, err);
}

/* What is there: in the state directory, else in memory. 0, 1: nothing, or -errno. */
static int self_site(struct tls_site **ret, const struct tls_setup *setup, const struct options *o,
                     const struct tls_kept *kept, char err[SITE_ERROR])
{
	char path[SELF_PATH];
	struct content file = {0};
	struct tls_pair pair = {0};
	struct tls_setup own = *setup;
	int r = 0;

	self_path(o, path);
	own.pairs = &pair;
	own.pairs_n = 1;
	if (*path) {
		r = content_read(&file, path);
		pair.cert = (struct tls_blob){.name = path, .bytes = file.bytes};
	} else if (kept->self) {
		pair.cert = (struct tls_blob){.name = "self-signed",
		                              .bytes = span_str(kept->self->cert)};
		pair.key = (struct tls_blob){.name = "self-signed",
		                             .bytes = span_str(kept->self->key)};
	}
	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && !pair.cert.name))
		return 1;
	if (r < 0)
		snprintf(err, SITE_ERROR, "%.300s: %s; make it readable or remove it", path,
		         why_errno(r));
	else
		r = tls_site_new(ret, &own, err);
	content_free(&file);
	return r;
}

static bool self_ends_soon(const struct tls_site *site)
{
	struct tls_cert cert;

	tls_site_cert(site, 0, &cert);
	return cert.not_after - wall_clock() < TLS_BUILD_SOON_S;
}

int self_build(struct tls_site **ret, const struct tls_setup *setup, const struct options *o,
               struct tls_kept *kept, char err[SITE_ERROR])
{
	struct tls_site *site = NULL;
	int r = self_site(&site, setup, o, kept, err);

	if (r == 1 || (r == 0 && self_ends_soon(site))) {
		tls_site_unref(site);
		r = self_make(kept, o, err);
		if (r == 0)
			r = self_site(&site, setup, o, kept, err);
	}
	if (r == 0)
		*ret = site;
	return r;
}

void tls_kept_wipe(struct tls_kept *k)
{
	if (k->self)
		self_signed_wipe(k->self);
	free(k->self);
	k->self = NULL;
	explicit_bzero(k->password, sizeof k->password);
}
