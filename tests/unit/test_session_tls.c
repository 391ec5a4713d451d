/* Sessions with TLS on either side: the first byte decides, the handshake has a deadline, what is
 * wrong with a certificate is told to whom it concerns.
 */
#include "unit.h"

#include "../fake/duo.h"
#include "../fake/tls_end.h"

#include "wire/http_head.h"
#include "wire/ws_enc.h"
#include "wire/ws_mask.h"

#include <stdio.h>
#include <stdlib.h>

#define GET "GET / HTTP/1.1\r\nHost: vnc1:6080\r\n\r\n"
#define UPGRADE                                                                                    \
	"GET /websockify?token=secret HTTP/1.1\r\nHost: vnc1:6080\r\nUpgrade: websocket\r\n"       \
	"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                   \
	"Sec-WebSocket-Version: 13\r\n\r\n"

/* Made once: keys take their time. */
struct world {
	struct cert ca, leaf, other, person, old;
	struct tls_site *server, *client, *self_signed, *wrong_name, *outdated, *backend;
};

static struct tls_site *site_client_of(const struct world *w, const char *name)
{
	return site_trusting(&w->ca, name);
}

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &w->ca});
	cert_make(&w->other, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}});
	cert_make(&w->person, &(struct cert_spec){.cn = "alice", .issuer = &w->ca, .serial = 7});
	cert_make(&w->old, &(struct cert_spec){.cn = "vnc1",
	                                       .dns = {"vnc1"},
	                                       .issuer = &w->ca,
	                                       .from = -20 * CERT_DAY,
	                                       .until = -2 * CERT_DAY});
	w->server = site_of(&w->leaf);
	w->self_signed = site_of(&w->other);
	w->outdated = site_of(&w->old);
	w->client = site_client_of(w, "vnc1");
	w->wrong_name = site_client_of(w, "vnc2");
	w->backend = site_client_of(w, NULL);
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	tls_site_unref(w->server);
	tls_site_unref(w->self_signed);
	tls_site_unref(w->outdated);
	tls_site_unref(w->client);
	tls_site_unref(w->wrong_name);
	tls_site_unref(w->backend);
	cert_free(&w->ca);
	cert_free(&w->leaf);
	cert_free(&w->other);
	cert_free(&w->person);
	cert_free(&w->old);
	free(w);
	return 0;
}

/* ---- a browser that speaks TLS ---- */

struct tale {
	struct duo d;
	struct tls_end *client, *backend; /* NULL: plain */
};

static void begin(struct tale *t, struct tls_site *tls, bool only)
{
	memset(t, 0, sizeof *t);
	duo_init(&t->d);
	t->d.site->tls = tls ? tls_site_ref(tls) : NULL;
	t->d.site->tls_only = only;
	duo_connect(&t->d);
}

static void browse(struct tale *t, struct tls_site *client)
{
	t->client = tls_end_on(t->d.client, client, NULL);
}

/* Until nothing moves any more. */
static void turn(struct tale *t)
{
	size_t seen;

	do {
		seen = t->d.client->heard_len + (t->d.backend ? t->d.backend->heard_len : 0);
		duo_turn(&t->d);
		if (t->client)
			tls_end_step(t->client);
		if (t->backend)
			tls_end_step(t->backend);
		duo_turn(&t->d);
	} while (t->d.client->heard_len + (t->d.backend ? t->d.backend->heard_len : 0) != seen);
}

static void say(struct tale *t, const char *text)
{
	if (t->client)
		tls_end_say(t->client, span_str(text));
	else
		mem_say(t->d.client, span_str(text));
	turn(t);
}

static void tale_end(struct tale *t)
{
	if (t->client && t->client->ready && t->d.client->link && !t->d.client->says_eof)
		tls_end_close(t->client, true);
	else if (!t->d.client->says_eof)
		mem_say_eof(t->d.client);
	if (t->d.backend && !t->d.backend->says_eof)
		mem_say_eof(t->d.backend);
	turn(t);
	fake_sleep(&t->d.fake, 100000);
	assert_int_equal(t->d.ended, 1);
	if (t->client)
		tls_end_free(t->client, false);
	if (t->backend)
		tls_end_free(t->backend, false);
	duo_done(&t->d);
}

