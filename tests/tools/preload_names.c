/* preload_names: a shared object for LD_PRELOAD that answers getaddrinfo for the names a test
 * makes up, so that a name can have any addresses, or take its time, without touching /etc/hosts.
 *
 *   TEST_NAMES="both.test=::1,127.0.0.1 slow.test=127.0.0.1/3000"
 *
 * Names are separated by blanks, addresses by commas, in the order they are to be answered; /MS
 * at the end is how long the look-up blocks. Everything else goes to libc. Names can move: once
 * the file $TEST_MOVED exists, TEST_NAMES_MOVED counts instead.
 */
/* ldflags: -shared */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ASan's look at the stack needs what a shared object of -fPIE code cannot reach. */
#define PLAIN __attribute__((no_sanitize_address))

/* libc's own. ISO C knows no way from an object pointer to a function: POSIX does. */
struct real {
	int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void (*release)(struct addrinfo *);
};

PLAIN static struct real real(void)
{
	struct real r;
	*(void **)(void *)&r.lookup = dlsym(RTLD_NEXT, "getaddrinfo");
	*(void **)(void *)&r.release = dlsym(RTLD_NEXT, "freeaddrinfo");
	return r;
}

/* What we made ourselves is told apart from libc's by this name. */
static char ours[] = "preload_names";

struct made {
	struct addrinfo info;
	struct sockaddr_in6 where; /* big enough for both families */
};

/* The addresses of a name, or NULL. */
static const char *find(const char *name)
{
	const char *moved = getenv("TEST_MOVED");
	const char *list =
		getenv(moved && access(moved, F_OK) == 0 ? "TEST_NAMES_MOVED" : "TEST_NAMES");
	size_t n = strlen(name);
	for (const char *at = list; at && (at = strstr(at, name)); at++)
		if ((at == list || at[-1] == ' ') && at[n] == '=')
			return at + n + 1;
	return NULL;
}

PLAIN static struct made *make(const char *text)
{
	struct made *m = calloc(1, sizeof *m);
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	if (!m)
		return NULL;
	m->info.ai_socktype = SOCK_STREAM;
	m->info.ai_canonname = ours;
	m->info.ai_addr = (struct sockaddr *)&m->where;
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&m->where, &in, sizeof in);
		m->info.ai_family = AF_INET;
		m->info.ai_addrlen = sizeof in;
	} else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(&m->where, &in6, sizeof in6);
		m->info.ai_family = AF_INET6;
		m->info.ai_addrlen = sizeof in6;
	} else {
		abort();
	}
	return m;
}

PLAIN static void wait_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

PLAIN int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                      struct addrinfo **ret)
{
	bool numeric = hints && hints->ai_flags & AI_NUMERICHOST;
	const char *at = name && !numeric ? find(name) : NULL;
	struct addrinfo **end = ret;
	char text[64];
	if (!at || (hints && hints->ai_flags & AI_NUMERICHOST)) /* a name is no number */
		return real().lookup(name, service, hints, ret);
	*ret = NULL;
	while (*at && *at != ' ') {
		size_t n = strcspn(at, ",/ ");
		if (n >= sizeof text)
			abort();
		memcpy(text, at, n);
		text[n] = 0;
		if (at[-1] == '/')
			wait_ms(strtol(text, NULL, 10));
		else if (n > 0)
			end = &(*end = &make(text)->info)->ai_next;
		at += n;
		at += *at == ',' || *at == '/';
	}
	return *ret ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
	if (a && a->ai_canonname != ours) {
		real().release(a);
		return;
	}
	while (a) {
		struct addrinfo *next = a->ai_next;
		free(a);
		a = next;
	}
}
