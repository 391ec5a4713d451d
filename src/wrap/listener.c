/* listener: see the header. */
#include "listener.h"

#include "base/addr.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { FIELDS = 10, STATE_LISTEN = 0x0a };

/* Hexadecimal words of 32 bits, each in the byte order of this machine. */
static bool parse_words(const char *text, size_t digits, uint8_t *out)
{
	for (size_t i = 0; i < digits; i += 8) {
		char word[9] = "", *end;
		memcpy(word, text + i, 8);
		uint32_t value = (uint32_t)strtoul(word, &end, 16);
		if (*end)
			return false;
		memcpy(out + i / 2, &value, sizeof value);
	}
	return true;
}

static bool is_loopback(const struct addr *a)
{
	struct in6_addr six;
	if (a->kind == ADDR_V4)
		return a->ip[0] == 127;
	memcpy(&six, a->ip, sizeof six);
	return IN6_IS_ADDR_LOOPBACK(&six);
}

/* "0100007F:170D" or the same with 32 digits. */
static bool parse_address(struct listener *l, const char *text)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	size_t digits = strcspn(text, ":");
	char at[ADDR_TEXT], *end;
	if ((digits != 8 && digits != 32) || text[digits] != ':')
		return false;
	l->port = (uint16_t)strtoul(text + digits + 1, &end, 16);
	if (!parse_words(text, digits,
	                 digits == 8 ? (uint8_t *)&in.sin_addr : (uint8_t *)&in6.sin6_addr))
		return false;
	in.sin_port = in6.sin6_port = htons(l->port);
	struct addr a = addr_from(digits == 8 ? (struct sockaddr *)&in : (struct sockaddr *)&in6);
	struct str s;
	str_init(&s, l->at, sizeof l->at);
	str_puts(&s, addr_text(&a, at));
	l->outside = !is_loopback(&a);
	return true;
}

bool listener_parse(struct listener *ret, const char *line)
{
	struct listener l = {0};
	const char *fields[FIELDS];
	unsigned n = 0;
	while (n < FIELDS) {
		line += strspn(line, " \t\n");
		if (!*line)
			break;
		fields[n++] = line;
		line += strcspn(line, " \t\n");
	}
	if (n < FIELDS || strtoul(fields[3], NULL, 16) != STATE_LISTEN ||
	    !parse_address(&l, fields[1]))
		return false;
	l.inode = strtoull(fields[9], NULL, 10);
	*ret = l;
	return true;
}
