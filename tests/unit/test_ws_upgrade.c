/* ws_upgrade: handshakes as heads, and the verdict on each; then every sentence once. */
#include "unit/unit.h"

#include "wire/ws_upgrade.h"

#include <errno.h>
#include <stdio.h>

#define UP "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define P "Sec-WebSocket-Protocol: "
#define GET "GET /any/path HTTP/1.1\r\n" UP
#define ALL GET V13 KEY
#define END "\r\n"

#define NO_VERSION "no Sec-WebSocket-Version header"
#define NOT_13 "only version 13 of WebSocket is spoken here"
#define NO_KEY "no Sec-WebSocket-Key header"
#define BAD_KEY "Sec-WebSocket-Key is not 16 bytes in base64"
#define UNKNOWN                                                                                    \
	"none of the subprotocols offered is spoken here; binary and base64 are, and offering "    \
	"none is fine"

static const struct row {
	const char *name, *head;
	enum ws_proto proto; /* when status is 0 */
	unsigned status;
	const char *error;
} rows[] = {
	/* subprotocols */
	{"none offered", ALL END, WS_PROTO_NONE, 0, NULL},
	{"binary", ALL P "binary\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"base64", ALL P "base64\r\n" END, WS_PROTO_BASE64, 0, NULL},
	{"binary first", ALL P "binary, base64\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"binary last", ALL P "base64, binary\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"no blank", ALL P "base64,binary\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"blanks and tabs", ALL P " base64 \t ,\t binary\t\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"known and unknown", ALL P "chat, base64, mqtt\r\n" END, WS_PROTO_BASE64, 0, NULL},
	{"two lines", ALL P "base64\r\n" P "binary\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"unknown line, known line", ALL P "chat\r\n" P "base64\r\n" END, WS_PROTO_BASE64, 0, NULL},
	{"empty value", ALL P "\r\n" END, WS_PROTO_NONE, 0, NULL},
	{"empty elements", ALL P ", ,\t,\r\n" END, WS_PROTO_NONE, 0, NULL},
	{"empty elements around", ALL P ",,binary,,\r\n" END, WS_PROTO_BINARY, 0, NULL},
	{"unknown", ALL P "chat\r\n" END, 0, 400, UNKNOWN},
	{"unknown and an empty element", ALL P "chat,\r\n" END, 0, 400, UNKNOWN},
	{"other letters", ALL P "BINARY, Base64\r\n" END, 0, 400, UNKNOWN},
	{"part of a name", ALL P "binary2, xbase64, bin ary\r\n" END, 0, 400, UNKNOWN},
	{"semicolons", ALL P "binary;base64\r\n" END, 0, 400, UNKNOWN},

	/* versions */
	{"no version", GET KEY END, 0, 400, NO_VERSION},
	{"version 8", GET KEY "Sec-WebSocket-Version: 8\r\n" END, 0, 426, NOT_13},
	{"version 14", GET KEY "Sec-WebSocket-Version: 14\r\n" END, 0, 426, NOT_13},
	{"version 013", GET KEY "Sec-WebSocket-Version: 013\r\n" END, 0, 426, NOT_13},
	{"version 1", GET KEY "Sec-WebSocket-Version: 1\r\n" END, 0, 426, NOT_13},
	{"version 130", GET KEY "Sec-WebSocket-Version: 130\r\n" END, 0, 426, NOT_13},
	{"versions in a list", GET KEY "Sec-WebSocket-Version: 13, 8\r\n" END, 0, 426, NOT_13},
	{"empty version", GET KEY "Sec-WebSocket-Version:\r\n" END, 0, 426, NOT_13},
	{"version between blanks", GET KEY "Sec-WebSocket-Version: \t13 \r\n" END, WS_PROTO_NONE, 0,
         NULL},

	/* keys */
	{"no key", GET V13 END, 0, 400, NO_KEY},
	{"empty key", GET V13 "Sec-WebSocket-Key:\r\n" END, 0, 400, BAD_KEY},
	{"key of 3 bytes", GET V13 "Sec-WebSocket-Key: AAAA\r\n" END, 0, 400, BAD_KEY},
	{"key that is not base64", GET V13 "Sec-WebSocket-Key: ????????????????????? ==\r\n" END, 0,
         400, BAD_KEY},
	{"the RFC's other key", GET V13 "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n" END,
         WS_PROTO_NONE, 0, NULL},

	/* the request itself */
	{"POST", "POST / HTTP/1.1\r\n" UP V13 KEY END, 0, 405, "a WebSocket begins with GET"},
	{"HEAD", "HEAD / HTTP/1.1\r\n" UP V13 KEY END, 0, 405, "a WebSocket begins with GET"},
	{"HTTP/1.0", "GET / HTTP/1.0\r\n" UP V13 KEY END, 0, 400,
         "a WebSocket needs HTTP/1.1, this is HTTP/1.0"},
	{"no upgrade", "GET / HTTP/1.1\r\nHost: a\r\n" V13 KEY END, 0, 426,
         "this address speaks WebSocket"},

	/* the first thing that is wrong counts */
	{"all wrong", GET "Sec-WebSocket-Version: 8\r\n" P "x\r\n" END, 0, 426, NOT_13},
	{"key and protocol wrong", GET V13 P "x\r\n" END, 0, 400, NO_KEY},
};

static void check_row(const struct row *row)
{
	struct http_head h;
	enum ws_proto proto = 99;
	unsigned status = 99;
	const char *error = "untouched";
	assert_int_equal(http_head_parse(&h, span_str(row->head)), 0);
	int r = ws_upgrade_check(&h, &proto, &status, &error);
	assert_int_equal(r, row->status ? -EBADMSG : 0);
	assert_int_equal(proto, row->status ? 99 : row->proto);
	assert_int_equal(status, row->status ? row->status : 99);
	assert_string_equal(error, row->status ? row->error : "untouched");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unit_note("%s", rows[i].name);
		check_row(&rows[i]);
	}
	unit_note_clear();
}

/* Every way to offer three names in any order and in one to three lines. */
static void test_all_offers(void **state)
{
	(void)state;
	static const char *const names[] = {"binary", "base64", "chat", ""};
	static const char *const joints[] = {",", " , ", "\r\n" P};
	for (unsigned i = 0; i < 4 * 4 * 4 * 9; i++) {
		unsigned a = i & 3, b = i >> 2 & 3, c = i >> 4 & 3, j = (i >> 6) % 3,
			 k = (i >> 6) / 3;
		bool binary = a == 0 || b == 0 || c == 0, base64 = a == 1 || b == 1 || c == 1;
		bool unknown = !binary && !base64 && (a == 2 || b == 2 || c == 2);
		char head[512];
		snprintf(head, sizeof head, ALL P "%s%s%s%s%s\r\n" END, names[a], joints[j],
		         names[b], joints[k], names[c]);
		struct row row = {"offer", head, WS_PROTO_NONE, unknown ? 400 : 0, UNKNOWN};
		if (binary)
			row.proto = WS_PROTO_BINARY;
		else if (base64)
			row.proto = WS_PROTO_BASE64;
		unit_note("%s", head + strlen(ALL));
		check_row(&row);
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_rows), UNIT(test_all_offers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