static bool client_got(const struct tale *t, const char *text)
{
	return t->client->got_len > 0 &&
	       memmem(t->client->got, t->client->got_len, text, strlen(text)) != NULL;
}

static bool heard(const struct tale *t, const char *text)
{
	return t->d.client->heard_len > 0 &&
	       memmem(t->d.client->heard, t->d.client->heard_len, text, strlen(text)) != NULL;
}

#define assert_logged(t, text)                                                                     \
	do {                                                                                       \
		if (!fake_logged(&(t)->d.fake, (text)))                                            \
			fail_msg("not logged: %s\nbut:\n%s", (text), (t)->d.fake.lines);           \
	} while (0)

/* The client sees that it is over, and goes. */
static void client_goes(struct tale *t)
{
	assert_true(t->d.client->got_close);
	if (!t->d.client->says_eof)
		mem_say_eof(t->d.client);
	turn(t);
	assert_null(t->d.client->link);
}

static struct world *world_of(void **state)
{
	return *state;
}

/* ---- the first byte ---- */

static void test_https(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	browse(&t, world_of(state)->client);
	turn(&t);
	assert_true(t.client->ready);
	assert_string_equal(tls_version_name(t.client->tls), "TLSv1.3");
	say(&t, GET);
	assert_true(client_got(&t, "HTTP/1.1 404 "));
	say(&t, GET);
	tale_end(&t);
}

static void test_https_without_room(void **state)
{
	const struct why full = {.layer = WHY_SERVER, .close = 1013, .status = 503, .text = "full"};
	struct tale t;

	memset(&t, 0, sizeof t);
	duo_init(&t.d);
	t.d.site->tls = tls_site_ref(world_of(state)->server);
	t.d.full = &full;
	duo_connect(&t.d);
	browse(&t, world_of(state)->client);
	turn(&t);
	say(&t, GET);
	assert_true(client_got(&t, "HTTP/1.1 503 "));
	tale_end(&t);
}

static void test_plain_beside_tls(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	say(&t, GET);
	assert_true(heard(&t, "HTTP/1.1 404 "));
	tale_end(&t);
}

static void test_plain_in_single_bytes(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	t.d.client->cut = 1;
	say(&t, GET);
	assert_true(heard(&t, "HTTP/1.1 404 "));
	tale_end(&t);
}

static void test_tls_only(void **state)
{
	static const char *const asks[] = {GET, UPGRADE};

	for (int i = 0; i < 2; i++) {
		struct tale t;
		begin(&t, world_of(state)->server, true);
		say(&t, asks[i]);
		assert_true(heard(&t, "HTTP/1.1 400 "));
		assert_true(heard(&t, "use https://vnc1:6080/\n"));
		assert_true(t.d.client->got_finish);
		assert_null(t.d.fake.dialed);
		tale_end(&t);
	}
}

static void test_silence(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	fake_sleep(&t.d.fake, t.d.fake.limits.first_byte_ms);
	client_goes(&t);
	assert_logged(&t, "client said nothing");
	assert_int_equal(metric_get(&t.d.fake.metrics, METRIC_DEADLINE), 1);
	tale_end(&t);
}

static void test_leaves_before_the_first_byte(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	mem_say_eof(t.d.client);
	turn(&t);
	assert_int_equal(t.d.ended, 1);
	tale_end(&t);
	begin(&t, world_of(state)->server, false);
	mem_reset(t.d.client, "client reset the connection");
	turn(&t);
	assert_int_equal(t.d.ended, 1);
	tale_end(&t);
}

/* ---- handshakes that come to nothing ---- */

static void test_garbage(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	mem_say(t.d.client, span_of("\x16garbage that is no record", 26));
	turn(&t);
	assert_false(t.d.client->got_reset); /* our alert is on its way */
	client_goes(&t);
	assert_logged(&t, "info  TLS failed client=192.0.2.7:4711 layer=tls reason=");
	assert_logged(&t, "does not speak TLS, or a record is broken");
	tale_end(&t);
}

