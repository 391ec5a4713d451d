/* tls_end: see the header. */
#include "../unit/unit.h"

#include "sure.h"
#include "tls_end.h"

enum { OUT = 65536 };

struct tls_end *tls_end_open(struct env *env, struct tls_site *site, const char *name)
{
	return tls_end_on(mem_open(env), site, name);
}

struct tls_end *tls_end_on(struct mem_end *mem, struct tls_site *site, const char *name)
{
	struct tls_end *e = sure_zero(sizeof *e);

	e->mem = mem;
	e->hold = e->cut_at = SIZE_MAX;
	e->record = TLS_PLAIN_MAX;
	assert_int_equal(tls_new(&e->tls, site, "far end", name), 0);
	return e;
}

static void got_put(struct tls_end *e, struct span s)
{
	sure_append(&e->got, e->got_len, &e->got_cap, s);
	e->got_len += s.len;
}

static void wire_put(struct tls_end *e, struct span s)
{
	size_t now = e->said >= e->cut_at ? 0 : e->cut_at - e->said;

	now = now < s.len ? now : s.len;
	if (now > 0)
		mem_say(e->mem, span_of(s.at, now));
	e->late = sure_resize(e->late, e->late_len + s.len - now);
	if (s.len > now)
		memcpy(e->late + e->late_len, s.at + now, s.len - now);
	e->late_len += s.len - now;
	e->said += s.len;
}

void tls_end_release(struct tls_end *e)
{
	e->cut_at = SIZE_MAX;
	if (e->late_len > 0)
		mem_say(e->mem, span_of(e->late, e->late_len));
	e->late_len = 0;
}

static enum tls_event step(struct tls_end *e, struct span *in, struct tls_out *out)
{
	uint8_t plain[READ_ROOM + TLS_PLAIN_MAX];
	size_t n = 0;

	if (!e->ready) {
		e->steps++;
		return tls_shake(e->tls, in, out);
	}
	enum tls_event v = tls_read(e->tls, in, span_of(plain, sizeof plain), &n, out);
	got_put(e, span_of(plain, n));
	return v;
}

void tls_end_step(struct tls_end *e)
{
	uint8_t bytes[OUT];
	size_t until = e->mem->heard_len < e->hold ? e->mem->heard_len : e->hold;
	enum tls_event v = TLS_DATA;

	while (!e->closed && !e->bad && v != TLS_MORE) {
		struct span in = span_of(e->mem->heard + e->fed, until - e->fed);
		struct tls_out out = {bytes, 0, sizeof bytes};
		v = step(e, &in, &out);
		e->fed = until - in.len;
		if (out.len > 0 && !e->mem->says_eof)
			wire_put(e, span_of(bytes, out.len));
		e->ready |= v == TLS_READY;
		e->closed |= v == TLS_END;
		e->bad |= v == TLS_BAD;
	}
}

void tls_end_say(struct tls_end *e, struct span s)
{
	uint8_t bytes[OUT];

	while (s.len > 0) {
		struct tls_out out = {bytes, 0, sizeof bytes};
		assert_int_equal(tls_write(e->tls, &s, e->record, &out), 0);
		wire_put(e, span_of(bytes, out.len));
	}
}

void tls_end_close(struct tls_end *e, bool eof)
{
	uint8_t bytes[256];
	struct tls_out out = {bytes, 0, sizeof bytes};

	if (!e->ended) {
		tls_end(e->tls, &out);
		wire_put(e, span_of(bytes, out.len));
	}
	e->ended = true;
	if (eof)
		mem_say_eof(e->mem);
}

void tls_end_free(struct tls_end *e, bool mem)
{
	if (mem)
		mem_free(e->mem);
	tls_free(e->tls);
	free(e->got);
	free(e->late);
	free(e);
}
