/* tls_two: see the header. */
#include "../unit/unit.h"

#include "sure.h"
#include "tls_two.h"

enum { WIRE = 65536, ROUNDS = 60 };

struct wire {
	uint8_t bytes[WIRE];
	size_t len;
};

/* One side says what it has to, on what has come. */
static enum tls_event side(struct tls *t, enum tls_event is, struct wire *in, struct wire *to,
                           unsigned *again)
{
	struct span s = span_of(in->bytes, in->len);
	struct tls_out out = {to->bytes, to->len, WIRE};
	uint8_t plain[1024];
	size_t n;

	do {
		is = is == TLS_READY ? tls_read(t, &s, span_of(plain, sizeof plain), &n, &out)
		                     : tls_shake(t, &s, &out);
		*again += is == TLS_AGAIN;
	} while (is == TLS_AGAIN);
	to->len = out.len;
	memmove(in->bytes, s.at, s.len);
	in->len = s.len;
	return is;
}

/* Ready stays ready unless something bad comes behind it. */
static enum tls_event after(enum tls_event was, enum tls_event is)
{
	return was == TLS_BAD || (was == TLS_READY && is != TLS_BAD) ? was : is;
}

void tls_two_shake(struct tls_two *t, struct tls_site *server, struct tls_site *client,
                   const char *name)
{
	struct wire *up = sure_zero(sizeof *up), *down = sure_zero(sizeof *down);
	unsigned ignored = 0;

	*t = (struct tls_two){0};
	t->server_is = t->client_is = TLS_MORE;
	assert_int_equal(tls_new(&t->server, server, "client", NULL), 0);
	assert_int_equal(tls_new(&t->client, client, "backend", name), 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (t->client_is != TLS_BAD)
			t->client_is = after(t->client_is,
			                     side(t->client, t->client_is, down, up, &ignored));
		if (t->server_is != TLS_BAD)
			t->server_is = after(t->server_is,
			                     side(t->server, t->server_is, up, down, &t->again));
	}
	free(up);
	free(down);
}

void tls_two_done(struct tls_two *t)
{
	tls_free(t->server);
	tls_free(t->client);
}

static void check_why(const char *who, const struct tls *t, enum tls_event is, const char *want)
{
	const char *text = tls_why(t)->text;

	if (!want && is == TLS_BAD)
		fail_msg("the %s failed: %s", who, text);
	if (want && (is != TLS_BAD || !strstr(text, want)))
		fail_msg("the %s: want '%s'\n  have '%s'", who, want, text);
	if (!want)
		assert_int_equal(is, TLS_READY);
}

void tls_two_check(struct tls_site *server, struct tls_site *client, const char *name,
                   const char *server_why, const char *client_why)
{
	struct tls_two t;

	tls_two_shake(&t, server, client, name);
	check_why("client", t.client, t.client_is, client_why);
	check_why("server", t.server, t.server_is, server_why);
	tls_two_done(&t);
}