/* A byte now and then does not push the deadline back. */
static void test_dripping(void **state)
{
	struct tale t;
	struct fake_env *f = &t.d.fake;

	begin(&t, world_of(state)->server, false);
	mem_say(t.d.client, span_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
	turn(&t);
	for (uint64_t ms = 0; ms < f->limits.tls_ms; ms += 1000) {
		assert_false(t.d.client->got_close);
		mem_say(t.d.client, span_of("x", 1));
		fake_sleep(f, 1000);
		turn(&t);
	}
	client_goes(&t);
	assert_logged(&t, "client did not finish the TLS handshake within 13 s");
	assert_int_equal(metric_get(&f->metrics, METRIC_DEADLINE), 1);
	tale_end(&t);
}

static void test_truncated(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, false);
	mem_say(t.d.client, span_of("\x16\x03\x01\x02\x00\x01\x00", 7));
	mem_say_eof(t.d.client);
	turn(&t);
	client_goes(&t);
	assert_logged(&t, "client closed the connection during the TLS handshake");
	tale_end(&t);
}

static void test_client_does_not_trust(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->self_signed, false);
	browse(&t, world_of(state)->client);
	turn(&t);
	assert_true(t.client->bad);
	assert_string_equal(tls_why(t.client->tls)->text,
	                    "far end certificate: self-signed, expected name vnc1 (our alert "
	                    "unknown_ca)");
	client_goes(&t);
	assert_logged(&t, "client does not trust our certificate (its alert unknown_ca)");
	tale_end(&t);
}

static void test_ended_in_each_phase(void **state)
{
	struct why why = {.layer = WHY_SERVER, .status = 503, .text = "the server is leaving"};

	for (int i = 0; i < 6; i++) {
		struct tale t;
		begin(&t, world_of(state)->server, false);
		if (i >= 2)
			mem_say(t.d.client, span_of("\x16\x03\x01", 3));
		if (i >= 4)
			browse(&t, world_of(state)->client);
		t.d.fake.env.timers->now += 1;
		duo_turn(&t.d);
		struct session *s = LIST_OF(t.d.sessions.next, struct session, node);
		if (i % 2)
			session_cut(s, &why);
		else
			session_stop(s, &why);
		turn(&t);
		assert_true(t.d.client->got_close);
		assert_int_equal(t.d.client->got_reset, i % 2);
		tale_end(&t);
		assert_logged(&t, "reason=\"the server is leaving\"");
	}
}

/* ---- whole sessions ---- */

static void client_frame(struct tale *t, struct span payload)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};
	uint8_t frame[WS_HEAD_MAX + 1000];
	size_t n = ws_enc_head(frame, payload.len, WS_OP_BINARY, mask);

	memcpy(frame + n, payload.at, payload.len);
	ws_mask(span_of(frame + n, payload.len), mask, 0);
	tls_end_say(t->client, span_of(frame, n + payload.len));
	turn(t);
}

static void dialed(struct tale *t, struct tls_site *backend)
{
	assert_non_null(t->d.fake.dialed);
	t->d.backend = mem_open(&t->d.fake.env);
	if (backend)
		t->backend = tls_end_on(t->d.backend, backend, NULL);
	fake_answer(&t->d.fake, t->d.backend->link, NULL);
	turn(t);
}

static void test_wss(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, true);
	browse(&t, world_of(state)->client);
	turn(&t);
	say(&t, UPGRADE);
	dialed(&t, NULL);
	assert_true(client_got(&t, "HTTP/1.1 101 "));
	client_frame(&t, span_str("up we go"));
	assert_span(mem_heard(t.d.backend), span_str("up we go"));
	mem_say(t.d.backend, span_str("down again"));
	turn(&t);
	assert_true(client_got(&t, "\x82\x0a"
	                           "down again"));
	mem_say_eof(t.d.backend);
	turn(&t);
	assert_true(client_got(&t, "backend closed the connection"));
	assert_true(t.client->closed); /* close_notify behind the Close frame */
	tale_end(&t);
}

