/* tls_duo: see the header. */
#include "fake/tls_duo.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

static int pipe_send(void *ctx, const unsigned char *at, size_t n)
{
	struct tls_pipe *p = ((struct tls_end *)ctx)->out;

	if (p->from == p->to)
		p->from = p->to = 0;
	if (n > TLS_DUO_ROOM - p->to)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	memcpy(p->at + p->to, at, n);
	p->to += n;
	return (int)n;
}

static int pipe_recv(void *ctx, unsigned char *at, size_t n)
{
	struct tls_pipe *p = ((struct tls_end *)ctx)->in;
	size_t there = p->to - p->from;

	if (there == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	n = n < there ? n : there;
	memcpy(at, p->at + p->from, n);
	p->from += n;
	return (int)n;
}

static int make_crt(struct tls_duo *d)
{
	mbedtls_x509write_cert w;
	unsigned char der[2048], serial = 1;
	int n;

	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, &d->key);
	mbedtls_x509write_crt_set_issuer_key(&w, &d->key);
	n = mbedtls_x509write_crt_set_subject_name(&w, "CN=duo");
	n = n ? n : mbedtls_x509write_crt_set_issuer_name(&w, "CN=duo");
	n = n ? n : mbedtls_x509write_crt_set_serial_raw(&w, &serial, 1);
	n = n ? n : mbedtls_x509write_crt_set_validity(&w, "20200101000000", "20991231235959");
	n = n ? n
	      : mbedtls_x509write_crt_der(&w, der, sizeof der, mbedtls_psa_get_random,
	                                  MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_x509write_crt_free(&w);
	/* It is written from the end of the buffer. */
	return n < 0 ? n : mbedtls_x509_crt_parse_der(&d->crt, der + sizeof der - n, (size_t)n);
}

static int make_key(struct tls_duo *d)
{
	int ret = mbedtls_pk_setup(&d->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return ret ? ret
	           : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(d->key),
	                                 mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
}

static int configure(struct tls_duo *d, mbedtls_ssl_config *conf, int endpoint)
{
	int ret = mbedtls_ssl_config_defaults(conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
	                                      MBEDTLS_SSL_PRESET_DEFAULT);

	mbedtls_ssl_conf_rng(conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_ciphersuites(conf, d->suites);
	mbedtls_ssl_conf_groups(conf, d->groups);
	if (d->suites[0] >> 8 == 0x13) {
		mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_3);
	} else {
		mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
	}
	return ret;
}

int tls_duo_init(struct tls_duo *d, int suite, uint16_t group)
{
	int ret;

	memset(d, 0, sizeof *d);
	d->suites[0] = suite;
	d->groups[0] = group;
	d->groups[1] = MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1;
	mbedtls_ssl_config_init(&d->client_conf);
	mbedtls_ssl_config_init(&d->server_conf);
	mbedtls_x509_crt_init(&d->crt);
	mbedtls_pk_init(&d->key);
	d->up.at = malloc(TLS_DUO_ROOM);
	d->down.at = malloc(TLS_DUO_ROOM);
	if (!d->up.at || !d->down.at)
		return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	ret = psa_crypto_init() == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	ret = ret ? ret : make_key(d);
	ret = ret ? ret : make_crt(d);
	ret = ret ? ret : configure(d, &d->client_conf, MBEDTLS_SSL_IS_CLIENT);
	ret = ret ? ret : configure(d, &d->server_conf, MBEDTLS_SSL_IS_SERVER);
	return ret ? ret : mbedtls_ssl_conf_own_cert(&d->server_conf, &d->crt, &d->key);
}

void tls_duo_done(struct tls_duo *d)
{
	mbedtls_ssl_config_free(&d->client_conf);
	mbedtls_ssl_config_free(&d->server_conf);
	mbedtls_x509_crt_free(&d->crt);
	mbedtls_pk_free(&d->key);
	free(d->up.at);
	free(d->down.at);
}

static int end_open(struct tls_end *e, struct tls_pipe *in, struct tls_pipe *out,
                    const mbedtls_ssl_config *conf)
{
	e->in = in;
	e->out = out;
	in->from = in->to = 0;
	mbedtls_ssl_init(&e->ssl);
	mbedtls_ssl_set_bio(&e->ssl, e, pipe_send, pipe_recv, NULL);
	return mbedtls_ssl_setup(&e->ssl, conf);
}

static int shake(struct tls_end *e)
{
	int ret = mbedtls_ssl_is_handshake_over(&e->ssl) ? 0 : mbedtls_ssl_handshake(&e->ssl);

	return ret == MBEDTLS_ERR_SSL_WANT_READ ? 0 : ret;
}

int tls_duo_connect(struct tls_duo *d)
{
	int ret = end_open(&d->client, &d->down, &d->up, &d->client_conf);

	ret = ret ? ret : end_open(&d->server, &d->up, &d->down, &d->server_conf);
	ret = ret ? ret : mbedtls_ssl_set_hostname(&d->client.ssl, "duo");
	for (unsigned turn = 0; ret == 0 && turn < 20; turn++) {
		ret = shake(&d->client);
		ret = ret ? ret : shake(&d->server);
		if (mbedtls_ssl_is_handshake_over(&d->client.ssl) &&
		    mbedtls_ssl_is_handshake_over(&d->server.ssl))
			return ret;
	}
	return ret ? ret : MBEDTLS_ERR_SSL_TIMEOUT;
}

void tls_duo_close(struct tls_duo *d)
{
	mbedtls_ssl_free(&d->client.ssl);
	mbedtls_ssl_free(&d->server.ssl);
}

int tls_duo_write(struct tls_end *e, const uint8_t *from, size_t n)
{
	while (n > 0) {
		int ret = mbedtls_ssl_write(&e->ssl, from, n);

		if (ret < 0)
			return ret;
		from += ret;
		n -= (size_t)ret;
	}
	return 0;
}

/* A session ticket may come in between. */
int tls_duo_read(struct tls_end *e, uint8_t *to, size_t n)
{
	while (n > 0) {
		int ret = mbedtls_ssl_read(&e->ssl, to, n);

		if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			continue;
		if (ret <= 0)
			return ret ? ret : MBEDTLS_ERR_SSL_CONN_EOF;
		to += ret;
		n -= (size_t)ret;
	}
	return 0;
}
