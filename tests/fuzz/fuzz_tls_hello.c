/* fuzz_tls_hello: what a stranger may say first. The first byte chooses: our role (a client's bytes
 * for a server, a server's for a client), the versions, and where the bytes are cut in two; the rest
 * are those bytes. Whatever they are, the machine ends in "more", "bad" or, at best, "ready"; it
 * never eats more than it was given, and what it says fits where it may say it.
 */
#include "../fake/certs.h"
#include "crypt/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENT = 1, OLD = 2, VERIFY = 4, INPUT = 20000 };

static struct cert ca, leaf, leaf_rsa;
static struct tls_site *sites[8];

static struct tls_site *make_site(unsigned kind)
{
	struct tls_pair pairs[2] = {cert_pair(&leaf), cert_pair(&leaf_rsa)};
	struct tls_setup s = {.pairs = pairs, .pairs_n = 2, .ca = cert_blob(&ca)};

	s.max = kind & OLD ? TLS_1_2 : TLS_1_3;
	if (kind & CLIENT) {
		s.client = true;
		s.pairs_n = 0;
		s.name = "one";
	} else if (kind & VERIFY) {
		s.verify = TLS_VERIFY_REQUIRED;
	}
	return site_new(&s);
}

static struct tls_site *site_for(unsigned kind)
{
	if (!sites[0]) {
		cert_make(&ca, &(struct cert_spec){.cn = "Test CA", .ca = true});
		cert_make(&leaf, &(struct cert_spec){.cn = "ec", .dns = {"one"}, .issuer = &ca});
		cert_make(&leaf_rsa,
		          &(struct cert_spec){
				  .cn = "rsa", .dns = {"two"}, .issuer = &ca, .rsa = true});
		for (unsigned i = 0; i < 8; i++)
			sites[i] = make_site(i);
	}
	return sites[kind];
}

/* Goes on as long as something can be done with in. */
static enum tls_event feed(struct tls *t, struct span in, bool *ready)
{
	static uint8_t bytes[700]; /* small: TLS_ROOM comes, too */
	uint8_t plain[256];
	size_t n = 0;
	enum tls_event e;

	do {
		struct tls_out out = {bytes, 0, sizeof bytes};
		size_t had = in.len;
		e = *ready ? tls_read(t, &in, span_of(plain, sizeof plain), &n, &out)
		           : tls_shake(t, &in, &out);
		if (in.len > had || out.len > out.cap || n > sizeof plain)
			abort();
		*ready |= e == TLS_READY;
	} while (e == TLS_AGAIN || e == TLS_ROOM || e == TLS_READY || e == TLS_DATA);
	if (e == TLS_MORE && in.len > 0)
		abort();
	if (e == TLS_BAD && tls_why(t)->text[0] == 0)
		abort();
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls *t = NULL;
	bool ready = false;

	if (size < 2 || size > INPUT)
		return 0;
	if (tls_new(&t, site_for(data[0] & 7), "peer", NULL) < 0)
		abort();
	size_t cut = (size - 1) * (data[0] >> 3) / 32;
	enum tls_event e = TLS_MORE;
	if (data[0] & CLIENT)
		e = feed(t, (struct span){0}, &ready); /* its own hello */
	if (e == TLS_MORE)
		e = feed(t, span_of(data + 1, cut), &ready);
	if (e == TLS_MORE)
		feed(t, span_of(data + 1 + cut, size - 1 - cut), &ready);
	tls_free(t);
	return 0;
}
