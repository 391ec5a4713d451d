/* tls_link keeps the contract of links: both roles, TLS 1.2 and 1.3, over a memory link whose far
 * end speaks TLS, too.
 */
#include "unit.h"

#include "../fake/link_contract.h"
#include "../fake/tls_end.h"

#include "link/tls_link.h"

#include <stdio.h>

enum { WINDOW = 40000, PIECE = 30000, PEERS = 128 };

struct world {
	struct fake_env fake;
	struct tls_site *near, *far;
	struct tls_end *ends[PEERS];
	size_t ends_n;
	unsigned ready;
};

static void pump(struct tls_end *e)
{
	while (mem_pump(e->mem))
		;
}

static void on_ready(void *owner)
{
	struct world *w = owner;

	w->ready++;
}

static const struct link_events deaf = {
	link_deaf_bytes, link_deaf_event, link_deaf_event, link_deaf_lost, link_deaf_event,
};

static int make(struct contract_maker *m, struct link **link, void **far)
{
	static const char name[] = "vnc1";
	struct world *w = m->self;
	struct tls_end *e = tls_end_open(m->env, w->far, name);
	struct tls_link_setup setup = {w->near, "far end", name, on_ready};
	unsigned ready = w->ready;

	assert_int_equal(tls_link_open(link, m->env, e->mem->link, &setup), 0);
	link_own(*link, &deaf, w);
	for (int i = 0; i < 100 && (w->ready == ready || !e->ready); i++) {
		fake_turn(&w->fake);
		tls_end_step(e);
		pump(e);
	}
	assert_int_equal(w->ready, ready + 1);
	e->mem->window = WINDOW;
	assert_true(w->ends_n < PEERS);
	e->self = w;
	w->ends[w->ends_n++] = e;
	*far = e;
	return 0;
}

static void turn(struct contract_maker *m)
{
	struct world *w = m->self;

	for (size_t i = 0; i < w->ends_n; i++) {
		pump(w->ends[i]);
		if (w->ends[i]->mem->got_close)
			tls_end_step(w->ends[i]);
	}
	fake_sleep(&w->fake, 1);
}

static size_t say(void *far, struct span s)
{
	struct tls_end *e = far;
	size_t n = s.len < PIECE ? s.len : PIECE;

	if (e->mem->said_len > 4 * PIECE) { /* like a socket, it takes only so much unread */
		pump(e);
		return 0;
	}
	tls_end_say(e, span_of(s.at, n));
	return n;
}

static size_t take(void *far, void *out, size_t max)
{
	struct tls_end *e = far;

	if (e->got_len == e->taken) {
		mem_take(e->mem, WINDOW);
		tls_end_step(e);
	}
	size_t n = e->got_len - e->taken;
	n = n < max ? n : max;
	if (n > 0)
		memcpy(out, e->got + e->taken, n);
	e->taken += n;
	return n;
}

static void end(void *far)
{
	struct tls_end *e = far;

	if (!e->ended && e->mem->link)
		tls_end_close(e, true);
}

static bool saw_end(void *far)
{
	struct tls_end *e = far;

	mem_take(e->mem, WINDOW);
	tls_end_step(e);
	return e->closed && e->mem->got_finish && e->mem->pending_len == 0;
}

static void reset(void *far)
{
	mem_reset(((struct tls_end *)far)->mem, "peer reset the connection");
}

static void done(void *far)
{
	struct world *w = ((struct tls_end *)far)->self;

	for (size_t i = 0; i < w->ends_n; i++)
		if (w->ends[i] == far)
			w->ends[i] = w->ends[--w->ends_n];
	tls_end_free(far, true);
}

static int run(const char *name, struct tls_site *near, struct tls_site *far)
{
	struct world w = {.near = near, .far = far};

	fake_env_init(&w.fake);
	struct contract_maker m = {
		.name = name,
		.env = &w.fake.env,
		.limits = &w.fake.limits,
		.half_close = true,
		.resets = true,
		.close_waits = true,
		.pushes_back = true,
		.self = &w,
		.make = make,
		.turn = turn,
		.say = say,
		.take = take,
		.end = end,
		.saw_end = saw_end,
		.reset = reset,
		.done = done,
	};
	int failed = contract_run(&m);
	fake_env_done(&w.fake);
	return failed;
}

int main(void)
{
	struct cert ca, leaf;
	struct tls_pair pair;
	struct tls_site *server, *old_server, *client;

	cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &ca});
	pair = cert_pair(&leaf);
	server = site_of(&leaf);
	old_server = site_new(&(struct tls_setup){.pairs = &pair, .pairs_n = 1, .max = TLS_1_2});
	client = site_trusting(&ca, NULL);
	int failed = run("server, TLS 1.3", server, client) +
	             run("client, TLS 1.3", client, server) +
	             run("server, TLS 1.2", old_server, client) +
	             run("client, TLS 1.2", client, old_server);
	tls_site_unref(server);
	tls_site_unref(old_server);
	tls_site_unref(client);
	cert_free(&leaf);
	cert_free(&ca);
	return failed;
}
