/* tls: Mbed TLS driven without I/O: what it wants to read comes from `in`, what it writes goes to
 * `out`, and both are the caller's.
 */
#include "tls_priv.h"

#include "tls_keys.h"
#include "tls_room.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

/* Of Mbed TLS's own: what a record adds to its plaintext at most (header, nonce, tag, type and
 * padding of TLS 1.3). */
enum { RECORD_MORE = 128 };

/* Something was read that is neither data nor an end. */
enum { GO_ON = MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET };

/* An alert fits. */
static bool has_room(const struct tls_out *out)
{
	return out->cap - out->len >= RECORD_MORE;
}

static int state_of(const struct tls *t)
{
	return t->ssl.MBEDTLS_PRIVATE(state);
}

/* ---- what Mbed TLS calls ---- */

static int on_recv(void *ctx, unsigned char *buf, size_t len)
{
	struct tls *t = ctx;

	if (!t->in || t->in->len == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (t->roomy) { /* what was answered so far stays; the next record may be answered, too */
		if (!has_room(t->out))
			return MBEDTLS_ERR_SSL_WANT_READ;
		room_open(t);
	}
	size_t n = len < t->in->len ? len : t->in->len;
	const uint8_t *from = span_take(t->in, n).at;
	if (from != buf) /* tls_room: it may be there already */
		memcpy(buf, from, n);
	return (int)n;
}

/* An alert before encryption begins: the only place where its name can be seen. */
static void note_alert(struct tls *t, const unsigned char *record, size_t len)
{
	if (len == 7 && record[0] == MBEDTLS_SSL_MSG_ALERT)
		t->alert = record[6];
}

static int on_send(void *ctx, const unsigned char *buf, size_t len)
{
	struct tls *t = ctx;
	struct tls_out *out = t->out;
	size_t room = out->cap - out->len;

	/* A second answer to one record: it was written over the first. Nobody honest asks so. */
	if (t->roomy && buf != out->at + out->len)
		return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
	if (room == 0)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	note_alert(t, buf, len);
	size_t n = len < room ? len : room;
	if (!t->roomy)
		memcpy(out->at + out->len, buf, n);
	out->len += n;
	return (int)n;
}

/* ---- the beginning and the end ---- */

/* An address is no host name: it is not sent as SNI (RFC 6066 3) and is looked for among the
 * addresses of the certificate. */
static int set_name(struct tls *t, const char *name)
{
	if (!name)
		return mbedtls_ssl_set_hostname(&t->ssl, NULL);
	t->own_name = strdup(name);
	if (!t->own_name)
		return -ENOMEM;
	t->name = t->own_name;
	if (inet_pton(AF_INET, name, t->ip) == 1)
		t->ip_len = 4;
	else if (inet_pton(AF_INET6, name, t->ip) == 1)
		t->ip_len = 16;
	return mbedtls_ssl_set_hostname(&t->ssl, t->ip_len ? NULL : name);
}

static int tls_init(struct tls *t, const char *name)
{
	int r = mbedtls_ssl_setup(&t->ssl, &t->site->conf);

	if (r < 0)
		return -ENOMEM;
	mbedtls_ssl_set_bio(&t->ssl, t, on_send, on_recv, NULL);
	mbedtls_ssl_set_user_data_p(&t->ssl, t);
	mbedtls_ssl_set_verify(&t->ssl, tls_check_peer, t);
	if (!t->site->client)
		return 0;
	r = set_name(t, t->site->name ? t->site->name : name);
	return r == 0 ? 0 : r == -ENOMEM || r == MBEDTLS_ERR_SSL_ALLOC_FAILED ? -ENOMEM : -EINVAL;
}

int tls_new(struct tls **ret, struct tls_site *site, const char *peer, const char *name)
{
	if (site->client && !site->insecure && !site->name && !name)
		return -EINVAL;
	struct tls *t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->site = tls_site_ref(site);
	t->peer = peer;
	t->lane = atomic_fetch_add_explicit(&site->lane, 1, memory_order_relaxed);
	mbedtls_ssl_init(&t->ssl);
	int r = tls_init(t, name);
	if (r < 0)
		tls_free(t);
	else
		*ret = t;
	return r;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	mbedtls_ssl_free(&t->ssl);
	tls_site_unref(t->site);
	free(t->own_name);
	free(t);
}

/* Mbed TLS leaves some handshakes without a word, and messages that have no place behind one. */
static void send_alert(struct tls *t, int err)
{
	bool after = state_of(t) == MBEDTLS_SSL_HANDSHAKE_OVER;
	uint8_t alert = after ? MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE
	                      : MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;

	if (err == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || tls_alert_sent(t))
		return;
	if (after && (err != MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE || t->ended || !has_room(t->out)))
		return;
	room_open(t);
	if (mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert) == 0)
		t->alert = alert;
}

static enum tls_event bad(struct tls *t, int err)
{
	if (!t->over)
		send_alert(t, err);
	if (!t->over)
		tls_blame(t, err);
	t->over = t->ended = true;
	return TLS_BAD;
}

/* ---- the handshake ---- */

/* The steps that compute with keys; the others parse and copy. */
static bool step_costs(const struct tls *t, int state)
{
	switch (state) {
	case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
	case MBEDTLS_SSL_CLIENT_KEY_EXCHANGE:
	case MBEDTLS_SSL_CERTIFICATE_VERIFY:
	case MBEDTLS_SSL_SERVER_HELLO: return true;
	case MBEDTLS_SSL_CLIENT_HELLO:
	case MBEDTLS_SSL_SERVER_CERTIFICATE: return t->site->client;
	case MBEDTLS_SSL_CLIENT_CERTIFICATE:
	case MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY:
		return t->site->client || t->site->verify != TLS_VERIFY_OFF;
	default: return false;
	}
}

