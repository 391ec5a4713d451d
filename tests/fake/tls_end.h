/* tls_end: the far end of a memory link, speaking TLS: what a client or a backend is to us.
 *
 *   the link under test ═ tls_link ═ mem_link ═ struct tls_end ◄─ the test
 */
#ifndef FAKE_TLS_END_H
#define FAKE_TLS_END_H

#include "certs.h"
#include "mem_link.h"

#include "crypt/tls.h"

struct tls_end {
	struct mem_end *mem;
	struct tls *tls;
	size_t fed;    /* bytes of mem->heard given to tls */
	size_t hold;   /* look at no more than so many bytes of mem->heard; SIZE_MAX */
	size_t said;   /* bytes it has put on the wire */
	size_t cut_at; /* those from here on wait for tls_end_release; SIZE_MAX: none */
	size_t record; /* plaintext in one record */
	uint8_t *late;
	size_t late_len;
	bool ready, closed, bad;
	bool ended; /* we said close_notify */
	uint8_t *got;
	size_t got_len, got_cap, taken;
	unsigned steps; /* turns it took to be ready */
	void *self;     /* the test's own */
};

/* A new memory link with TLS of site's role at its far end. */
struct tls_end *tls_end_open(struct env *env, struct tls_site *site, const char *name);
/* TLS at the far end of a memory link that is somebody else's. */
struct tls_end *tls_end_on(struct mem_end *mem, struct tls_site *site, const char *name);
/* Listens to what came and answers. */
void tls_end_step(struct tls_end *e);
void tls_end_say(struct tls_end *e, struct span s);
/* What was held back by cut_at goes on the wire. */
void tls_end_release(struct tls_end *e);
/* close_notify; and the end of the transport behind it. */
void tls_end_close(struct tls_end *e, bool eof);
/* With mem: the link must be closed by then. */
void tls_end_free(struct tls_end *e, bool mem);

#endif
