/* tls_keys: see the header. */
#include "tls_keys.h"

#include "tls_room.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <stddef.h>

#define SSL(t, field) (t)->ssl.MBEDTLS_PRIVATE(field)

enum { KEY_UPDATE = 24, MESSAGE = 5 };

bool tls_keys_asked(const struct tls *t)
{
	return t->roomy && SSL(t, tls_version) == MBEDTLS_SSL_VERSION_TLS1_3 &&
	       SSL(t, in_msgtype) == MBEDTLS_SSL_MSG_HANDSHAKE && SSL(t, in_hslen) > 0 &&
	       SSL(t, in_msg)[0] == KEY_UPDATE;
}

#if defined(MBEDTLS_USER_CONFIG_FILE)

/* struct mbedtls_ssl_key_set: filled and read by the library alone. */
struct key_set {
	_Alignas(max_align_t) uint8_t bytes[256];
};

int mbedtls_ssl_tls13_hkdf_expand_label(psa_algorithm_t hash, const unsigned char *secret,
                                        size_t secret_len, const unsigned char *label,
                                        size_t label_len, const unsigned char *context,
                                        size_t context_len, unsigned char *out, size_t out_len);
int mbedtls_ssl_tls13_make_traffic_keys(psa_algorithm_t hash, const unsigned char *client,
                                        const unsigned char *server, size_t secret_len,
                                        size_t key_len, size_t iv_len, struct key_set *keys);
int mbedtls_ssl_tls13_populate_transform(mbedtls_ssl_transform *transform, int endpoint, int suite,
                                         const struct key_set *keys, mbedtls_ssl_context *ssl);
void mbedtls_ssl_transform_free(mbedtls_ssl_transform *transform);
int mbedtls_ssl_write_record(mbedtls_ssl_context *ssl, int force_flush);

struct schedule {
	int suite;
	psa_algorithm_t hash;
	size_t secret_len, key_len;
	mbedtls_ssl_tls13_application_secrets *secrets;
};

static struct schedule schedule_of(struct tls *t)
{
	int suite = mbedtls_ssl_get_ciphersuite_id_from_ssl(&t->ssl);
	const mbedtls_ssl_ciphersuite_t *info = mbedtls_ssl_ciphersuite_from_id(suite);
	psa_algorithm_t hash =
		mbedtls_md_psa_alg_from_type((mbedtls_md_type_t)info->MBEDTLS_PRIVATE(mac));

	return (struct schedule){
		.suite = suite,
		.hash = hash,
		.secret_len = PSA_HASH_LENGTH(hash),
		.key_len = mbedtls_ssl_ciphersuite_get_cipher_key_bitlen(info) / 8,
		.secrets = &SSL(t, session)->MBEDTLS_PRIVATE(app_secrets),
	};
}

static int next_secret(struct tls *t, bool of_client)
{
	static const char label[] = "traffic upd";
	struct schedule s = schedule_of(t);
	uint8_t next[MBEDTLS_TLS1_3_MD_MAX_SIZE];
	uint8_t *secret = of_client ? s.secrets->client_application_traffic_secret_N
	                            : s.secrets->server_application_traffic_secret_N;
	int r = mbedtls_ssl_tls13_hkdf_expand_label(s.hash, secret, s.secret_len,
	                                            (const uint8_t *)label, sizeof label - 1, NULL,
	                                            0, next, s.secret_len);

	if (r == 0)
		memcpy(secret, next, s.secret_len);
	mbedtls_platform_zeroize(next, sizeof next);
	return r;
}

/* Both directions' keys from their secrets, whichever is new. They stay where they were. */
static int set_keys(struct tls *t)
{
	enum { IV = 12 };
	struct schedule s = schedule_of(t);
	struct key_set keys;
	int role = t->site->client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER;
	int r = mbedtls_ssl_tls13_make_traffic_keys(
		s.hash, s.secrets->client_application_traffic_secret_N,
		s.secrets->server_application_traffic_secret_N, s.secret_len, s.key_len, IV, &keys);

	if (r == 0) {
		mbedtls_ssl_transform_free(SSL(t, transform_application));
		r = mbedtls_ssl_tls13_populate_transform(SSL(t, transform_application), role,
		                                         s.suite, &keys, &t->ssl);
	}
	mbedtls_platform_zeroize(&keys, sizeof keys);
	return r;
}

int tls_keys_next(struct tls *t, bool ours)
{
	int r = next_secret(t, ours == t->site->client);

	if (ours)
		memset(SSL(t, cur_out_ctr), 0, MBEDTLS_SSL_SEQUENCE_NUMBER_LEN);
	else
		room_restart(t);
	return r == 0 ? set_keys(t) : r;
}

bool tls_keys_worn(const struct tls *t)
{
	uint64_t written = 0;

	for (size_t i = 0; i < MBEDTLS_SSL_SEQUENCE_NUMBER_LEN; i++)
		written = written << 8 | SSL(t, cur_out_ctr)[i];
	return written >= TLS_KEYS_RECORDS && SSL(t, tls_version) == MBEDTLS_SSL_VERSION_TLS1_3;
}

/* The last record with our old keys. */
int tls_keys_change(struct tls *t)
{
	static const uint8_t message[MESSAGE] = {KEY_UPDATE, 0, 0, 1, 0};

	SSL(t, out_msgtype) = MBEDTLS_SSL_MSG_HANDSHAKE;
	SSL(t, out_msglen) = MESSAGE;
	memcpy(SSL(t, out_msg), message, MESSAGE);
	int r = mbedtls_ssl_write_record(&t->ssl, 1);
	return r == 0 ? tls_keys_next(t, true) : r;
}

/* The message is all of its record: what follows it has the new keys (RFC 8446 5.1). */
static bool is_sound(const struct tls *t)
{
	return SSL(t, in_hslen) == MESSAGE && SSL(t, in_msglen) == MESSAGE &&
	       SSL(t, in_msg)[MESSAGE - 1] <= 1;
}

int tls_keys_renew(struct tls *t)
{
	if (!is_sound(t) || t->renewals >= TLS_KEYS_IN_A_ROW)
		return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
	bool asked = SSL(t, in_msg)[MESSAGE - 1] == 1 && !t->ended;
	t->renewals++;
	int r = tls_keys_next(t, false);
	return r == 0 && asked ? tls_keys_change(t) : r;
}

#else

int tls_keys_renew(struct tls *t)
{
	(void)t;
	return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
}

bool tls_keys_worn(const struct tls *t)
{
	(void)t;
	return false;
}

int tls_keys_change(struct tls *t)
{
	(void)t;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int tls_keys_next(struct tls *t, bool ours)
{
	(void)t;
	(void)ours;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

#endif
