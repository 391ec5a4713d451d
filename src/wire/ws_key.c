/* ws_key: base64(SHA-1(key + GUID)). SHA-1 is what the protocol asks for; nothing here relies on
 * its being hard to break (RFC 6455 10.8). */
#include "wire/ws_key.h"

#include "base/b64.h"

#include <errno.h>
#include <mbedtls/sha1.h>

enum { KEY_LEN = 24, SHA1_LEN = 20 };

/* RFC 6455 1.3. */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static bool is_b64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

bool ws_key_ok(struct span key)
{
	if (key.len != KEY_LEN || memcmp(key.at + KEY_LEN - 2, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < KEY_LEN - 2; i++)
		if (!is_b64(key.at[i]))
			return false;
	return true;
}

int ws_key_accept(struct span key, char out[WS_ACCEPT])
{
	uint8_t text[KEY_LEN + sizeof(guid) - 1], sum[SHA1_LEN];
	if (!ws_key_ok(key))
		return -EINVAL;
	memcpy(text, key.at, KEY_LEN);
	memcpy(text + KEY_LEN, guid, sizeof(guid) - 1);
	if (mbedtls_sha1(text, sizeof(text), sum) != 0)
		return -EIO;
	b64_enc(out, span_of(sum, sizeof(sum)));
	out[WS_ACCEPT - 1] = '\0';
	return 0;
}
