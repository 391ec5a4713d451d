/* ws_upgrade: the opening handshake, from the server's side. */
#include "wire/ws_upgrade.h"

#include "http_list.h"
#include "wire/ws_key.h"

#include <errno.h>

static int refuse(unsigned status, const char *text, unsigned *ret_status, const char **reterr)
{
	*ret_status = status;
	*reterr = text;
	return -EBADMSG;
}

/* False when something was offered and we speak none of it. Names are case-sensitive. */
static bool choose(const struct http_head *h, enum ws_proto *ret_proto)
{
	bool offered = false, binary = false, base64 = false;
	for (unsigned i = 0; i < h->ws_protocols; i++) {
		struct span list = h->ws_protocol[i], item;
		while (http_list_next(&list, &item)) {
			offered = true;
			binary |= span_eq(item, span_str("binary"));
			base64 |= span_eq(item, span_str("base64"));
		}
	}
	*ret_proto = binary ? WS_PROTO_BINARY : base64 ? WS_PROTO_BASE64 : WS_PROTO_NONE;
	return binary || base64 || !offered;
}

int ws_upgrade_check(const struct http_head *h, enum ws_proto *ret_proto, unsigned *ret_status,
                     const char **reterr)
{
	enum ws_proto proto;
	if (h->method != HTTP_GET)
		return refuse(405, "a WebSocket begins with GET", ret_status, reterr);
	if (h->major != 1 || h->minor < 1)
		return refuse(400, "a WebSocket needs HTTP/1.1, this is HTTP/1.0", ret_status,
		              reterr);
	if (!h->upgrade)
		return refuse(426, "this address speaks WebSocket", ret_status, reterr);
	if (!h->ws_version.at)
		return refuse(400, "no Sec-WebSocket-Version header", ret_status, reterr);
	if (!span_eq(h->ws_version, span_str("13")))
		return refuse(426, "only version 13 of WebSocket is spoken here", ret_status,
		              reterr);
	if (!h->ws_key.at)
		return refuse(400, "no Sec-WebSocket-Key header", ret_status, reterr);
	if (!ws_key_ok(h->ws_key))
		return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64", ret_status,
		              reterr);
	if (!choose(h, &proto))
		return refuse(
			400,
			"none of the subprotocols offered is spoken here; binary and base64 are, "
			"and offering none is fine",
			ret_status, reterr);
	*ret_proto = proto;
	return 0;
}
