/* reload_world: reload over a fake environment, in a folder of its own: what its tests start from.
 *
 *   reload_world_open(&w);                     w.cert is where a certificate may be put
 *   reload_world_start(&w, "--cert=%s 1 a:2");
 *   … fake_sleep(&w.f, RELOAD_LOOK_MS); w.freshes, w.fresh: what the host was given
 *   reload_world_done(&w);
 */
#ifndef UNIT_RELOAD_WORLD_H
#define UNIT_RELOAD_WORLD_H

#include "options_line.h"

#include "app/reload.h"
#include "fake_env.h"

struct reload_world {
	struct fake_env f;
	struct options o;
	struct options_line line;
	char dir[64], cert[96];
	struct tls_kept kept;
	struct site *site, *fresh;
	unsigned freshes;
	struct reload *reload;
};

void reload_world_open(struct reload_world *w);
/* words: a command line, with "%s" for w->cert. */
void reload_world_start(struct reload_world *w, const char *words);
struct reload_host reload_world_host(struct reload_world *w);
/* How often the log says so. */
unsigned reload_told(const struct reload_world *w, const char *text);
/* Besides w->cert the folder must be empty. */
void reload_world_done(struct reload_world *w);

#endif
