/* report: lines put together by hand, since printf may allocate, and sent by system calls, since
 * the library's sendto and close are cancellation points and bind and listen are not.
 */
#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* A line that grows; what does not fit is left out. */
struct line {
	char *at;
	size_t len;
};

static void line_text(struct line *l, const char *text, size_t max)
{
	for (size_t i = 0; i < max && text[i] && l->len < REPORT_MAX - 1; i++)
		l->at[l->len++] = text[i];
}

static void line_number(struct line *l, unsigned n)
{
	char digits[3 * sizeof n + 1];
	char *at = digits + sizeof digits - 1;
	*at = 0;
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	line_text(l, at, sizeof digits);
}

static void line_field(struct line *l, const char *name, unsigned n)
{
	line_text(l, name, REPORT_MAX);
	line_number(l, n);
}

/* A socket of IPv6 that is bound to a mapped address is reached by IPv4. */
static bool by_ipv6(const union where *w)
{
	return w->sa.sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&w->in6.sin6_addr);
}

size_t report_line(char *line, const struct report *r, const char *key)
{
	struct line l = {.at = line};
	bool six = r->where->sa.sa_family == AF_INET6;
	line_text(&l, r->event, REPORT_MAX);
	line_text(&l, by_ipv6(r->where) ? " ::1 " : " 127.0.0.1 ", REPORT_MAX);
	line_number(&l, ntohs(six ? r->where->in6.sin6_port : r->where->in.sin_port));
	line_field(&l, " pid=", (unsigned)getpid());
	line_field(&l, " family=", six ? 6 : 4);
	if (r->error)
		line_field(&l, " errno=", (unsigned)r->error);
	if (key && *key) {
		line_text(&l, " key=", REPORT_MAX);
		line_text(&l, key, REPORT_KEY_MAX);
	}
	line[l.len++] = '\n';
	return l.len;
}

/* The address of the receiver; its length, or 0 when there is none. */
static socklen_t receiver(struct sockaddr_un *un, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	if (n < 2 || n >= sizeof un->sun_path || (*name != '@' && *name != '/'))
		return 0;
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, n);
	if (*name == '@')
		un->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*name == '/'));
}

void report_send(const struct report *r)
{
	struct sockaddr_un un;
	char line[REPORT_MAX];
	socklen_t un_len = receiver(&un, secure_getenv("REBIND_REPORT"));
	if (!un_len)
		return;
	size_t n = report_line(line, r, secure_getenv("REBIND_REPORT_KEY"));
	long fd = syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	syscall(SYS_sendto, fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL, &un, un_len);
	syscall(SYS_close, fd);
}
