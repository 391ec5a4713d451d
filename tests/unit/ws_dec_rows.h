/* ws_dec_rows: streams of frames and what a decoder says about each (ws_log.h). Masks of zeros
 * keep them readable; that masks are applied is held by the RFC's own examples and by the random
 * streams. For test_ws_dec.c.
 */
#ifndef UNIT_WS_DEC_ROWS_H
#define UNIT_WS_DEC_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#define B(literal) .bytes = literal, .len = sizeof(literal) - 1
#define M0 "\0\0\0\0"
#define TEN "0123456789"
#define CTL125 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345"
#define REASON123 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "123"

struct row {
	const char *name;
	bool client; /* our role; server when false */
	const char *bytes;
	size_t len;
	const char *want;
};

static const struct row rows[] = {
	/* RFC 6455 5.7 */
	{"rfc: unmasked text", true, B("\x81\x05Hello"), "text\"Hello\" end"},
	{"rfc: masked text", false, B("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
         "text\"Hello\" end"},
	{"rfc: fragmented", true, B("\x01\x03Hel\x80\x02lo"), "text\"Hello\" end"},
	{"rfc: ping", true, B("\x89\x05Hello"), "ping\"Hello\""},
	{"rfc: masked pong", false, B("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
         "pong\"Hello\""},

	/* messages */
	{"nothing", false, B(""), ""},
	{"binary", false, B("\x82\x83" M0 "abc"), "binary\"abc\" end"},
	{"empty text", false, B("\x81\x80" M0), "end"},
	{"empty binary", true, B("\x82\0"), "end"},
	{"two messages", false, B("\x82\x81" M0 "a\x81\x81" M0 "b"),
         "binary\"a\" end text\"b\" end"},
	{"three fragments", false, B("\x02\x81" M0 "a\0\x81" M0 "b\x80\x81" M0 "c"),
         "binary\"abc\" end"},
	{"empty first fragment", false, B("\x02\x80" M0 "\x80\x81" M0 "x"), "binary\"x\" end"},
	{"empty middle fragment", false, B("\x02\x81" M0 "a\0\x80" M0 "\x80\x81" M0 "b"),
         "binary\"ab\" end"},
	{"empty last fragment", false, B("\x01\x81" M0 "a\x80\x80" M0), "text\"a\" end"},
	{"only empty fragments", false, B("\x01\x80" M0 "\0\x80" M0 "\x80\x80" M0), "end"},
	{"not the end", false, B("\x02\x83" M0 "ab"), "binary\"ab\""},
	{"binary after text", false, B("\x81\x80" M0 "\x82\x81" M0 "b"), "end binary\"b\" end"},
	{"payload that looks like frames", false, B("\x82\x84" M0 "\x81\x05\xff\x80"),
         "binary\"\\81\\05\\ff\\80\" end"},

	/* control frames, also between fragments */
	{"empty ping", false, B("\x89\x80" M0), "ping\"\""},
	{"empty pong", true, B("\x8a\0"), "pong\"\""},
	{"ping of 125", false, B("\x89\xfd" M0 CTL125), "ping\"" CTL125 "\""},
	{"two pings", false, B("\x89\x81" M0 "1\x89\x82" M0 "22"), "ping\"1\" ping\"22\""},
	{"ping between fragments", false, B("\x01\x81" M0 "a\x89\x81" M0 "p\x80\x81" M0 "b"),
         "text\"a\" ping\"p\" text\"b\" end"},
	{"pong, ping between fragments", true,
         B("\x02\x01"
           "a\x8a\0\x89\x01p\x80\x01"
           "b"),
         "binary\"a\" pong\"\" ping\"p\" binary\"b\" end"},
	{"close between fragments", false, B("\x01\x81" M0 "a\x88\x80" M0 "\x80\x81" M0 "b"),
         "text\"a\" close(0,\"\")"},

	/* Close */
	{"close", false, B("\x88\x80" M0), "close(0,\"\")"},
	{"close with code", false, B("\x88\x82" M0 "\x03\xe8"), "close(1000,\"\")"},
	{"close, masked", false, B("\x88\x82\x01\x02\x03\x04\x02\xea"), "close(1000,\"\")"},
	{"close with reason", true,
         B("\x88\x05\x03\xe9"
           "bye"),
         "close(1001,\"bye\")"},
	{"close, longest reason", true, B("\x88\x7d\x03\xe8" REASON123),
         "close(1000,\"" REASON123 "\")"},
	{"close, reason in UTF-8", true, B("\x88\x06\x0f\xa0\xe2\x82\xac!"),
         "close(4000,\"\\e2\\82\\ac!\")"},
	{"frames after close", false, B("\x88\x80" M0 "\x82\x81" M0 "x\xff\xff"), "close(0,\"\")"},
	{"close of one byte", false, B("\x88\x81" M0 "\x03"),
         "bad(1002,\"close frame with one byte\")"},
	{"close code 1005", false, B("\x88\x82" M0 "\x03\xed"),
         "bad(1002,\"close code that must not be sent\")"},
	{"close reason cut inside a character", true, B("\x88\x04\x03\xe8\xe2\x82"),
         "bad(1007,\"close reason is not UTF-8\")"},
	{"close reason with a surrogate", true, B("\x88\x05\x03\xe8\xed\xa0\x80"),
         "bad(1007,\"close reason is not UTF-8\")"},
	{"close with bad code and bad reason", true, B("\x88\x03\x03\xed\xff"),
         "bad(1002,\"close code that must not be sent\")"},

	/* violations; the first one counts, and nothing after it does */
	{"not masked", false, B("\x81\x05Hello"), "bad(1002,\"frame not masked\")"},
	{"empty and not masked", false, B("\x82\0"), "bad(1002,\"frame not masked\")"},
	{"ping not masked", false, B("\x89\0"), "bad(1002,\"frame not masked\")"},
	{"masked by a server", true, B("\x81\x80" M0),
         "bad(1002,\"frame from a server is masked\")"},
	{"rsv1", false, B("\xc1\x80" M0), "bad(1002,\"reserved bit set\")"},
	{"rsv2", false, B("\xa1\x80" M0), "bad(1002,\"reserved bit set\")"},
	{"rsv3", true, B("\x91\0"), "bad(1002,\"reserved bit set\")"},
	{"rsv on a ping", false, B("\xc9\x80" M0), "bad(1002,\"reserved bit set\")"},
	{"rsv on a continuation", false, B("\x01\x80" M0 "\xc0\x80" M0),
         "bad(1002,\"reserved bit set\")"},
	{"opcode 3", false, B("\x83\x80" M0), "bad(1002,\"reserved opcode\")"},
	{"opcode 7", true, B("\x87\0"), "bad(1002,\"reserved opcode\")"},
	{"opcode 11", false, B("\x8b\x80" M0), "bad(1002,\"reserved opcode\")"},
	{"opcode 15", true, B("\x8f\0"), "bad(1002,\"reserved opcode\")"},
	{"reserved opcode, one byte of it", false, B("\x83"), "bad(1002,\"reserved opcode\")"},
	{"fragmented ping", false, B("\x09\x80" M0), "bad(1002,\"fragmented control frame\")"},
	{"fragmented pong", true, B("\x0a\0"), "bad(1002,\"fragmented control frame\")"},
	{"fragmented close", false, B("\x08\x80" M0), "bad(1002,\"fragmented control frame\")"},
	{"ping of 126", false, B("\x89\xfe\0\x7e" M0),
         "bad(1002,\"control frame longer than 125 bytes\")"},
	{"close with a length of 64 bits", true, B("\x88\x7f\0\0\0\0\0\0\0\x01"),
         "bad(1002,\"control frame longer than 125 bytes\")"},
	{"continuation of nothing", false, B("\x80\x80" M0),
         "bad(1002,\"continuation of no message\")"},
	{"continuation after the end", false, B("\x82\x81" M0 "a\x80\x80" M0),
         "binary\"a\" end bad(1002,\"continuation of no message\")"},
	{"continuation after an empty message", false, B("\x82\x80" M0 "\0\x80" M0),
         "end bad(1002,\"continuation of no message\")"},
	{"text inside a message", false, B("\x01\x81" M0 "a\x81\x81" M0 "b"),
         "text\"a\" bad(1002,\"new message inside a fragmented one\")"},
	{"binary inside a message after a ping", false,
         B("\x02\x80" M0 "\x89\x80" M0 "\x82\x80" M0),
         "ping\"\" bad(1002,\"new message inside a fragmented one\")"},
	{"0 in 16 bits", true, B("\x82\x7e\0\0"), "bad(1002,\"length not in its shortest form\")"},
	{"125 in 16 bits", false, B("\x82\xfe\0\x7d" M0),
         "bad(1002,\"length not in its shortest form\")"},
	{"65535 in 64 bits", true, B("\x82\x7f\0\0\0\0\0\0\xff\xff"),
         "bad(1002,\"length not in its shortest form\")"},
	{"0 in 64 bits", false, B("\x82\xff\0\0\0\0\0\0\0\0" M0),
         "bad(1002,\"length not in its shortest form\")"},
	{"2^63", true, B("\x82\x7f\x80\0\0\0\0\0\0\0"), "bad(1002,\"length of 2^63 or more\")"},
	{"2^64 - 1", false, B("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" M0 "xyz"),
         "bad(1002,\"length of 2^63 or more\")"},
	{"2^63 - 1 streams", true, B("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffxyz"),
         "binary\"xyz\""},
	{"2^32 streams", false, B("\x82\xff\0\0\0\x01\0\0\0\0" M0 "xyz"), "binary\"xyz\""},
	{"http instead", false, B("GET / HTTP/1.1\r\n\r\n"), "bad(1002,\"reserved bit set\")"},
};

#endif
