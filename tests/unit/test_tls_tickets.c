/* ldflags: -Wl,--wrap=time */
/* Session tickets: a client that comes back is not asked for a whole handshake, in TLS 1.2 and 1.3,
 * and only where nothing is lost by it. The client is Mbed TLS's own, with a ticket in its hand; what
 * it can verify, by signature, is chosen here, too.
 */
#include "unit.h"

#include "../fake/certs.h"

#include "crypt/tls.h"

#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <stdlib.h>
#include <time.h>

#define RNG mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE

enum { WIRE = 65536, ROUNDS = 200 };

/* By which Mbed TLS changes its ticket keys; 0: the real time. */
static time_t clock_s;

time_t __real_time(time_t *ret);
time_t __wrap_time(time_t *ret);
time_t __wrap_time(time_t *ret)
{
	time_t now = clock_s ? clock_s : __real_time(NULL);

	if (ret)
		*ret = now;
	return now;
}

struct wire {
	uint8_t bytes[WIRE];
	size_t len;
};

struct world {
	struct cert leaf, leaf_rsa, ca;
};

static int group_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	cert_make(&w->ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&w->leaf, &(struct cert_spec){.cn = "ec", .dns = {"one"}, .issuer = &w->ca});
	cert_make(&w->leaf_rsa,
	          &(struct cert_spec){.cn = "rsa", .dns = {"one"}, .issuer = &w->ca, .rsa = true});
	*state = w;
	return 0;
}

static int group_close(void **state)
{
	struct world *w = *state;

	cert_free(&w->ca);
	cert_free(&w->leaf);
	cert_free(&w->leaf_rsa);
	free(w);
	return 0;
}

/* ---- a client ---- */

struct visit {
	struct wire up, down;
	struct tls *server;
	mbedtls_ssl_context ssl;
	bool server_ready, client_ready, ticket, bad;
	int err;
	size_t said; /* by the server */
};

static int on_send(void *ctx, const unsigned char *buf, size_t len)
{
	struct visit *v = ctx;

	assert_true(v->up.len + len <= WIRE);
	memcpy(v->up.bytes + v->up.len, buf, len);
	v->up.len += len;
	return (int)len;
}

