/* From TCP (or TLS) to a stream: the HTTP handshake of RFC 6455, §4.1, checked as a client must. */
#include "load.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void make_key(struct conn *c)
{
	uint64_t r[2] = {random_next(c->load), random_next(c->load)};
	EVP_EncodeBlock((unsigned char *)c->key, (const unsigned char *)r, sizeof r);
}

void upgrade_send(struct conn *c)
{
	const struct options *o = &c->load->o;
	const char *scheme = o->tls ? "https" : "http";
	bool offer = o->protocol[0];
	char text[2048];
	make_key(c);
	int n = snprintf(text, sizeof text,
	                 "GET %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: wsload\r\nAccept: */*\r\n"
	                 "Origin: %s://%s:%u\r\nSec-WebSocket-Version: 13\r\n"
	                 "Sec-WebSocket-Key: %s\r\n%s%s%sConnection: Upgrade\r\n"
	                 "Upgrade: websocket\r\n\r\n",
	                 o->path, o->host, o->port, scheme, o->host, o->port, c->key,
	                 offer ? "Sec-WebSocket-Protocol: " : "", o->protocol, offer ? "\r\n" : "");
	memcpy(conn_room(c, (size_t)n), text, (size_t)n);
	c->out_len += (size_t)n;
	c->state = CONN_UPGRADE;
}

void upgrade_done(struct conn *c)
{
	if (c->load->o.greet) {
		c->state = CONN_GREET;
		return;
	}
	c->state = CONN_READY;
	if (c->load->o.mode == MODE_CHURN)
		session_start(c);
}

/* The value of a field, copied to `ret` (128 bytes), or NULL. */
static const char *field(const char *head, const char *name, char ret[128])
{
	size_t len = strlen(name);
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
			continue;
		const char *value = line + 3 + len;
		value += strspn(value, " \t");
		snprintf(ret, 128, "%.*s", (int)strcspn(value, "\r"), value);
		return ret;
	}
	return NULL;
}

static void accept_of(const char *key, char ret[32])
{
	char both[96];
	unsigned char digest[SHA_DIGEST_LENGTH];
	snprintf(both, sizeof both, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	SHA1((unsigned char *)both, strlen(both), digest);
	EVP_EncodeBlock((unsigned char *)ret, digest, sizeof digest);
}

/* The subprotocol: the one that was offered, or none. */
static bool protocol_fits(struct conn *c, const char *value)
{
	struct load *w = c->load;
	if (!value) {
		w->no_protocol = true;
		return true;
	}
	snprintf(w->protocol, sizeof w->protocol, "%.60s", value);
	return strcmp(value, w->o.protocol) == 0;
}

/* What is wrong with a complete head, or NULL. */
static const char *fault_of(struct conn *c)
{
	char accept[32], value[128];
	accept_of(c->key, accept);
	if (strncmp(c->head, "HTTP/1.1 101", 12) != 0)
		return "no upgrade";
	if (!field(c->head, "Sec-WebSocket-Accept", value) || strcmp(value, accept) != 0)
		return "wrong Sec-WebSocket-Accept";
	if (field(c->head, "Sec-WebSocket-Extensions", value))
		return "an extension that was not offered";
	if (!protocol_fits(c, field(c->head, "Sec-WebSocket-Protocol", value)))
		return "a subprotocol that was not offered";
	return NULL;
}

static void take_head(struct conn *c)
{
	const char *what = fault_of(c);
	if (what) {
		fault_add(c->load, c, "%s: %.60s", what, c->head);
		conn_free(c);
		return;
	}
	free(c->head);
	c->head = NULL;
	c->head_n = 0;
	upgrade_done(c);
}

void upgrade_take(struct conn *c, const uint8_t *at, size_t n)
{
	if (!c->head && !(c->head = malloc(HEAD_ROOM)))
		abort();
	for (size_t i = 0; i < n; i++) {
		if (c->head_n == HEAD_ROOM - 1) {
			fault_end(c, "response head too long", c->head_n);
			return;
		}
		c->head[c->head_n++] = (char)at[i];
		if (c->head_n < 4 || memcmp(c->head + c->head_n - 4, "\r\n\r\n", 4) != 0)
			continue;
		c->head[c->head_n] = 0;
		take_head(c);
		frame_take(c, at + i + 1, n - i - 1);
		return;
	}
}
