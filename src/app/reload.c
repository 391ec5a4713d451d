/* reload: see the header. */
#include "app/reload.h"

#include "cert_log.h"
#include "log_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What tells one state of a file from another. ctime: a file that may be read now is news. */
struct stamp {
	bool there;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct reload {
	struct job job;
	struct env *env;
	const struct options *options;
	struct tls_kept kept;
	struct reload_host host;
	struct timer look, day;
	struct site *current;   /* a reference */
	bool busy, again, dead; /* a job is under way; another is wanted; the owner is gone */

	/* the job's, while busy */
	bool force;
	struct tls_build_file files[TLS_BUILD_FILES];
	struct stamp built[TLS_BUILD_FILES], seen[TLS_BUILD_FILES];
	size_t files_n;
	struct site *site;
	int result; /* of a build; 1: there was none */
	int log_result;
	char err[SITE_ERROR];
};

/* --- in the job ----------------------------------------------------------------------------- */

static void stamp_take(struct stamp *s, const char *path)
{
	struct stat st;

	memset(s, 0, sizeof *s); /* they are compared as bytes */
	if (stat(path, &st) < 0)
		return;
	s->there = true;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->size = st.st_size;
	s->mtime = st.st_mtim;
	s->ctime = st.st_ctim;
}

/* Whether there is something new, and it has come to rest. */
static bool reload_look(struct reload *r)
{
	struct stamp now[TLS_BUILD_FILES] = {0};
	size_t bytes = r->files_n * sizeof *now;

	for (size_t i = 0; i < r->files_n; i++)
		stamp_take(&now[i], r->files[i].path);
	bool at_rest = memcmp(now, r->seen, bytes) == 0;
	bool news = memcmp(now, r->built, bytes) != 0;
	memcpy(r->seen, now, bytes);
	if (!r->force && !(news && at_rest))
		return false;
	memcpy(r->built, now, bytes);
	return true;
}

static void on_work(struct job *j)
{
	struct reload *r = (struct reload *)j;

	r->result = 1;
	if (r->force && r->options->log_file)
		r->log_result = log_path_again(r->options->log_file, r->host.log_fd);
	if (!reload_look(r))
		return;
	r->result = site_build(&r->site, r->options, &r->kept, r->err);
	if (r->result == 0 && r->current->tls && !r->site->tls) {
		site_unref(r->site);
		snprintf(r->err, sizeof r->err, "self.pem: is gone");
		r->result = -ENOENT;
	}
}

/* --- on the loop ---------------------------------------------------------------------------- */

static void reload_start(struct reload *r, bool force);

static void reload_destroy(struct reload *r)
{
	tls_kept_wipe(&r->kept);
	site_unref(r->current);
	free(r);
}

static void reload_tell(struct reload *r)
{
	struct log *log = r->env->log;

	if (r->result < 0) {
		log_event(log, LOG_ERROR, "reload failed, the old settings stay",
		          LOG_TEXT("reason", r->err));
		return;
	}
	log_event(log, LOG_INFO, "reloaded", LOG_TEXT("for", "new connections"));
	cert_log_all(log, r->site);
}

static void reload_tell_log(struct reload *r)
{
	int err = r->log_result;

	r->log_result = 0;
	if (err < 0)
		log_event(r->env->log, LOG_ERROR, "log file not opened anew, the old one goes on",
		          LOG_TEXT("path", r->options->log_file),
		          LOG_TEXT("reason", err == -EINVAL ? "not a plain file" : why_errno(err)));
}

/* From the first certificate on: that may come by a reload. None is ever taken away by one. */
static void reload_watch(struct reload *r)
{
	if (timer_armed(&r->day) || !(r->current->tls || r->current->backend_tls))
		return;
	timer_arm(r->env->timers, &r->day, TIMER_CLOSE, RELOAD_DAY_MS);
	if (r->files_n)
		timer_arm(r->env->timers, &r->look, TIMER_IDLE, RELOAD_LOOK_MS);
}

static void on_done(struct job *j)
{
	struct reload *r = (struct reload *)j;

	r->busy = false;
	if (r->dead) {
		if (r->result == 0)
			site_unref(r->site);
		reload_destroy(r);
		return;
	}
	reload_tell_log(r);
	if (r->result <= 0)
		reload_tell(r);
	if (r->result == 0) {
		site_unref(r->current);
		r->current = site_ref(r->site);
		r->host.fresh(r->host.owner, r->site);
		reload_watch(r);
	}
	if (r->again)
		reload_start(r, true);
}

static void reload_start(struct reload *r, bool force)
{
	if (r->busy) {
		r->again |= force;
		return;
	}
	r->again = false;
	r->force = force;
	r->busy = r->env->job(r->env, &r->job) == 0;
	if (!r->busy && force)
		log_event(r->env->log, LOG_ERROR, "reload failed, the old settings stay",
		          LOG_TEXT("reason", "out of memory"));
}

static void on_look(void *owner)
{
	struct reload *r = owner;

	timer_arm(r->env->timers, &r->look, TIMER_IDLE, RELOAD_LOOK_MS);
	reload_start(r, false);
}

static void on_day(void *owner)
{
	struct reload *r = owner;

	timer_arm(r->env->timers, &r->day, TIMER_CLOSE, RELOAD_DAY_MS);
	if (cert_log_ends(r->env->log, r->current) && r->options->tls.self_signed)
		reload_start(r, true);
}

int reload_new(struct reload **ret, struct env *env, const struct options *o, struct tls_kept *kept,
               struct site *first, const struct reload_host *host)
{
	struct reload *r = calloc(1, sizeof *r);

	if (!r) {
		tls_kept_wipe(kept);
		return -ENOMEM;
	}
	r->job = (struct job){.work = on_work, .done = on_done};
	r->env = env;
	r->options = o;
	r->kept = *kept;
	*kept = (struct tls_kept){0};
	r->host = *host;
	timer_init(&r->look, on_look, r);
	timer_init(&r->day, on_day, r);
	cert_log_all(env->log, first);
	r->current = site_ref(first);
	r->files_n = tls_build_files(o, r->files);
	for (size_t i = 0; i < r->files_n; i++)
		stamp_take(&r->seen[i], r->files[i].path);
	memcpy(r->built, r->seen, sizeof r->built);
	reload_watch(r);
	*ret = r;
	return 0;
}

void reload_now(struct reload *r)
{
	reload_start(r, true);
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	timer_stop(&r->look);
	timer_stop(&r->day);
	r->dead = true;
	if (!r->busy)
		reload_destroy(r);
}
