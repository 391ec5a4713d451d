/* TLS of the client, by OpenSSL. Certificates are not looked at: the peer is our own. */
#include "load.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/epoll.h>

enum { TLS_AT_ONCE = 1 << 30 };

/* A ticket for the next connection (--resume). 1: we keep it. */
static int on_ticket(SSL *ssl, SSL_SESSION *ticket)
{
	struct conn *c = SSL_get_app_data(ssl);
	if (!c->load->o.resume)
		return 0;
	SSL_SESSION_free(c->ticket);
	c->ticket = ticket;
	return 1;
}

static int choose_ciphers(SSL_CTX *x, const struct options *o)
{
	const char *one_two = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
	const char *one_three = "TLS_AES_128_GCM_SHA256";
	if (o->cipher && o->tls12)
		one_two = o->cipher;
	else if (o->cipher)
		one_three = o->cipher;
	return SSL_CTX_set1_groups_list(x, "X25519:P-256") && SSL_CTX_set_cipher_list(x, one_two) &&
	                       SSL_CTX_set_ciphersuites(x, one_three)
	               ? 0
	               : -1;
}

int tls_setup(struct load *w)
{
	SSL_CTX *x = SSL_CTX_new(TLS_client_method());
	if (!x || choose_ciphers(x, &w->o) < 0) {
		fputs("wsload: OpenSSL does not know these ciphers\n", stderr);
		SSL_CTX_free(x);
		return -1;
	}
	w->tls = x;
	SSL_CTX_set_verify(x, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(x, w->o.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(x, on_ticket);
	if (mode_echoes(w->o.mode)) { /* many connections, little data */
		SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS);
		return 0;
	}
	SSL_CTX_set_read_ahead(x, 1);
	SSL_CTX_set_default_read_buffer_len(x, READ_ROOM);
	return 0;
}

void tls_begin(struct conn *c)
{
	c->ssl = SSL_new(c->load->tls);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_tlsext_host_name(c->ssl, "localhost");
	SSL_set_app_data(c->ssl, c);
	if (c->load->o.resume && c->ticket)
		SSL_set_session(c->ssl, c->ticket);
	SSL_set_connect_state(c->ssl);
	c->state = CONN_TLS;
}

static void note_first(struct load *w, const SSL *ssl)
{
	if (w->tls_version[0])
		return;
	int nid = (int)SSL_get_negotiated_group((SSL *)ssl);
	const char *group = nid > 0 ? OBJ_nid2sn(nid) : NULL;
	snprintf(w->tls_version, sizeof w->tls_version, "%s", SSL_get_version(ssl));
	snprintf(w->tls_cipher, sizeof w->tls_cipher, "%s", SSL_get_cipher_name(ssl));
	snprintf(w->tls_group, sizeof w->tls_group, "%s", group ? group : "?");
}

static void shaken(struct conn *c)
{
	struct load *w = c->load;
	w->handshakes++;
	if (SSL_session_reused(c->ssl))
		w->resumed++;
	note_first(w, c->ssl);
	conn_want(c, EPOLLIN);
	if (w->o.raw) {
		upgrade_done(c);
	} else {
		upgrade_send(c);
		conn_flush(c);
	}
}

void tls_shake(struct conn *c)
{
	ERR_clear_error();
	int r = SSL_do_handshake(c->ssl);
	if (r == 1) {
		shaken(c);
		return;
	}
	const char *why;
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ: conn_want(c, EPOLLIN); return;
	case SSL_ERROR_WANT_WRITE: conn_want(c, EPOLLOUT); return;
	default: break;
	}
	why = ERR_reason_error_string(ERR_peek_error());
	fault_add(c->load, c, "TLS handshake: %s", why ? why : "end of stream");
	conn_free(c);
}

/* OpenSSL spoils the ticket of a connection that ends without close_notify: pretend. With TLS 1.2
 * the ticket is only complete now. */
void tls_free(struct conn *c)
{
	if (SSL_is_init_finished(c->ssl)) {
		SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		if (c->load->o.resume && !SSL_session_reused(c->ssl) &&
		    SSL_version(c->ssl) < TLS1_3_VERSION) {
			SSL_SESSION_free(c->ticket);
			c->ticket = SSL_get1_session(c->ssl);
		}
	}
	SSL_free(c->ssl);
	c->ssl = NULL;
}

static ssize_t result(struct conn *c, int r)
{
	if (r > 0)
		return r;
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN: return 0;
	case SSL_ERROR_SYSCALL: return errno ? -errno : 0;
	default: break;
	}
	return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? 0 : -EPROTO;
}

ssize_t tls_read(struct conn *c, void *at, size_t n)
{
	ERR_clear_error();
	errno = 0;
	return result(c, SSL_read(c->ssl, at, n < TLS_AT_ONCE ? (int)n : TLS_AT_ONCE));
}

ssize_t tls_write(struct conn *c, const void *at, size_t n)
{
	ERR_clear_error();
	errno = 0;
	ssize_t r = result(c, SSL_write(c->ssl, at, n < TLS_AT_ONCE ? (int)n : TLS_AT_ONCE));
	return r ? r : -EPIPE;
}
