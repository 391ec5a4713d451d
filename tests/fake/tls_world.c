/* tls_world: see the header. */
#include "tls_world.h"

#include "sure.h"

#include <stdlib.h>

int tls_world_open(void **state)
{
	struct tls_world *w = sure_zero(sizeof *w);
	struct tls_pair pair;

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &w->ca});
	pair = cert_pair(&w->leaf);
	w->server = site_of(&w->leaf);
	w->old_server = site_new(&(struct tls_setup){.pairs = &pair, .pairs_n = 1, .max = TLS_1_2});
	w->client = site_trusting(&w->ca, "vnc1");
	*state = w;
	return 0;
}

int tls_world_close(void **state)
{
	struct tls_world *w = *state;

	tls_site_unref(w->server);
	tls_site_unref(w->old_server);
	tls_site_unref(w->client);
	cert_free(&w->leaf);
	cert_free(&w->ca);
	free(w);
	return 0;
}
