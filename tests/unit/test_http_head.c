/* http_head: each row is a request head as it arrives, whole, byte by byte and at every cut, and
 * what becomes of it, as one line:
 *
 *   GET /path [1.0] [keep] [upgrade] [gzip] name=value …     or     400 the sentence
 *
 * A row marked RAW must be refused by http_scan alone, whatever the parser behind it makes of it.
 * A row marked LLHTTP is one that llhttp 9.2 lets through although it should not pass.
 */
#include "unit/unit.h"

#include "../../src/wire/http_fields.h"
#include "../../src/wire/http_scan.h"
#include "wire/http_head.h"
#include "wire/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RAW = 1, LLHTTP = 2 };

#define B(literal) .bytes = literal, .len = sizeof(literal) - 1
#define R11(target) "GET " target " HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define END "\r\n"
#define GET R11("/")

static const struct row {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want;
	unsigned marks;
} rows[] = {
	/* fine */
	{"smallest", B(GET HOST END), "GET / keep host=a", 0},
	{"HEAD", B("HEAD /x HTTP/1.1\r\n" HOST END), "HEAD /x keep host=a", 0},
	{"query", B(R11("/a?b=c&d=%20") HOST END), "GET /a?b=c&d=%20 keep host=a", 0},
	{"port", B(GET "Host: a:80\r\n" END), "GET / keep host=a:80", 0},
	{"IPv6 host", B(GET "Host: [::1]:6080\r\n" END), "GET / keep host=[::1]:6080", 0},
	{"empty host", B(GET "Host:\r\n" END), "GET / keep host=", 0},
	{"1.0", B("GET / HTTP/1.0\r\n" END), "GET / 1.0", 0},
	{"1.0 with host", B("GET / HTTP/1.0\r\n" HOST END), "GET / 1.0 host=a", 0},
	{"1.0 kept", B("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n" END), "GET / 1.0 keep", 0},
	{"1.0 kept and closed",
         B("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n" END), "GET / 1.0",
         0},
	{"closed", B(GET HOST "Connection: CLOSE\r\n" END), "GET / host=a", 0},
	{"closed, in a list", B(GET HOST "Connection: foo , close\r\n" END), "GET / host=a", 0},
	{"not closed", B(GET HOST "Connection: closed\r\n" END), "GET / keep host=a", 0},
	{"an empty line before", B("\r\n" GET HOST END), "GET / keep host=a", 0},
	{"eleven empty lines before", B(END END END END END END END END END END END GET HOST END),
         "GET / keep host=a", 0},
	{"blanks around values", B(GET "Host: \t a \t \r\n" END), "GET / keep host=a", 0},
	{"no blanks around values", B(GET "hOST:a\r\n" END), "GET / keep host=a", 0},
	{"bytes beyond ASCII in a value", B(GET HOST "X: \xc3\xa4\r\n" END), "GET / keep host=a",
         0},
	{"empty value", B(GET HOST "User-Agent:\r\n" END), "GET / keep host=a agent=", 0},
	{"value of blanks", B(GET HOST "User-Agent: \t \r\n" END), "GET / keep host=a agent=", 0},
	{"colons in values", B(GET HOST "Origin: http://a:1\r\n" END),
         "GET / keep host=a origin=http://a:1", 0},
	{"all singletons",
         B(GET HOST "Origin: o\r\nRange: bytes=0-\r\nIf-Range: r\r\nIf-None-Match: n\r\n"
                    "If-Modified-Since: m\r\nUser-Agent: u\r\nSec-WebSocket-Key: k\r\n"
                    "Sec-WebSocket-Version: 13\r\n" END),
         "GET / keep host=a origin=o range=bytes=0- if_range=r none=n since=m agent=u key=k ver=13",
         0},
	{"a header name inside a value", B(GET HOST "X: Sec-WebSocket-Key: k\r\nX-Host: b\r\n" END),
         "GET / keep host=a", 0},
	{"a name that begins like another", B(GET HOST "Hos: b\r\nHostt: c\r\n" END),
         "GET / keep host=a", 0},
	{"If-None-Match in two lines", B(GET HOST "If-None-Match: x\r\nIf-None-Match: y\r\n" END),
         "GET / keep host=a", 0},
	{"If-None-Match in three lines",
         B(GET HOST "If-None-Match: x\r\nIf-None-Match: y\r\nIf-None-Match: z\r\n" END),
         "GET / keep host=a", 0},
	{"tokens of all kinds in a name", B(GET HOST "!#$%&'*+-.^_`|~09az: x\r\n" END),
         "GET / keep host=a", 0},

	/* other methods: the caller's 405 */
	{"POST", B("POST /x HTTP/1.1\r\n" HOST END), "OTHER /x keep host=a", 0},
	{"POST without a body", B("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END),
         "OTHER / keep host=a", 0},
	{"POST with a body", B("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END),
         "OTHER / host=a", 0},
	{"POST in chunks", B("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END),
         "OTHER / host=a", 0},
	{"OPTIONS *", B("OPTIONS * HTTP/1.1\r\n" HOST END), "OTHER * keep host=a", 0},
	{"CONNECT", B("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n" END), "OTHER a:1 keep host=a:1", 0},
	{"unknown method", B("BREW / HTTP/1.1\r\n" HOST END), "501 a method that is not known here",
         0},
	{"method in small letters", B("get / HTTP/1.1\r\n" HOST END),
         "501 a method that is not known here", 0},
	{"method of RTSP", B("PLAY / HTTP/1.1\r\n" HOST END), "501 a method that is not known here",
         0},
	{"method of a preface", B("PRI * HTTP/1.1\r\n" HOST END),
         "505 only HTTP/1.0 and HTTP/1.1 are spoken here", 0},

	/* upgrades */
	{"upgrade", B(GET HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n" END),
         "GET / keep upgrade host=a", 0},
	{"upgrade as Firefox says it",
         B(GET HOST "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" END),
         "GET / keep upgrade host=a", 0},
	{"upgrade in other letters",
         B(GET HOST "cOnnection: uPGRADE\r\nUPGRADE: WebSocket\r\n" END),
         "GET / keep upgrade host=a", 0},
	{"upgrade in a list",
         B(GET HOST "Upgrade: foo/1, websocket\r\nConnection: upgrade\r\n" END),
         "GET / keep upgrade host=a", 0},
	{"upgrade in lists over lines",
         B(GET HOST "Upgrade: h2c\r\nConnection: x\r\nUpgrade: websocket\r\nConnection: ,"
                    "upgrade ,\r\n" END),
         "GET / keep upgrade host=a", 0},
	{"upgrade without Connection", B(GET HOST "Upgrade: websocket\r\n" END),
         "GET / keep host=a", 0},
	{"upgrade without Upgrade", B(GET HOST "Connection: upgrade\r\n" END), "GET / keep host=a",
         0},
	{"upgrade to something else", B(GET HOST "Connection: upgrade\r\nUpgrade: h2c\r\n" END),
         "GET / keep host=a", 0},
	{"websocket as a part of a word",
         B(GET HOST "Connection: upgrade\r\nUpgrade: websockets\r\n" END), "GET / keep host=a", 0},
	{"upgrade as a part of a word",
         B(GET HOST "Connection: no-upgrade\r\nUpgrade: websocket\r\n" END), "GET / keep host=a",
         0},
	{"upgrade in HTTP/1.0",
         B("GET / HTTP/1.0\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n" END),
         "GET / 1.0 host=a", 0},
	{"upgrade by POST",
         B("POST / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n" END),
         "OTHER / keep upgrade host=a", 0},
	{"protocols in lines",
         B(GET HOST "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n" END),
         "GET / keep host=a proto=a, b proto=c", 0},
	{"protocols in more lines than are kept",
         B(GET HOST "Sec-WebSocket-Protocol: 1\r\nSec-WebSocket-Protocol: 2\r\n"
                    "Sec-WebSocket-Protocol: 3\r\nSec-WebSocket-Protocol: 4\r\n"
                    "Sec-WebSocket-Protocol: 5\r\n" END),
         "GET / keep host=a proto=1 proto=2 proto=3 proto=4", 0},

	/* Accept-Encoding */
	{"gzip", B(GET HOST "Accept-Encoding: gzip, deflate, br\r\n" END), "GET / keep gzip host=a",
         0},
	{"gzip last, with a weight", B(GET HOST "Accept-Encoding: br;q=1, GZIP ; q=0.5\r\n" END),
         "GET / keep gzip host=a", 0},
	{"x-gzip", B(GET HOST "Accept-Encoding: x-gzip\r\n" END), "GET / keep gzip host=a", 0},
	{"gzip in the second line",
         B(GET HOST "Accept-Encoding: br\r\nAccept-Encoding: gzip;q=0.001\r\n" END),
         "GET / keep gzip host=a", 0},
	{"no gzip", B(GET HOST "Accept-Encoding: gzip;q=0, gzip2, br\r\n" END), "GET / keep host=a",
         0},
	{"no gzip at all", B(GET HOST "Accept-Encoding: gzip; q=0.000\r\n" END),
         "GET / keep host=a", 0},

	/* targets */
	{"absolute form", B(R11("http://a/x?y") HOST END), "GET /x?y keep host=a", 0},
	{"absolute form, https and other letters",
         B(R11("HTTPS://A.example:1/x") "Host: a.Example:1\r\n" END),
         "GET /x keep host=a.Example:1", 0},
	{"absolute form, another host", B(R11("http://b/x") HOST END),
         "400 the address names another host than Host does", LLHTTP},
	{"absolute form, user name", B(R11("http://u@a/x") HOST END),
         "400 the address names another host than Host does", LLHTTP},
	{"absolute form without a path", B(R11("http://a") HOST END),
         "400 the address does not begin with a slash", LLHTTP},
	{"absolute form without anything", B(R11("http://") HOST END),
         "400 the address does not begin with a slash", LLHTTP},
	{"absolute form of something else", B(R11("ftp://a/x") HOST END),
         "400 the address does not begin with a slash", LLHTTP},
	{"asterisk form", B(R11("*") HOST END), "400 the address does not begin with a slash",
         LLHTTP},
	{"authority form", B(R11("a:1") HOST END), "400 malformed request head", 0},
	{"no slash", B(R11("x") HOST END), "400 malformed request head", 0},
	{"fragment", B(R11("/a#b") HOST END), "400 a character in the address that is not allowed",
         RAW | LLHTTP},
	{"tab in the target", B(R11("/a\tb") HOST END),
         "400 a character in the address that is not allowed", RAW},
	{"NUL in the target", B(R11("/a\0b") HOST END),
         "400 a character in the address that is not allowed", RAW},
	{"byte beyond ASCII in the target", B(R11("/\xc3\xa4") HOST END),
         "400 a character in the address that is not allowed", RAW},
	{"DEL in the target", B(R11("/\x7f") HOST END),
         "400 a character in the address that is not allowed", RAW},

	/* request lines */
	{"0.9", B("GET /\r\n" END), "505 only HTTP/1.0 and HTTP/1.1 are spoken here", RAW | LLHTTP},
	{"0.9 in words", B("GET / HTTP/0.9\r\n" END),
         "505 only HTTP/1.0 and HTTP/1.1 are spoken here", RAW | LLHTTP},
	{"1.2", B("GET / HTTP/1.2\r\n" HOST END), "505 only HTTP/1.0 and HTTP/1.1 are spoken here",
         RAW},
	{"2.0", B("GET / HTTP/2.0\r\n" HOST END), "505 only HTTP/1.0 and HTTP/1.1 are spoken here",
         RAW | LLHTTP},
	{"3.0", B("GET / HTTP/3.0\r\n" HOST END), "505 only HTTP/1.0 and HTTP/1.1 are spoken here",
         RAW},
	{"preface of HTTP/2", B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
         "505 only HTTP/1.0 and HTTP/1.1 are spoken here", RAW},
	{"11.1", B("GET / HTTP/11.1\r\n" HOST END), "400 malformed request line", RAW},
	{"1.x", B("GET / HTTP/1.x\r\n" HOST END), "400 malformed request line", RAW},
	{"x.1", B("GET / HTTP/x.1\r\n" HOST END), "400 malformed request line", RAW},
	{"1,1", B("GET / HTTP/1,1\r\n" HOST END), "400 malformed request line", RAW},
	{"small letters", B("GET / http/1.1\r\n" HOST END), "400 malformed request line", RAW},
	{"another protocol", B("GET / ICE/1.0\r\n" HOST END), "400 malformed request line", RAW},
	{"blank behind the version", B("GET / HTTP/1.1 \r\n" HOST END),
         "400 malformed request line", RAW},
	{"two blanks before the target", B("GET  / HTTP/1.1\r\n" HOST END),
         "400 malformed request line", RAW | LLHTTP},
	{"two blanks before the version", B("GET /  HTTP/1.1\r\n" HOST END),
         "400 malformed request line", RAW | LLHTTP},
	{"tab instead of a blank", B("GET\t/ HTTP/1.1\r\n" HOST END), "400 malformed request line",
         RAW},
	{"only a method", B("GET\r\n" HOST END), "400 malformed request line", RAW},
	{"method and a blank", B("GET \r\n" HOST END), "400 malformed request line", RAW},
	{"method with a slash", B("G/T / HTTP/1.1\r\n" HOST END), "400 malformed request line",
         RAW},
	{"blank before the method", B(" GET / HTTP/1.1\r\n" HOST END),
         "400 this is not an HTTP request", RAW},
	{"NUL first", B("\0GET / HTTP/1.1\r\n" HOST END), "400 this is not an HTTP request", RAW},
	{"a twelfth empty line", B(END END END END END END END END END END END END GET HOST END),
         "400 empty lines instead of a request", RAW | LLHTTP},
	{"TLS", B("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
         "400 TLS on a port that speaks plain HTTP", RAW},
	{"RFB's answer: bytes beyond ASCII", B("\xff\xfe"), "400 this is not an HTTP request", RAW},
	{"a brace first", B("{\"a\":1}\r\n\r\n"), "400 this is not an HTTP request", RAW},

	/* line ends */
	{"LF only", B("GET / HTTP/1.1\nHost: a\n\n"), "400 a line feed without a carriage return",
         RAW},
	{"LF after the request line", B("GET / HTTP/1.1\n" HOST END),
         "400 a line feed without a carriage return", RAW},
	{"LF inside a line", B(GET "X: a\nY: b\r\n" HOST END),
         "400 a line feed without a carriage return", RAW},
	{"LF as the blank line", B(GET HOST "\n"), "400 a line feed without a carriage return",
         RAW},
	{"LF, then a blank line", B(GET "Host: a\n\r\n"),
         "400 a line feed without a carriage return", RAW},
	{"LF before the request", B("\n" GET HOST END), "400 a line feed without a carriage return",
         RAW | LLHTTP},
	{"CR inside a value", B(GET HOST "X: a\rY: b\r\n" END),
         "400 a carriage return without a line feed", RAW},
	{"CR as the value: CVE-2023-30589", B(GET HOST "X:\rTransfer-Encoding: chunked\r\n" END),
         "400 a carriage return without a line feed", RAW},
	{"CR twice", B(GET HOST "X: a\r\r\n" END), "400 a carriage return without a line feed",
         RAW},
	{"CR in the request line", B("GET /\r HTTP/1.1\r\n" HOST END),
         "400 a carriage return without a line feed", RAW},
	{"CR before the request", B("\r" GET HOST END), "400 a carriage return without a line feed",
         RAW | LLHTTP},
	{"CR at the blank line", B(GET HOST "\r\r\n" END),
         "400 a carriage return without a line feed", RAW},

	/* header lines */
	{"folded", B(GET HOST "X: a\r\n b\r\n" END), "400 a header line that begins with a blank",
         RAW},
	{"folded with a tab", B(GET "Host: a\r\n\tb\r\n" END),
         "400 a header line that begins with a blank", RAW},
	{"first header after a blank", B(GET " Host: a\r\n" END),
         "400 a header line that begins with a blank", RAW},
	{"only a blank", B(GET HOST " \r\n" END), "400 a header line that begins with a blank",
         RAW},
	{"blank before the colon", B(GET "Host : a\r\n" END),
         "400 a blank between a header name and its colon", RAW},
	{"tab before the colon", B(GET HOST "Transfer-Encoding\t: chunked\r\n" END),
         "400 a blank between a header name and its colon", RAW},
	{"blank inside a name", B(GET "Ho st: a\r\n" END),
         "400 a header name with a character that is not allowed", RAW},
	{"no name", B(GET HOST ": a\r\n" END),
         "400 a header name with a character that is not allowed", RAW},
	{"byte beyond ASCII in a name", B(GET HOST "X\xc3: a\r\n" END),
         "400 a header name with a character that is not allowed", RAW},
	{"NUL in a name", B(GET HOST "X\0: a\r\n" END),
         "400 a header name with a character that is not allowed", RAW},
	{"no colon", B(GET "Host a\r\n" END), "400 a header line without a colon", RAW},
	{"NUL in a value", B(GET "Host: a\0b\r\n" END), "400 a control character in a header", RAW},
	{"NUL right after the colon", B(GET "Host:\0\r\n" END),
         "400 a control character in a header", RAW},
	{"control character in a value", B(GET HOST "X: a\x1f\r\n" END),
         "400 a control character in a header", RAW},
	{"DEL in a value", B(GET HOST "X: a\x7f\r\n" END), "400 a control character in a header",
         RAW},

	/* what headers say together */
	{"no Host", B(GET "X: y\r\n" END), "400 no Host header", LLHTTP},
	{"no header at all", B(GET END), "400 no Host header", LLHTTP},
	{"two Hosts", B(GET HOST "Host: b\r\n" END), "400 a header that may come once came twice",
         LLHTTP},
	{"the same Host twice", B(GET HOST "hOST: a\r\n" END),
         "400 a header that may come once came twice", LLHTTP},
	{"the first Host empty", B(GET "Host:\r\n" HOST END),
         "400 a header that may come once came twice", LLHTTP},
	{"two Hosts in HTTP/1.0", B("GET / HTTP/1.0\r\n" HOST HOST END),
         "400 a header that may come once came twice", LLHTTP},
	{"two Hosts of a POST", B("POST / HTTP/1.1\r\n" HOST HOST END),
         "400 a header that may come once came twice", LLHTTP},
	{"Hosts in a list", B(GET "Host: a, b\r\n" END), "400 a Host header that names no host",
         LLHTTP},
	{"Host with a path", B(GET "Host: a/b\r\n" END), "400 a Host header that names no host",
         LLHTTP},
	{"Host with a user", B(GET "Host: u@a\r\n" END), "400 a Host header that names no host",
         LLHTTP},
	{"Host with a bad port", B(GET "Host: a:b\r\n" END), "400 a Host header that names no host",
         LLHTTP},
	{"two keys", B(GET HOST "Sec-WebSocket-Key: k\r\nSec-WebSocket-Key: k\r\n" END),
         "400 a header that may come once came twice", LLHTTP},
	{"two versions",
         B(GET HOST "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n" END),
         "400 a header that may come once came twice", LLHTTP},
	{"two Origins", B(GET HOST "Origin: http://a\r\nOrigin: http://b\r\n" END),
         "400 a header that may come once came twice", LLHTTP},
	{"two Ranges", B(GET HOST "Range: bytes=0-1\r\nRange: bytes=2-3\r\n" END),
         "400 a header that may come once came twice", LLHTTP},

	/* bodies */
	{"length 0", B(GET HOST "Content-Length: 0\r\n" END), "GET / keep host=a", 0},
	{"length 000", B(GET HOST "Content-Length: 000\r\n" END), "GET / keep host=a", 0},
	{"length 5", B(GET HOST "Content-Length: 5\r\n" END),
         "400 a request body where none belongs", LLHTTP},
	{"length 05 of a HEAD", B("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 05\r\n" END),
         "400 a request body where none belongs", LLHTTP},
	{"length of an upgrade",
         B(GET HOST "Upgrade: websocket\r\nContent-Length: 3\r\nConnection: upgrade\r\n" END),
         "400 a request body where none belongs", LLHTTP},
	{"no length", B(GET HOST "Content-Length:\r\n" END), "400 a bad or doubtful Content-Length",
         0},
	{"two lengths", B(GET HOST "Content-Length: 0\r\nContent-Length: 0\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"lengths in a list", B(GET HOST "Content-Length: 0, 0\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"length +0", B(GET HOST "Content-Length: +0\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"length 0x0", B(GET HOST "Content-Length: 0x0\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"length -1", B(GET HOST "Content-Length: -1\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"length beyond 64 bits", B(GET HOST "Content-Length: 99999999999999999999\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
	{"chunked", B(GET HOST "Transfer-Encoding: chunked\r\n" END),
         "400 a request body where none belongs", LLHTTP},
	{"identity", B(GET HOST "Transfer-Encoding: identity\r\n" END),
         "400 a bad or doubtful Transfer-Encoding", 0},
	{"not quite chunked", B(GET HOST "Transfer-Encoding: xchunked\r\n" END),
         "400 a bad or doubtful Transfer-Encoding", 0},
	{"no encoding", B(GET HOST "Transfer-Encoding:\r\n" END),
         "400 a request body where none belongs", LLHTTP},
	{"chunked, then more", B(GET HOST "Transfer-Encoding: chunked, identity\r\n" END),
         "400 a bad or doubtful Transfer-Encoding", 0},
	{"chunked twice",
         B(GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END),
         "400 a bad or doubtful Transfer-Encoding", 0},
	{"length and encoding",
         B("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END),
         "400 a bad or doubtful Transfer-Encoding", 0},
	{"encoding and length",
         B("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END),
         "400 a bad or doubtful Content-Length", 0},
};

/* ---- one line for a parsed head ---- */

struct line {
	char text[1024];
	size_t len;
};

static void put(struct line *l, const char *name, struct span s)
{
	int n = snprintf(l->text + l->len, sizeof l->text - l->len, "%s%s%.*s", l->len ? " " : "",
	                 name, (int)s.len, (const char *)s.at);
	if (n < 0 || (size_t)n >= sizeof l->text - l->len)
		abort();
	l->len += (size_t)n;
}

static void put_if(struct line *l, const char *name, struct span s)
{
	if (s.at)
		put(l, name, s);
}

static void put_head(struct line *l, const struct http_head *h)
{
	static const char *const methods[] = {"OTHER", "GET", "HEAD"};
	put(l, methods[h->method], span_of(NULL, 0));
	put(l, "", h->target);
	put_if(l, "1.0", h->minor == 0 ? span_str("") : span_of(NULL, 0));
	put_if(l, "keep", h->keep_alive ? span_str("") : span_of(NULL, 0));
	put_if(l, "upgrade", h->upgrade ? span_str("") : span_of(NULL, 0));
	put_if(l, "gzip", h->accept_gzip ? span_str("") : span_of(NULL, 0));
	put_if(l, "host=", h->host);
	put_if(l, "origin=", h->origin);
	put_if(l, "range=", h->range);
	put_if(l, "if_range=", h->if_range);
	put_if(l, "none=", h->if_none_match);
	put_if(l, "since=", h->if_modified_since);
	put_if(l, "agent=", h->user_agent);
	put_if(l, "key=", h->ws_key);
	put_if(l, "ver=", h->ws_version);
	for (unsigned i = 0; i < h->ws_protocols; i++)
		put(l, "proto=", h->ws_protocol[i]);
}

/* Parses a head and holds h to its header: what it points at lies in the head, a refusal has a
 * status and a sentence and keeps nothing alive. */
static void parse(struct line *l, struct span head)
{
	struct http_head h;
	memset(&h, 0xa5, sizeof h);
	l->len = 0;
	int r = http_head_parse(&h, head);
	if (r == 0) {
		assert_int_equal(h.status, 0);
		assert_int_equal(h.major, 1);
		assert_true(h.target.at > head.at &&
		            h.target.at + h.target.len < head.at + head.len);
		put_head(l, &h);
		return;
	}
	char status[16];
	assert_int_equal(r, -EBADMSG);
	assert_true(h.status >= 400 && h.status < 600);
	assert_false(h.keep_alive || h.upgrade);
	snprintf(status, sizeof status, "%u ", h.status);
	put(l, status, span_str(h.error));
}

/* What arrives is collected as front does it: ask for the end after every piece. */
static void run_row(void *ctx, const struct span *pieces, size_t n)
{
	const struct row *row = ctx;
	struct line l = {"more", 4};
	struct edge e;
	uint8_t room[HTTP_HEAD_MAX];
	size_t len = 0, seen = 0, end = 0;
	edge_init(&e, row->len);
	for (size_t i = 0; i < n && end == 0; i++) {
		if (pieces[i].len)
			memcpy(room + len, pieces[i].at, pieces[i].len);
		len += pieces[i].len;
		end = http_head_end(edge_copy(&e, span_of(room, len)), seen, &seen);
	}
	assert_true(end <= len);
	if (end)
		parse(&l, edge_copy(&e, span_of(room, end)));
	edge_done(&e);
	if (strcmp(l.text, row->want) == 0)
		return;
	print_error("%s\n  have %s\n  want %s\n", row->name, l.text, row->want);
	fail_msg("read differently");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct row row = rows[i];
		unit_cuts(span_of(row.bytes, row.len), run_row, &row);
	}
}

/* RAW rows do not get past the first look, all others do. */
static void test_raw_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_scan scan;
		size_t seen, end;
		struct span b = span_of(rows[i].bytes, rows[i].len);
		unit_note("%s", rows[i].name);
		end = http_head_end(b, 0, &seen);
		const struct http_fault *fault = http_scan(&scan, span_of(b.at, end));
		assert_int_equal(fault != NULL, (rows[i].marks & RAW) != 0);
	}
	unit_note_clear();
}

static size_t put_many(char *at, const char *text, size_t times)
{
	size_t n = strlen(text);
	for (size_t i = 0; i < times; i++)
		memcpy(at + i * n, text, n);
	return n * times;
}

/* What llhttp makes of the rows that are refused, on its own: those marked LLHTTP it lets through. A
 * version other than 9.2 may be stricter. */
static void test_llhttp_rows(void **state)
{
	(void)state;
	struct http_fields *f = calloc(1, sizeof *f);
	assert_non_null(f);
	if (strncmp(wire_llhttp_version(), "9.2.", 4) != 0)
		print_message("not llhttp 9.2: marks not checked\n");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t seen;
		struct span b = span_of(rows[i].bytes, rows[i].len);
		if (strncmp(wire_llhttp_version(), "9.2.", 4) != 0 || rows[i].want[0] >= 'A')
			continue;
		unit_note("%s", rows[i].name);
		b.len = http_head_end(b, 0, &seen);
		bool passed = http_fields_read(f, b) == NULL;
		assert_int_equal(passed, (rows[i].marks & LLHTTP) != 0);
	}
	unit_note_clear();
	free(f);
}

/* What http_scan never hands on does not get past its array either. */
static void test_fields_alone(void **state)
{
	(void)state;
	struct http_fields *f = calloc(1, sizeof *f);
	char *at = malloc(HTTP_HEAD_MAX);
	assert_non_null(f);
	assert_non_null(at);
	size_t n = put_many(at, GET HOST, 1);
	n += put_many(at + n, "X: y\r\n", HTTP_HEADERS_MAX - 1);
	size_t full = n;
	n += put_many(at + n, END, 1);
	assert_null(http_fields_read(f, span_of(at, n)));
	assert_int_equal(f->n, HTTP_HEADERS_MAX);
	assert_non_null(http_fields_read(f, span_of(at, n - 1)));
	n = full + put_many(at + full, "X: y\r\n\r\n", 1);
	assert_non_null(http_fields_read(f, span_of(at, n)));
	assert_int_equal(f->n, HTTP_HEADERS_MAX);
	free(at);
	free(f);
}

/* ---- limits ---- */

/* "GET /xxx… HTTP/1.1", a header of `value` bytes, the end; returns the length. */
static size_t make_head(char *at, size_t target, size_t value, bool end)
{
	size_t n = put_many(at, "GET /", 1);
	n += put_many(at + n, "x", target - 1);
	n += put_many(at + n, " HTTP/1.1\r\n" HOST "X: ", 1);
	n += put_many(at + n, "y", value);
	return n + put_many(at + n, end ? "\r\n\r\n" : "", 1);
}

static void check_limit(struct span head, bool ended, const char *want)
{
	struct line l;
	size_t seen;
	assert_int_equal(http_head_end(head, 0, &seen), ended ? head.len : 0);
	assert_int_equal(seen, head.len);
	parse(&l, head);
	if (strncmp(l.text, want, strlen(want)) != 0)
		fail_msg("%.60s instead of %s", l.text, want);
}

static void test_limits(void **state)
{
	(void)state;
	char *at = malloc(3 * HTTP_HEAD_MAX);
	assert_non_null(at);
	size_t n = make_head(at, HTTP_TARGET_MAX, 10, true);
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_of(at, n)), 0);
	assert_int_equal(h.target.len, HTTP_TARGET_MAX);
	n = make_head(at, HTTP_TARGET_MAX + 1, 10, true);
	check_limit(span_of(at, n), true, "414 ");

	size_t rest = make_head(at, 1, 0, true);
	n = make_head(at, 1, HTTP_HEAD_MAX - rest, true);
	assert_int_equal(n, HTTP_HEAD_MAX);
	assert_int_equal(http_head_parse(&h, span_of(at, n)), 0);
	n = make_head(at, 1, HTTP_HEAD_MAX - rest + 1, true);
	check_limit(span_of(at, n), true, "431 ");
	/* full, and no end in sight */
	make_head(at, 1, HTTP_HEAD_MAX, false);
	check_limit(span_of(at, HTTP_HEAD_MAX), false, "431 ");
	make_head(at, 2 * HTTP_HEAD_MAX, 0, false);
	check_limit(span_of(at, HTTP_HEAD_MAX), false, "414 ");
	/* not full: it is only not whole */
	make_head(at, 1, HTTP_HEAD_MAX, false);
	check_limit(span_of(at, HTTP_HEAD_MAX - 1), false, "400 ");
	free(at);
}

static void test_number_of_headers(void **state)
{
	(void)state;
	char *at = malloc(HTTP_HEAD_MAX);
	struct http_head h;
	assert_non_null(at);
	for (size_t more = 0; more <= HTTP_HEADERS_MAX; more++) {
		size_t n = put_many(at, GET HOST, 1);
		n += put_many(at + n, "X: y\r\n", more);
		n += put_many(at + n, END, 1);
		bool ok = more + 1 <= HTTP_HEADERS_MAX;
		assert_int_equal(http_head_parse(&h, span_of(at, n)), ok ? 0 : -EBADMSG);
		assert_int_equal(h.status, ok ? 0 : 431);
	}
	free(at);
}

/* The frames behind a head are not part of it; a second request is not either. */
static void test_end_only(void **state)
{
	(void)state;
	static const char next[] = GET HOST END "\x81\x80\n\r\n\r\nGET";
	size_t seen = 0;
	assert_int_equal(http_head_end(span_of(next, sizeof next - 1), 0, &seen),
	                 strlen(GET HOST END));
	assert_int_equal(http_head_end(span_of(NULL, 0), 0, &seen), 0);
	assert_int_equal(http_head_end(span_str("\r\n\r\n"), 0, &seen), 0);
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_of(next, sizeof next - 1)), -EBADMSG);
	assert_int_equal(http_head_parse(&h, span_of(NULL, 0)), -EBADMSG);
}

/* What was understood before the fault is there, for the log. */
static void test_what_failed_is_known(void **state)
{
	(void)state;
	struct http_head h;
	assert_int_equal(http_head_parse(&h, span_str("HEAD /secret HTTP/1.1\r\nX : y\r\n\r\n")),
	                 -EBADMSG);
	assert_span_is(h.target, "/secret");
	assert_span_is(h.method_text, "HEAD");
	assert_int_equal(h.method, HTTP_HEAD);
	assert_int_equal(http_head_parse(&h, span_str("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n")),
	                 -EBADMSG);
	assert_span_is(h.method_text, "BREW");
	assert_int_equal(h.method, HTTP_OTHER);
}

/* ---- a valid handshake, broken in every way of one bit or one cut ---- */

static const char handshake[] = "GET /websockify?token=abc HTTP/1.1\r\n"
				"Host: 127.0.0.1:6080\r\n"
				"Connection: keep-alive, Upgrade\r\n"
				"Upgrade: websocket\r\n"
				"Origin: http://127.0.0.1:6080\r\n"
				"Sec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				"Sec-WebSocket-Protocol: binary, base64\r\n"
				"\r\n";

/* Said again, shortly: lines end in CR LF and only there, and every one of them but the first has
 * a colon behind a name without blanks. */
static bool is_tidy(struct span s)
{
	bool named = true; /* the request line has no name */
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i], before = i ? s.at[i - 1] : 0,
			after = i + 1 < s.len ? s.at[i + 1] : 0;
		if (c < ' ' && c != '\t' && !(c == '\r' && after == '\n') &&
		    !(c == '\n' && before == '\r'))
			return false;
		if (!named && (c == ' ' || c == '\t' || (c == ':' && before == '\n')))
			return false;
		named = c != '\n' && (named || c == ':');
	}
	return true;
}

static void test_every_bit_flip(void **state)
{
	(void)state;
	enum { LEN = sizeof handshake - 1 };
	struct edge e;
	unsigned accepted = 0;
	edge_init(&e, LEN);
	for (size_t bit = 0; bit < 8 * LEN; bit++) {
		struct span b = edge_copy(&e, span_of(handshake, LEN));
		b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		size_t seen, end = http_head_end(b, 0, &seen);
		struct http_head h;
		unit_note("bit %zu", bit);
		if (end == 0 || http_head_parse(&h, span_of(b.at, end)) != 0)
			continue;
		accepted++;
		assert_int_equal(end, LEN);
		assert_true(is_tidy(b));
	}
	unit_note_clear();
	assert_in_range(accepted, 500, 2000); /* most bits of values may be anything */
	edge_done(&e);
}

static void test_every_truncation(void **state)
{
	(void)state;
	struct edge e;
	edge_init(&e, sizeof handshake);
	for (size_t n = 0; n < sizeof handshake - 1; n++) {
		struct span b = edge_copy(&e, span_of(handshake, n));
		struct http_head h;
		size_t seen;
		unit_note("first %zu bytes", n);
		assert_int_equal(http_head_end(b, 0, &seen), 0);
		assert_int_equal(http_head_parse(&h, b), -EBADMSG);
		assert_int_equal(h.status, 400);
	}
	unit_note_clear();
	edge_done(&e);
}

/* Every byte in every place of a small head; accepted ones are tidy. */
static void test_every_byte(void **state)
{
	(void)state;
	static const char small[] = "GET /x HTTP/1.1\r\nHost: a\r\nY: z\r\n\r\n";
	for (size_t i = 0; i < sizeof small - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			char bytes[sizeof small];
			struct http_head h;
			memcpy(bytes, small, sizeof small);
			bytes[i] = (char)c;
			struct span b = span_of(bytes, sizeof small - 1);
			unit_note("byte %02x at %zu", c, i);
			if (http_head_parse(&h, b) == 0)
				assert_true(is_tidy(b));
			else
				assert_true(h.status >= 400 && h.error != NULL);
		}
	}
	unit_note_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_rows),           UNIT(test_raw_rows),
		UNIT(test_llhttp_rows),    UNIT(test_fields_alone),
		UNIT(test_limits),         UNIT(test_number_of_headers),
		UNIT(test_end_only),       UNIT(test_what_failed_is_known),
		UNIT(test_every_bit_flip), UNIT(test_every_truncation),
		UNIT(test_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
