/* reload_world: see the header. */
#include "reload_world.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_fresh(void *owner, struct site *site)
{
	struct reload_world *w = owner;

	site_unref(w->fresh);
	w->fresh = site;
	w->freshes++;
}

struct reload_host reload_world_host(struct reload_world *w)
{
	return (struct reload_host){.owner = w, .fresh = on_fresh};
}

void reload_world_open(struct reload_world *w)
{
	memset(w, 0, sizeof *w);
	fake_env_init(&w->f);
	snprintf(w->dir, sizeof w->dir, "/tmp/websplice-reload-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->cert, sizeof w->cert, "%s/cert.pem", w->dir);
}

void reload_world_start(struct reload_world *w, const char *words)
{
	char err[SITE_ERROR], text[256];
	struct reload_host host = reload_world_host(w);

	snprintf(text, sizeof text, words, w->cert);
	if (options_line_parse(&w->o, &w->line, text, err) < 0)
		fail_msg("%s", err);
	if (site_build(&w->site, &w->o, &w->kept, err) < 0)
		fail_msg("%s", err);
	assert_int_equal(reload_new(&w->reload, &w->f.env, &w->o, &w->kept, w->site, &host), 0);
}

unsigned reload_told(const struct reload_world *w, const char *text)
{
	unsigned n = 0;

	for (const char *at = w->f.lines; (at = strstr(at, text)); at++)
		n++;
	return n;
}

void reload_world_done(struct reload_world *w)
{
	reload_free(w->reload);
	fake_turn(&w->f);
	fake_env_done(&w->f);
	site_unref(w->site);
	site_unref(w->fresh);
	unlink(w->cert);
	assert_int_equal(rmdir(w->dir), 0);
}
