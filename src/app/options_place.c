/* What is left when the options are done: where to listen, the backend, and contradictions. */
#include "options_priv.h"

#include "base/str.h"

/* [HOST:]PORT, split at the last colon. */
int options_listen(struct options_parse *p, const char *word)
{
	const char *colon = strrchr(word, ':'), *bad;
	struct span host = span_of(word, colon ? (size_t)(colon - word) : 0);
	struct options *o = p->o;
	uint64_t port;
	if (!str_number(colon ? colon + 1 : word, 0, 65535, &port))
		return options_fail(p,
		                    "cannot listen on '%.80s': write [HOST:]PORT with a port from "
		                    "0 (any free one) to 65535, for example 6080",
		                    word);
	if (host.len) {
		if (target_host(o->host_text, host, &bad) < 0)
			return options_fail(p, "cannot listen on '%.80s': %s", word, bad);
		o->listen_host = o->host_text;
	}
	o->listen_port = (uint16_t)port;
	return 0;
}

static int parse_backend(struct options_parse *p, const char *word)
{
	const char *bad;
	uint64_t port;
	if (str_number(word, 1, 65535, &port))
		return options_fail(p,
		                    "'%.80s' is no backend: write HOST:PORT, for example "
		                    "localhost:%.80s",
		                    word, word);
	if (target_parse(&p->o->target, word, &bad) < 0)
		return options_fail(p, "'%.80s' is no backend: %s", word, bad);
	return 0;
}

static int too_few(struct options_parse *p)
{
	if (p->o->unix_listen)
		return options_fail(p, "the backend is missing: name it as HOST:PORT, for example "
		                       "localhost:5900");
	if (p->backend)
		return options_fail(p, "the port to listen on is missing: websplice %s%s 6080",
		                    p->backend, p->backend[2] == 'u' ? "=FILE" : "");
	if (p->words_n == 1)
		return options_fail(p,
		                    "the backend is missing: websplice %.80s localhost:5900 "
		                    "connects to a VNC server on this machine",
		                    p->words[0]);
	return options_fail(p, "nothing to do: websplice 6080 localhost:5900 listens on port 6080 "
	                       "and connects to a VNC server; --help tells the rest");
}

static int too_many(struct options_parse *p, unsigned wanted)
{
	const char *extra = p->words[wanted];
	if (p->backend && wanted + 1 == p->words_n)
		return options_fail(p, "%s is the backend: leave '%.80s' out", p->backend, extra);
	if (p->o->unix_listen && wanted + 1 == p->words_n)
		return options_fail(p, "--unix-listen takes the place of a port: leave '%.80s' out",
		                    p->words[0]);
	return options_fail(p,
	                    "'%.80s' is one argument too many: websplice [HOST:]PORT "
	                    "BACKEND_HOST:PORT",
	                    extra);
}

static int place_words(struct options_parse *p)
{
	bool listens = !p->o->unix_listen, dials = !p->backend;
	unsigned wanted = (unsigned)listens + (unsigned)dials;
	int r = 0;
	if (p->words_n < wanted)
		return too_few(p);
	if (p->words_n > wanted)
		return too_many(p, wanted);
	if (listens)
		r = options_listen(p, p->words[0]);
	if (r == 0 && dials)
		r = parse_backend(p, p->words[wanted - 1]);
	return r;
}

static int check_pairs(struct options_parse *p)
{
	enum { PONG_MS = 20000 };
	struct limits *l = &p->o->limits;
	if (p->o->file_only && p->o->dir_listing)
		return options_fail(
			p, "--file-only and --dir-listing are opposites: keep one of them");
	if (p->o->dir_listing && !p->o->web)
		return options_fail(p, "--dir-listing lists a web directory: add --web=DIR");
	if (l->pong_ms == UINT32_MAX)
		l->pong_ms = l->ping_ms ? PONG_MS : 0;
	if (l->pong_ms && !l->ping_ms)
		return options_fail(p, "--pong-timeout waits for answers to pings: add "
		                       "--heartbeat=SECONDS");
	if (p->wrap && !p->o->command)
		return options_fail(p, "--%s is for a command: add -- COMMAND at the end", p->wrap);
	return options_tls_check(p);
}

int options_place(struct options_parse *p)
{
	int r = p->o->command ? options_place_command(p) : place_words(p);
	return r < 0 ? r : check_pairs(p);
}
