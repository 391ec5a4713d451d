/* http_reply: status line and headers of what we answer. Names and values come from us alone;
 * nothing a client sent is ever repeated to it. */
#include "wire/http_reply.h"

#include <errno.h>

enum { DAY = 86400, DAYS_400Y = 146097 };

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

const char *http_reason(unsigned status)
{
	switch (status) {
	case 101: return "Switching Protocols";
	case 200: return "OK";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 416: return "Range Not Satisfiable";
	case 426: return "Upgrade Required";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 504: return "Gateway Timeout";
	case 505: return "HTTP Version Not Supported";
	default: return "Unknown";
	}
}

void http_reply_start(struct str *s, unsigned status, int64_t when)
{
	char date[HTTP_DATE];
	http_date(date, when);
	str_puts(s, "HTTP/1.1 ");
	str_put_number(s, status);
	str_putc(s, ' ');
	str_puts(s, http_reason(status));
	str_puts(s, "\r\n");
	http_reply_field(s, "Date", date);
	http_reply_field(s, "Server", "websplice");
}

void http_reply_field(struct str *s, const char *name, const char *value)
{
	str_puts(s, name);
	str_puts(s, ": ");
	str_puts(s, value);
	str_puts(s, "\r\n");
}

void http_reply_number(struct str *s, const char *name, uint64_t value)
{
	str_puts(s, name);
	str_puts(s, ": ");
	str_put_number(s, value);
	str_puts(s, "\r\n");
}

void http_reply_end(struct str *s)
{
	str_puts(s, "\r\n");
}

void http_reply_error(struct str *s, unsigned status, const char *text, int64_t when,
                      bool head_only, bool close, const char *extra)
{
	http_reply_start(s, status, when);
	http_reply_field(s, "Content-Type", "text/plain; charset=utf-8");
	http_reply_number(s, "Content-Length", strlen(text) + 1);
	http_reply_field(s, "X-Content-Type-Options", "nosniff");
	if (close)
		http_reply_field(s, "Connection", "close");
	if (extra)
		str_puts(s, extra);
	http_reply_end(s);
	if (!head_only)
		str_fmt(s, "%s\n", text);
}

void http_reply_upgrade(struct str *s, const char *accept, enum ws_proto proto)
{
	str_puts(s, "HTTP/1.1 101 Switching Protocols\r\n"
	            "Server: websplice\r\n"
	            "Upgrade: websocket\r\n"
	            "Connection: Upgrade\r\n");
	http_reply_field(s, "Sec-WebSocket-Accept", accept);
	if (proto != WS_PROTO_NONE)
		http_reply_field(s, "Sec-WebSocket-Protocol",
		                 proto == WS_PROTO_BINARY ? "binary" : "base64");
	http_reply_end(s);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. The year is taken to begin in March:
 * then the leap day is its last day and (153 m + 2) / 5 is the number of days before month m. */
static int64_t days_from_date(int year, unsigned month, unsigned day)
{
	int y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;
	return y * (int64_t)365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
}

/* And back; days >= 0. */
static void date_from_days(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t d = days + 719468; /* since 0000-03-01 */
	int64_t y = d / DAYS_400Y * 400;
	d %= DAYS_400Y;
	int64_t century = d / 36524 < 3 ? d / 36524 : 3; /* the fourth is a day longer */
	d -= century * 36524;
	y += century * 100 + d / 1461 * 4;
	d %= 1461;
	int64_t year = d / 365 < 3 ? d / 365 : 3; /* likewise */
	d -= year * 365;
	int64_t m = (5 * d + 2) / 153;
	*ret_day = (unsigned)(d - (153 * m + 2) / 5 + 1);
	*ret_month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*ret_year = (int)(y + year + (m < 10 ? 0 : 1));
}

/* Years 1970 to 9999; times outside are moved to the nearest of them. */
void http_date(char out[HTTP_DATE], int64_t when)
{
	const int64_t last = 253402300799; /* 9999-12-31 23:59:59 */
	when = when < 0 ? 0 : when > last ? last : when;
	int64_t days = when / DAY;
	unsigned sec = (unsigned)(when % DAY), month, day;
	int year;
	date_from_days(days, &year, &month, &day);
	struct str s;
	str_init(&s, out, HTTP_DATE);
	str_fmt(&s, "%.3s, %02u %.3s %04d %02u:%02u:%02u GMT", day_names + (days + 4) % 7 * 3, day,
	        month_names + ((size_t)month - 1) * 3, year, sec / 3600, sec / 60 % 60, sec % 60);
}

/* n digits at at; -1 when one is none. */
static int digits(const uint8_t *at, size_t n)
{
	int v = 0;
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		v = v * 10 + (at[i] - '0');
	}
	return v;
}

/* 1 to 12; 0: no month. */
static unsigned month_of(const uint8_t *at)
{
	for (unsigned m = 0; m < 12; m++)
		if (memcmp(at, month_names + (size_t)m * 3, 3) == 0)
			return m + 1;
	return 0;
}

/* Reads the fields where they must be and trusts none of them: the date they make must be written
 * exactly as s is. */
int http_date_parse(struct span s, int64_t *ret_when)
{
	if (s.len != HTTP_DATE - 1)
		return -EINVAL;
	int day = digits(s.at + 5, 2), year = digits(s.at + 12, 4);
	int hour = digits(s.at + 17, 2), min = digits(s.at + 20, 2), sec = digits(s.at + 23, 2);
	unsigned month = month_of(s.at + 8);
	if (day < 1 || year < 1970 || hour < 0 || min < 0 || sec < 0 || month == 0)
		return -EINVAL;
	int64_t when =
		days_from_date(year, month, (unsigned)day) * DAY + hour * 3600 + min * 60 + sec;
	char again[HTTP_DATE];
	http_date(again, when);
	if (memcmp(again, s.at, s.len) != 0)
		return -EINVAL;
	*ret_when = when;
	return 0;
}
