/* tls_room: see the header. */
#include "tls_room.h"

#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>

#define SSL(t, field) (t)->ssl.MBEDTLS_PRIVATE(field)

enum {
	SEQUENCE = 8,
	HEADER = 5,
	CIPHER_LEAST = HEADER + 8,     /* what every suite adds: the shortest tag there is */
	CIPHER_MORE = 256,             /* RFC 8446 5.2: what encryption may add */
	BUFFER = TLS_PLAIN_MAX + 1024, /* no smaller than MBEDTLS_SSL_IN_BUFFER_LEN */
};

#if defined(MBEDTLS_SSL_IN_CONTENT_LEN)
_Static_assert(MBEDTLS_SSL_IN_CONTENT_LEN <= TLS_PLAIN_MAX, "BUFFER is for records of 16 KiB");
#endif

/* ---- writing ---- */

void room_open(struct tls *t)
{
	uint8_t *at = t->out->at + t->out->len;

	if (!t->roomy)
		return;
	SSL(t, out_buf) = at - SEQUENCE; /* nothing is written before `at`: out_ctr is elsewhere */
	SSL(t, out_hdr) = at;
	SSL(t, out_len) = at + 3;
	SSL(t, out_iv) = at + HEADER;
	SSL(t, out_msg) = at + HEADER + t->explicit_iv;
}

static void close_out(struct tls *t)
{
	SSL(t, out_buf) = SSL(t, out_hdr) = SSL(t, out_len) = NULL;
	SSL(t, out_iv) = SSL(t, out_msg) = NULL;
}

/* ---- reading ---- */

/* Nothing of a record is inside. */
static bool is_quiet(const struct tls *t)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03060300
	if (SSL(t, badmac_seen_or_in_hsfraglen) != 0) /* a message in several records */
		return false;
#endif
	return SSL(t, in_left) == 0 && !SSL(t, in_offt) && !SSL(t, keep_current_message) &&
	       (SSL(t, in_hslen) == 0 || SSL(t, in_hslen) >= SSL(t, in_msglen));
}

static void point_in(struct tls *t, uint8_t *header, uint8_t *sequence)
{
	SSL(t, in_buf) = header ? header - SEQUENCE : NULL;
	SSL(t, in_hdr) = header;
	SSL(t, in_len) = header ? header + 3 : NULL;
	SSL(t, in_iv) = SSL(t, in_msg) = header ? header + HEADER : NULL;
	SSL(t, in_ctr) = sequence;
}

/* The length of the record in begins with, if all of it is there; 0. */
static size_t whole_record(struct span in)
{
	if (in.len < HEADER)
		return 0;
	size_t n = (size_t)in.at[3] << 8 | in.at[4];
	return n <= TLS_PLAIN_MAX + CIPHER_MORE && in.len >= HEADER + n ? HEADER + n : 0;
}

void room_restart(struct tls *t)
{
	uint8_t *counter = t->in_own ? t->own : t->sequence_in;

	memset(t->site->client ? SSL(t, in_buf) : counter, 0, SEQUENCE);
}

/* From the connection's own buffer, where Mbed TLS keeps the sequence number in front, and back. */
static void leave_own(struct tls *t)
{
	if (!t->in_own)
		return;
	memcpy(t->sequence_in, t->own, SEQUENCE);
	t->in_own = false;
}

static int enter_own(struct tls *t)
{
	if (t->in_own)
		return 0;
	if (!t->own && !(t->own = mbedtls_calloc(1, BUFFER)))
		return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	memcpy(t->own, t->sequence_in, SEQUENCE);
	point_in(t, t->own + SEQUENCE, t->own);
	t->in_own = true;
	return 0;
}

int room_take(struct tls *t, struct span *in, size_t room)
{
	t->in = in;
	t->borrowed = false;
	if (!t->roomy || t->site->client)
		return 0;
	if (is_quiet(t) && in->len == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	size_t n = is_quiet(t) ? whole_record(*in) : 0;
	if (n == 0 || n > room + CIPHER_LEAST)
		return enter_own(t);
	leave_own(t);
	t->record = span_of(in->at, n);
	t->in = &t->record;
	t->borrowed = true;
	point_in(t, in->at, t->sequence_in);
	return 0;
}

int room_taken(struct tls *t, struct span *in, int result)
{
	if (!t->borrowed)
		return result;
	t->borrowed = false;
	span_take(in, (size_t)(t->record.at - in->at));
	if (result >= 0 || result == MBEDTLS_ERR_SSL_WANT_READ)
		if (t->record.len > 0 || !is_quiet(t))
			return MBEDTLS_ERR_SSL_INVALID_RECORD;
	return result;
}

/* The buffer goes as soon as nothing is in it. */
static void close_in(struct tls *t)
{
	if (t->in_own && !is_quiet(t))
		return;
	leave_own(t);
	if (t->own)
		mbedtls_platform_zeroize(t->own, TLS_PLAIN_MAX);
	mbedtls_free(t->own);
	t->own = NULL;
	point_in(t, NULL, t->sequence_in);
}

/* ---- both ---- */

void room_begin(struct tls *t)
{
	if (t->roomy)
		return;
	t->roomy = true;
	t->explicit_iv = (uint8_t)(SSL(t, out_msg) - SSL(t, out_iv));
	mbedtls_platform_zeroize(SSL(t, out_buf), TLS_PLAIN_MAX);
	mbedtls_free(SSL(t, out_buf));
	SSL(t, out_ctr) = t->sequence_out;
	if (!t->site->client) {
		t->own = SSL(t, in_buf);
		t->in_own = true;
	}
	room_close(t);
}

void room_close(struct tls *t)
{
	if (!t->roomy)
		return;
	close_out(t);
	if (!t->site->client)
		close_in(t);
}