/* With TLS_VERIFY_OPTIONAL Mbed TLS lets everything pass and leaves it to us. */
static enum tls_event shaken(struct tls *t)
{
	enum { NONE = MBEDTLS_X509_BADCERT_MISSING | MBEDTLS_X509_BADCERT_SKIP_VERIFY };
	uint32_t flags = mbedtls_ssl_get_verify_result(&t->ssl);

	if (t->site->verify != TLS_VERIFY_OPTIONAL || flags == 0 || (flags & NONE)) {
		room_begin(t);
		return TLS_READY;
	}
	(void)mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
	                                     MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
	t->alert = MBEDTLS_SSL_ALERT_MSG_BAD_CERT;
	return bad(t, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
}

enum tls_event tls_shake(struct tls *t, struct span *in, struct tls_out *out)
{
	t->in = in;
	t->out = out;
	while (!t->over && state_of(t) != MBEDTLS_SSL_HANDSHAKE_OVER) {
		int state = state_of(t);
		int r = mbedtls_ssl_handshake_step(&t->ssl);
		if (r == MBEDTLS_ERR_SSL_WANT_WRITE)
			return TLS_ROOM;
		if (r == MBEDTLS_ERR_SSL_WANT_READ && in->len == 0)
			return TLS_MORE;
		if (r < 0 && r != MBEDTLS_ERR_SSL_WANT_READ)
			return bad(t, r);
		if (r == 0 && step_costs(t, state))
			return TLS_AGAIN;
	}
	return t->over ? TLS_BAD : shaken(t);
}

/* ---- data ---- */

bool tls_pending(const struct tls *t)
{
	return mbedtls_ssl_check_pending(&t->ssl) != 0;
}

/* A record, or what was left of the last one: plaintext (> 0), or what Mbed TLS says instead. */
static int read_some(struct tls *t, struct span *in, struct span room)
{
	if (!has_room(t->out))
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	room_open(t);
	int r = room_take(t, in, room.len);
	if (r == 0)
		r = room_taken(t, in, mbedtls_ssl_read(&t->ssl, room.at, room.len));
	if (r > 0)
		t->renewals = 0;
	if (r != MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE || !tls_keys_asked(t))
		return r;
	r = tls_keys_renew(t);
	return r == 0 ? GO_ON : r;
}

/* As far as room goes; the result of the last read. */
static int read_all(struct tls *t, struct span *in, struct span room, size_t *ret_n)
{
	int r = 0;

	while (*ret_n < room.len && !t->over) {
		struct span rest = span_of(room.at + *ret_n, room.len - *ret_n);
		r = read_some(t, in, rest);
		if (r > 0)
			*ret_n += (size_t)r;
		else if (r != GO_ON && (r != MBEDTLS_ERR_SSL_WANT_READ || in->len == 0))
			break; /* WANT_READ is also said of an alert that means nothing */
	}
	return r;
}

static enum tls_event event_of(struct tls *t, int r)
{
	if (r == MBEDTLS_ERR_SSL_WANT_READ)
		return TLS_MORE;
	if (r == MBEDTLS_ERR_SSL_WANT_WRITE)
		return TLS_ROOM;
	return r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? TLS_END : bad(t, r);
}

enum tls_event tls_read(struct tls *t, struct span *in, struct span room, size_t *ret_n,
                        struct tls_out *out)
{
	enum tls_event e;

	*ret_n = 0;
	t->out = out;
	int r = read_all(t, in, room, ret_n);
	if (*ret_n == room.len && r >= 0)
		e = in->len > 0 || tls_pending(t) ? TLS_DATA : TLS_MORE;
	else
		e = event_of(t, r);
	room_close(t);
	return e;
}

/* A record of n bytes, or in front of it the word that it has a new key. 0, or an error. */
static int write_some(struct tls *t, struct span *plain, size_t n)
{
	if (tls_keys_worn(t))
		return tls_keys_change(t);
	int r = mbedtls_ssl_write(&t->ssl, plain->at, n);
	if (r <= 0)
		return r < 0 ? r : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	span_take(plain, (size_t)r);
	return 0;
}

int tls_write(struct tls *t, struct span *plain, size_t record, struct tls_out *out)
{
	if (t->ended)
		return -EPIPE;
	t->in = NULL;
	t->out = out;
	while (plain->len > 0) {
		size_t n = plain->len < record ? plain->len : record;
		if (out->cap - out->len < n + RECORD_MORE)
			break;
		room_open(t);
		int r = write_some(t, plain, n);
		if (r < 0) {
			bad(t, r); /* may have something to say, which takes the room */
			room_close(t);
			return t->why.err;
		}
	}
	room_close(t);
	return 0;
}

void tls_end(struct tls *t, struct tls_out *out)
{
	if (t->ended || !has_room(out))
		return;
	t->ended = true;
	t->in = NULL;
	t->out = out;
	room_open(t);
	(void)mbedtls_ssl_close_notify(&t->ssl);
	room_close(t);
}

const struct why *tls_why(const struct tls *t)
{
	return &t->why;
}

const char *tls_version_name(const struct tls *t)
{
	return mbedtls_ssl_get_version(&t->ssl);
}

const char *tls_suite_used(const struct tls *t)
{
	return mbedtls_ssl_get_ciphersuite(&t->ssl);
}