static int on_recv(void *ctx, unsigned char *buf, size_t len)
{
	struct visit *v = ctx;
	size_t n = len < v->down.len ? len : v->down.len;

	if (n == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	memcpy(buf, v->down.bytes, n);
	memmove(v->down.bytes, v->down.bytes + n, v->down.len - n);
	v->down.len -= n;
	return (int)n;
}

static void serve(struct visit *v)
{
	struct span s = span_of(v->up.bytes, v->up.len);
	struct tls_out out = {v->down.bytes, v->down.len, WIRE};
	uint8_t plain[64];
	size_t n;
	enum tls_event e;

	do
		e = v->server_ready
		            ? tls_read(v->server, &s, span_of(plain, sizeof plain), &n, &out)
		            : tls_shake(v->server, &s, &out);
	while (e == TLS_AGAIN);
	v->server_ready |= e == TLS_READY;
	v->bad |= e == TLS_BAD;
	v->said += out.len - v->down.len;
	v->down.len = out.len;
	memmove(v->up.bytes, s.at, s.len);
	v->up.len = s.len;
}

static void ask(struct visit *v)
{
	unsigned char byte;
	int r = v->client_ready ? mbedtls_ssl_read(&v->ssl, &byte, 1)
	                        : mbedtls_ssl_handshake(&v->ssl);

	v->client_ready |= r == 0;
	v->ticket |= r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
	if (r < 0 && r != MBEDTLS_ERR_SSL_WANT_READ &&
	    r != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
		v->err = r;
}

static void conf_open(mbedtls_ssl_config *conf, bool old, const uint16_t *sig_algs)
{
	static const char *const http[] = {"h2", "http/1.1", NULL};

	mbedtls_ssl_config_init(conf);
	assert_int_equal(mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT,
	                                             MBEDTLS_SSL_TRANSPORT_STREAM,
	                                             MBEDTLS_SSL_PRESET_DEFAULT),
	                 0);
	mbedtls_ssl_conf_rng(conf, RNG);
	mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_max_tls_version(conf, old ? MBEDTLS_SSL_VERSION_TLS1_2
	                                           : MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_alpn_protocols(conf, (const char **)(uintptr_t)http);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
	if (sig_algs)
		mbedtls_ssl_conf_sig_algs(conf, sig_algs);
}

/* One handshake; with: a session to come back with; keep: where the new one goes. */
static void visit(struct visit *v, struct tls_site *site, mbedtls_ssl_config *conf,
                  const mbedtls_ssl_session *with, mbedtls_ssl_session *keep)
{
	memset(v, 0, sizeof *v);
	assert_int_equal(tls_new(&v->server, site, "client", NULL), 0);
	mbedtls_ssl_init(&v->ssl);
	assert_int_equal(mbedtls_ssl_setup(&v->ssl, conf), 0);
	assert_int_equal(mbedtls_ssl_set_hostname(&v->ssl, "one"), 0);
	mbedtls_ssl_set_bio(&v->ssl, v, on_send, on_recv, NULL);
	if (with)
		assert_int_equal(mbedtls_ssl_set_session(&v->ssl, with), 0);
	for (int i = 0; i < ROUNDS && !v->bad && !v->err; i++) {
		ask(v);
		serve(v);
		if (v->ticket && keep) {
			assert_int_equal(mbedtls_ssl_get_session(&v->ssl, keep), 0);
			keep = NULL;
		}
	}
	if (keep && v->client_ready)
		assert_int_equal(mbedtls_ssl_get_session(&v->ssl, keep), 0);
}

static void leave(struct visit *v)
{
	mbedtls_ssl_free(&v->ssl);
	tls_free(v->server);
}

/* The bytes a server says in a handshake with or without a session to come back with, and the
 * session it leaves in keep. A resumed one carries no certificate: it is shorter by that. */
static size_t said(struct tls_site *site, mbedtls_ssl_config *conf, const mbedtls_ssl_session *with,
                   mbedtls_ssl_session *keep)
{
	struct visit *v = malloc(sizeof *v);

	visit(v, site, conf, with, keep);
	assert_int_equal(v->err, 0);
	assert_true(v->server_ready && v->client_ready && !v->bad);
	assert_string_equal(mbedtls_ssl_get_alpn_protocol(&v->ssl), "http/1.1");
	size_t n = v->said;
	leave(v);
	free(v);
	return n;
}

enum { CERTIFICATE = 250 }; /* is longer than that */

/* Whether somebody who has been at one site need not show everything again at another. */
static bool resumes(struct tls_site *first, struct tls_site *second, bool old)
{
	mbedtls_ssl_config conf;
	mbedtls_ssl_session session;

	conf_open(&conf, old, NULL);
	mbedtls_ssl_session_init(&session);
	size_t whole = said(first, &conf, NULL, &session);
	size_t again = said(second, &conf, &session, NULL);
	mbedtls_ssl_session_free(&session);
	mbedtls_ssl_config_free(&conf);
	return again + CERTIFICATE < whole;
}

static void test_resumption(void **state)
{
	struct world *w = *state;
	struct tls_site *site = site_of(&w->leaf), *other = site_of(&w->leaf);

	for (int old = 0; old < 2; old++) {
		unit_note("TLS 1.%d", old ? 2 : 3);
		assert_true(resumes(site, site, old));
		assert_false(resumes(site, other, old)); /* a reload has new keys */
	}
	tls_site_unref(site);
	tls_site_unref(other);
}

/* ---- the keys ---- */

#if defined(MBEDTLS_USER_CONFIG_H)
enum { DAY_S = 24 * 3600, VISITS = 4 };

/* A ticket begins with the name of the key it is encrypted with. */
static bool same_key(const mbedtls_ssl_session *a, const mbedtls_ssl_session *b)
{
	assert_true(a->MBEDTLS_PRIVATE(ticket_len) > MBEDTLS_SSL_TICKET_KEY_NAME_BYTES &&
	            b->MBEDTLS_PRIVATE(ticket_len) > MBEDTLS_SSL_TICKET_KEY_NAME_BYTES);
	return memcmp(a->MBEDTLS_PRIVATE(ticket), b->MBEDTLS_PRIVATE(ticket),
	              MBEDTLS_SSL_TICKET_KEY_NAME_BYTES) == 0;
}

/* The tickets themselves stay young, by another clock: what is refused is their key. */
static void keys_change(struct tls_site *site, mbedtls_ssl_config *conf)
{
	mbedtls_ssl_session at[VISITS];
	const time_t start = clock_s;

	for (int i = 0; i < VISITS; i++)
		mbedtls_ssl_session_init(&at[i]);
	size_t whole = said(site, conf, NULL, &at[0]);
	clock_s = start + TLS_TICKET_S - 1;
	said(site, conf, NULL, &at[1]);
	assert_true(same_key(&at[0], &at[1]));
	clock_s = start + TLS_TICKET_S;
	said(site, conf, NULL, &at[2]);
	assert_false(same_key(&at[0], &at[2]));
	assert_true(said(site, conf, &at[0], NULL) + CERTIFICATE < whole);
	clock_s = start + 2 * TLS_TICKET_S;
	said(site, conf, NULL, &at[3]);
	assert_false(same_key(&at[0], &at[3]) || same_key(&at[2], &at[3]));
	assert_true(said(site, conf, &at[2], NULL) + CERTIFICATE < whole);
	assert_false(said(site, conf, &at[0], NULL) + CERTIFICATE < whole);
	for (int i = 0; i < VISITS; i++)
		mbedtls_ssl_session_free(&at[i]);
}

/* However long TLS_TICKET_S is: whoever gets hold of a key can read the tickets of a day at most. */
static void not_for_days(struct tls_site *site, mbedtls_ssl_config *conf)
{
	mbedtls_ssl_session before, after;

	mbedtls_ssl_session_init(&before);
	mbedtls_ssl_session_init(&after);
	said(site, conf, NULL, &before);
	clock_s += DAY_S;
	said(site, conf, NULL, &after);
	assert_false(same_key(&before, &after));
	mbedtls_ssl_session_free(&before);
	mbedtls_ssl_session_free(&after);
}
#endif

/* After TLS_TICKET_S there is a new key; the one before it still opens tickets, none older does. */
static void test_keys_change(void **state)
{
#if defined(MBEDTLS_USER_CONFIG_H)
	struct world *w = *state;

	for (int old = 0; old < 2; old++) {
		unit_note("TLS 1.%d", old ? 2 : 3);
		clock_s = __real_time(NULL);
		struct tls_site *site = site_of(&w->leaf);
		mbedtls_ssl_config conf;
		conf_open(&conf, old, NULL);
		keys_change(site, &conf);
		not_for_days(site, &conf);
		mbedtls_ssl_config_free(&conf);
		tls_site_unref(site);
		clock_s = 0;
	}
#else
	(void)state;
	unit_skip(); /* a shared library has its own time */
#endif
}

/* A resumed session shows no certificate: where one is asked for there are no tickets. */
static void test_none_with_verification(void **state)
{
	struct world *w = *state;
	struct tls_pair pair = cert_pair(&w->leaf);
	struct tls_site *site = site_new(&(struct tls_setup){.pairs = &pair,
	                                                     .pairs_n = 1,
	                                                     .verify = TLS_VERIFY_OPTIONAL,
	                                                     .ca = cert_blob(&w->ca)});

	for (int old = 0; old < 2; old++) {
		mbedtls_ssl_config conf;
		struct visit *v = malloc(sizeof *v);
		mbedtls_ssl_session session;
		conf_open(&conf, old, NULL);
		mbedtls_ssl_session_init(&session);
		visit(v, site, &conf, NULL, &session);
		assert_true(v->server_ready);
		assert_false(v->ticket);
		leave(v);
		if (old) /* without a ticket TLS 1.2 has nothing to offer but an id we do not keep */
			assert_false(resumes(site, site, true));
		mbedtls_ssl_session_free(&session);
		mbedtls_ssl_config_free(&conf);
		free(v);
	}
	tls_site_unref(site);
}

/* ---- what the client can verify ---- */

static void test_signature_algorithms(void **state)
{
	static const uint16_t rsa[] = {MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
	                               MBEDTLS_TLS1_3_SIG_NONE};
	static const uint16_t ec[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
	                              MBEDTLS_TLS1_3_SIG_NONE};
	struct world *w = *state;
	struct tls_pair pairs[2] = {cert_pair(&w->leaf), cert_pair(&w->leaf_rsa)};
	struct tls_site *site = site_new(&(struct tls_setup){.pairs = pairs, .pairs_n = 2});

	for (int i = 0; i < 2; i++) {
		mbedtls_ssl_config conf;
		struct visit *v = malloc(sizeof *v);
		conf_open(&conf, false, i ? rsa : ec);
		visit(v, site, &conf, NULL, NULL);
		assert_int_equal(v->err, 0);
		const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&v->ssl);
		assert_non_null(crt);
		assert_int_equal(mbedtls_pk_get_type(&crt->pk),
		                 i ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY);
		leave(v);
		mbedtls_ssl_config_free(&conf);
		free(v);
	}
	tls_site_unref(site);
}

/* A client that wants HTTP/2 alone is told so. */
static void test_alpn(void **state)
{
	static const char *const h2[] = {"h2", NULL};
	struct world *w = *state;
	struct tls_site *site = site_of(&w->leaf);
	mbedtls_ssl_config conf;
	struct visit *v = malloc(sizeof *v);

	conf_open(&conf, false, NULL);
	mbedtls_ssl_conf_alpn_protocols(&conf, (const char **)(uintptr_t)h2);
	visit(v, site, &conf, NULL, NULL);
	assert_true(v->bad);
	assert_string_equal(tls_why(v->server)->text,
	                    "client does not want http/1.1 (ALPN) (our alert "
	                    "no_application_protocol)");
	leave(v);
	mbedtls_ssl_config_free(&conf);
	free(v);
	tls_site_unref(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_resumption),
		UNIT(test_keys_change),
		UNIT(test_none_with_verification),
		UNIT(test_signature_algorithms),
		UNIT(test_alpn),
	};
	return cmocka_run_group_tests(tests, group_open, group_close);
}