/* A client that is cut off is no client that has ended. */
static void test_wss_truncated(void **state)
{
	struct tale t;

	begin(&t, world_of(state)->server, true);
	browse(&t, world_of(state)->client);
	turn(&t);
	say(&t, UPGRADE);
	dialed(&t, NULL);
	client_frame(&t, span_str("last words"));
	mem_say_eof(t.d.client);
	turn(&t);
	assert_span(mem_heard(t.d.backend), span_str("last words"));
	mem_say_eof(t.d.backend);
	turn(&t);
	assert_logged(&t,
	              "layer=tls reason=\"client ended without close_notify: the connection was "
	              "cut off\"");
	tale_end(&t);
}

/* ---- the backend's side ---- */

static void to_backend(struct tale *t, struct tls_site *client, const char *host, bool http_errors)
{
	memset(t, 0, sizeof *t);
	duo_init(&t->d);
	t->d.site->backend_tls = tls_site_ref(client);
	t->d.site->http_errors = http_errors;
	snprintf(t->d.site->target.host, sizeof t->d.site->target.host, "%s", host);
	duo_connect(&t->d);
	say(t, UPGRADE);
}

static void test_backend(void **state)
{
	struct tale t;

	to_backend(&t, world_of(state)->backend, "vnc1", false);
	dialed(&t, world_of(state)->server);
	assert_true(heard(&t, "HTTP/1.1 101 "));
	t.d.parsed = t.d.client->heard_len;
	duo_client_frame(&t.d, WS_OP_BINARY, span_str("hello"));
	turn(&t);
	assert_span(span_of(t.backend->got, t.backend->got_len), span_str("hello"));
	tls_end_say(t.backend, span_str("RFB 003.008\n"));
	turn(&t);
	assert_true(heard(&t, "\x82\x0cRFB 003.008\n"));
	tls_end_close(t.backend, true);
	turn(&t);
	mem_say_eof(t.d.client);
	turn(&t);
	assert_logged(&t, "backend closed the connection");
	tale_end(&t);
}

static void test_backend_cut_off(void **state)
{
	struct tale t;

	to_backend(&t, world_of(state)->backend, "vnc1", false);
	dialed(&t, world_of(state)->server);
	tls_end_say(t.backend, span_str("RFB 003.008\n"));
	mem_say_eof(t.d.backend);
	turn(&t);
	assert_true(heard(&t, "\x82\x0cRFB 003.008\n"));
	assert_true(heard(&t, "backend ended without close_notify"));
	tale_end(&t);
}

struct untrusted {
	size_t site; /* offset in struct world */
	const char *host, *text;
};

static const struct untrusted untrusted[] = {
	{offsetof(struct world, self_signed), "vnc1",
         "backend certificate: self-signed, expected name vnc1 (our alert unknown_ca)"},
	{offsetof(struct world, server), "vnc2",
         "backend certificate: is for DNS:vnc1, expected name vnc2 (our alert bad_certificate)"},
	{offsetof(struct world, outdated), "vnc1", "backend certificate: expired 20"},
};

static void test_backend_not_trusted(void **state)
{
	for (size_t i = 0; i < 2 * sizeof untrusted / sizeof *untrusted; i++) {
		const struct untrusted *u = &untrusted[i / 2];
		struct tale t;
		struct tls_site *site;
		unit_note("row %zu", i);
		memcpy(&site, (char *)world_of(state) + u->site, sizeof site);
		to_backend(&t, world_of(state)->backend, u->host, i % 2);
		dialed(&t, site);
		assert_true(heard(&t, i % 2 ? "HTTP/1.1 502 " : "HTTP/1.1 101 "));
		assert_true(heard(&t, u->text));
		assert_logged(&t, u->text);
		assert_true(t.backend->bad); /* it was told, too */
		assert_int_equal(t.d.opened, 0);
		tale_end(&t);
	}
}

/* It goes before the client has taken the reason. */
static void test_backend_not_trusted_goes_first(void **state)
{
	struct tale t;

	to_backend(&t, world_of(state)->backend, "vnc1", false);
	t.d.client->window = 0;
	dialed(&t, world_of(state)->self_signed);
	assert_non_null(t.d.backend->link);
	mem_say_eof(t.d.backend);
	turn(&t);
	assert_null(t.d.backend->link);
	assert_int_equal(t.d.ended, 0);
	mem_take(t.d.client, SIZE_MAX);
	assert_true(heard(&t, "backend certificate: self-signed"));
	tale_end(&t);
}

