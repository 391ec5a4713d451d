/* site_build: see the header. */
#include "app/site_build.h"

#include "app/tls_build.h"
#include "self.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Beneath the web root these are nobody's to read. */
static int hide(struct files *f, const char *path)
{
	char *whole = realpath(path, NULL);
	int r = whole ? files_hide(f, whole) : 0;

	free(whole);
	return r;
}

static int hide_keys(struct files *f, const struct options *o)
{
	struct tls_build_file files[TLS_BUILD_FILES];
	size_t n = tls_build_files(o, files);
	char self[SELF_PATH];
	int r = 0;

	self_path(o, self);
	if (*self)
		r = hide(f, self);
	for (size_t i = 0; i < n && r == 0; i++)
		if (files[i].secret)
			r = hide(f, files[i].path);
	return r;
}

static int open_web(struct site *s, const struct options *o, char err[SITE_ERROR])
{
	if (!o->web)
		return 0;
	int r = files_open(&s->files, o->web, o->dir_listing && !o->file_only);
	if (r == 0 && o->log_file)
		r = hide(s->files, o->log_file);
	if (r == 0)
		r = hide_keys(s->files, o);
	if (r < 0)
		snprintf(err, SITE_ERROR, "web root %s: %s; name a directory that can be read",
		         o->web, why_errno(r));
	return r;
}

int site_build(struct site **ret, const struct options *o, struct tls_kept *kept,
               char err[SITE_ERROR])
{
	struct site *s = calloc(1, sizeof *s);

	if (!s) {
		snprintf(err, SITE_ERROR, "out of memory");
		return -ENOMEM;
	}
	s->refs = 1;
	s->target = o->target;
	target_name(&s->target, s->target_name);
	if (o->command) /* also when it listens on a unix socket: clients wait for it */
		s->target.kind = TARGET_WRAPPED;
	s->origins = o->origins;
	s->origins_n = o->origins_n;
	s->http_errors = o->http_errors;
	s->limits = o->limits;
	int r = tls_build(s, o, kept, err);
	if (r == 0)
		r = open_web(s, o, err);
	if (r < 0) {
		site_unref(s);
		return r;
	}
	*ret = s;
	return 0;
}
