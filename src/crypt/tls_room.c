/* tls_room: see the header. */
#include "tls_room.h"

#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>

#define IN(t, field) (t)->ssl.MBEDTLS_PRIVATE(field)

enum { SEQUENCE = 8, HEADER = 5 };

void room_begin(struct tls *t)
{
	if (t->roomy)
		return;
	t->roomy = true;
	t->explicit_iv = (uint8_t)(IN(t, out_msg) - IN(t, out_iv));
	mbedtls_platform_zeroize(IN(t, out_buf), TLS_PLAIN_MAX);
	mbedtls_free(IN(t, out_buf));
	IN(t, out_ctr) = t->sequence;
	room_close(t);
}

void room_open(struct tls *t)
{
	uint8_t *at = t->out->at + t->out->len;

	if (!t->roomy)
		return;
	IN(t, out_buf) = at - SEQUENCE; /* nothing is written before `at`: out_ctr is elsewhere */
	IN(t, out_hdr) = at;
	IN(t, out_len) = at + 3;
	IN(t, out_iv) = at + HEADER;
	IN(t, out_msg) = at + HEADER + t->explicit_iv;
}

void room_close(struct tls *t)
{
	if (!t->roomy)
		return;
	IN(t, out_buf) = IN(t, out_hdr) = IN(t, out_len) = NULL;
	IN(t, out_iv) = IN(t, out_msg) = NULL;
}