static void test_backend_is_silent(void **state)
{
	struct tale t;

	to_backend(&t, world_of(state)->backend, "vnc1", true);
	dialed(&t, NULL);
	fake_sleep(&t.d.fake, t.d.fake.limits.tls_ms);
	turn(&t);
	assert_true(heard(&t, "HTTP/1.1 504 "));
	assert_true(heard(&t, "backend did not finish the TLS handshake within 13 s"));
	assert_true(t.d.backend->got_close);
	tale_end(&t);
}

static void test_backend_speaks_no_tls(void **state)
{
	struct tale t;

	to_backend(&t, world_of(state)->backend, "vnc1", true);
	dialed(&t, NULL);
	mem_say(t.d.backend, span_str("RFB 003.008\n"));
	turn(&t);
	assert_true(heard(&t, "HTTP/1.1 502 "));
	assert_true(heard(&t, "backend does not speak TLS, or a record is broken"));
	tale_end(&t);
}

static void test_client_leaves_meanwhile(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct tale t;
		to_backend(&t, world_of(state)->backend, "vnc1", false);
		dialed(&t, NULL);
		assert_false(t.d.backend->got_close);
		if (i)
			mem_reset(t.d.client, "client reset the connection");
		else
			t.d.client->link->ev->eof(t.d.client->link->owner);
		turn(&t);
		fake_sleep(&t.d.fake, t.d.fake.limits.close_ms);
		assert_true(t.d.backend->got_reset);
		tale_end(&t);
	}
}

/* ---- who the client is ---- */

static struct tls_site *client_as(const struct world *w, const struct cert *who)
{
	struct tls_pair pair = cert_pair(who);

	return site_new(&(struct tls_setup){.client = true,
	                                    .pairs = &pair,
	                                    .pairs_n = 1,
	                                    .ca = cert_blob(&w->ca),
	                                    .name = "vnc1"});
}

static void test_identity(void **state)
{
	struct world *w = *state;
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_site *asks = site_new(&(struct tls_setup){.pairs = &pair,
	                                                     .pairs_n = 1,
	                                                     .verify = TLS_VERIFY_REQUIRED,
	                                                     .ca = cert_blob(&w->ca)});
	struct tls_site *alice = client_as(w, &w->person);
	struct tale t;

	begin(&t, asks, true);
	browse(&t, alice);
	struct session *s = LIST_OF(t.d.sessions.next, struct session, node);
	assert_null(session_identity(s));
	turn(&t);
	const struct tls_identity *id = session_identity(s);
	assert_non_null(id);
	assert_string_equal(id->subject, "CN=alice, O=Tests");
	assert_string_equal(id->cn, "alice");
	assert_string_equal(id->serial, "10:07");
	assert_int_equal(strlen(id->fingerprint), 95);
	assert_logged(&t, "info  TLS established client=192.0.2.7:4711 version=TLSv1.3");
	assert_logged(&t, "certificate=\"CN=alice, O=Tests\"");
	say(&t, GET);
	assert_true(client_got(&t, "HTTP/1.1 404 "));
	assert_ptr_equal(session_identity(s), id);
	tale_end(&t);
	tls_site_unref(asks);
	tls_site_unref(alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_https),
		UNIT(test_https_without_room),
		UNIT(test_plain_beside_tls),
		UNIT(test_plain_in_single_bytes),
		UNIT(test_tls_only),
		UNIT(test_silence),
		UNIT(test_leaves_before_the_first_byte),
		UNIT(test_garbage),
		UNIT(test_dripping),
		UNIT(test_truncated),
		UNIT(test_client_does_not_trust),
		UNIT(test_ended_in_each_phase),
		UNIT(test_wss),
		UNIT(test_wss_truncated),
		UNIT(test_backend),
		UNIT(test_backend_cut_off),
		UNIT(test_backend_not_trusted),
		UNIT(test_backend_not_trusted_goes_first),
		UNIT(test_backend_is_silent),
		UNIT(test_backend_speaks_no_tls),
		UNIT(test_client_leaves_meanwhile),
		UNIT(test_identity),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
