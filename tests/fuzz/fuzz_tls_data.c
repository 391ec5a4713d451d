/* fuzz_tls_data: what a peer may do once it has shaken hands. It has the keys, so every record of
 * its is in order but for what it says.
 *
 *   [who we are][room for answers][room for plaintext][pieces] ([type][length] bytes)…
 *
 * The records are made first and read in pieces of a few sizes. Answers stay in their room, and are
 * whole records; plaintext is what was sent, as far as it comes; while it is not over, data still
 * gets through to the other side. A peer that says it has new keys has them.
 */
#include "../../src/crypt/tls_keys.h"
#include "../fake/certs.h"
#include "../fake/tls_forge.h"
#include "../fake/tls_two.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENT = 1, OLD = 2, INPUT = 600, WIRE = 65536, GUARD = 64, HEAD = 4 };

static struct cert ca, leaf;
static struct tls_site *servers[2], *client;

struct play {
	struct tls_two two;
	struct tls *near, *far;
	uint8_t wire[WIRE], data[WIRE], said[WIRE];
	size_t wire_len, data_len, got, said_len;
	size_t room, plain;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void make_sites(void)
{
	struct tls_pair pair;

	if (client)
		return;
	cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
	cert_make(&leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}, .issuer = &ca});
	pair = cert_pair(&leaf);
	for (int i = 0; i < 2; i++)
		servers[i] = site_new(&(struct tls_setup){
			.pairs = &pair, .pairs_n = 1, .max = i ? TLS_1_2 : TLS_1_3});
	client = site_trusting(&ca, "vnc1");
}

static bool is_key_update(const struct play *p, struct span content)
{
	static const uint8_t begin[] = {24, 0, 0, 1};

	return strcmp(tls_version_name(p->far), "TLSv1.3") == 0 && content.len == 5 &&
	       memcmp(content.at, begin, sizeof begin) == 0 && content.at[4] <= 1;
}

static void forge_all(struct play *p, struct span script)
{
	struct tls_out out = {p->wire, 0, WIRE};

	while (script.len >= 2) {
		struct span head = span_take(&script, 2);
		uint8_t type = (uint8_t)(FORGED_CCS + head.at[0] % 5);
		struct span content =
			span_take(&script, head.at[1] < script.len ? head.at[1] : script.len);
		if (!tls_forge(p->far, type, content, &out))
			break;
		if (type == FORGED_HANDSHAKE && is_key_update(p, content))
			(void)tls_keys_next(p->far, true); /* the distribution's library has none */
		if (type == FORGED_DATA && content.len > 0) {
			memcpy(p->data + p->data_len, content.at, content.len);
			p->data_len += content.len;
		}
	}
	p->wire_len = out.len;
}

/* What we said, whole records each time. */
static void keep_said(struct play *p, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len;) {
		must(len - i >= 5);
		i += 5 + ((size_t)at[i + 3] << 8 | at[i + 4]);
		must(i <= len);
	}
	must(p->said_len + len <= WIRE);
	memcpy(p->said + p->said_len, at, len);
	p->said_len += len;
}

static enum tls_event read_piece(struct play *p, struct span in)
{
	uint8_t answers[1024 + GUARD], plain[1024];
	enum tls_event e;

	do {
		struct tls_out out = {answers, 0, p->room};
		size_t n = 0;
		memset(answers + p->room, 0xee, GUARD);
		e = tls_read(p->near, &in, span_of(plain, p->plain), &n, &out);
		must(out.len <= p->room);
		for (size_t i = 0; i < GUARD; i++)
			must(answers[p->room + i] == 0xee);
		keep_said(p, answers, out.len);
		must(n <= p->plain && p->got + n <= p->data_len);
		must(n == 0 || memcmp(plain, p->data + p->got, n) == 0);
		p->got += n;
	} while (e == TLS_ROOM || e == TLS_DATA);
	must(e != TLS_MORE || in.len == 0);
	must(e != TLS_BAD || tls_why(p->near)->text[0]);
	return e;
}

/* A record at a time: it has asked for all these keys itself, so they are not too many. */
static size_t far_reads(struct play *p, struct span in, struct span plain)
{
	uint8_t bytes[256];
	struct tls_out out = {bytes, 0, sizeof bytes};
	size_t n = 0;

	while (in.len > 0) {
		struct span one = span_take(&in, 5 + ((size_t)in.at[3] << 8 | in.at[4]));
		p->far->renewals = 0;
		must(n == 0);
		must(tls_read(p->far, &one, plain, &n, &out) == TLS_MORE);
	}
	return n;
}

/* The other side hears an answer, behind whatever alerts. */
static void answer(struct play *p)
{
	uint8_t wire[256], plain[16];
	struct tls_out out = {wire, 0, sizeof wire};
	struct span yes = span_str("yes");

	must(tls_write(p->near, &yes, TLS_SMALL, &out) == 0 && yes.len == 0);
	keep_said(p, wire, out.len);
	must(far_reads(p, span_of(p->said, p->said_len), span_of(plain, sizeof plain)) == 3);
	must(memcmp(plain, "yes", 3) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD || size > INPUT)
		return 0;
	struct play *p = calloc(1, sizeof *p);
	must(p);
	make_sites();
	tls_two_shake(&p->two, servers[(data[0] & OLD) > 0], client, NULL);
	must(p->two.server_is == TLS_READY && p->two.client_is == TLS_READY);
	p->near = data[0] & CLIENT ? p->two.client : p->two.server;
	p->far = data[0] & CLIENT ? p->two.server : p->two.client;
	p->room = FORGED_MORE + (size_t)data[1] * 3;
	p->plain = 1 + (size_t)data[2] * 4;
	forge_all(p, span_of(data + HEAD, size - HEAD));
	enum tls_event e = TLS_MORE;
	for (size_t at = 0, piece; e == TLS_MORE && at < p->wire_len; at += piece) {
		piece = data[3] ? (size_t)data[3] * 8 : p->wire_len;
		piece = piece < p->wire_len - at ? piece : p->wire_len - at;
		e = read_piece(p, span_of(p->wire + at, piece));
	}
	if (e == TLS_MORE) {
		must(p->got == p->data_len);
		answer(p);
	}
	tls_two_done(&p->two);
	free(p);
	return 0;
}
