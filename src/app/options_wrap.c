/* The form with a command: websplice [options] [HOST:]PORT -- COMMAND… What stands before the --
 * says where to listen and, when that is no port, which port the command binds.
 */
#include "options_priv.h"

#include "base/str.h"

static bool names_port(const struct options *o)
{
	for (char *const *word = o->command + 1; *word; word++)
		if (strstr(*word, "{port}"))
			return true;
	return false;
}

/* The words before the --. */
static int place_words(struct options_parse *p)
{
	struct options *o = p->o;
	uint64_t port;
	if (p->words_n > 1)
		return options_fail(p,
		                    "'%.80s' is one argument too many: the command after -- is "
		                    "the backend",
		                    p->words[1]);
	if (!o->unix_listen && p->words_n == 0)
		return options_fail(p, "the port to listen on is missing: websplice 6080 -- "
		                       "COMMAND");
	if (!o->unix_listen)
		return options_listen(p, p->words[0]);
	if (p->words_n == 0)
		return 0;
	if (!str_number(p->words[0], 1, 65535, &port))
		return options_fail(p,
		                    "'%.80s' is not the port of the command, a number from 1 to "
		                    "65535; --unix-listen is where to listen",
		                    p->words[0]);
	o->wrap_port = (uint16_t)port;
	return 0;
}

static int place_port(struct options_parse *p)
{
	struct options *o = p->o;
	if (!o->unix_listen)
		o->wrap_port = o->listen_port;
	if (o->wrap_port)
		return 0;
	return options_fail(p,
	                    "no port says where the command listens: websplice %s -- COMMAND "
	                    "for one that listens on port 5901, or {port} among its arguments",
	                    o->unix_listen ? "--unix-listen=FILE 5901" : "5901");
}

static int place_kind(struct options_parse *p)
{
	struct options *o = p->o;
	bool placed = names_port(o);
	if (p->backend && o->target.kind != TARGET_UNIX)
		return options_fail(p,
		                    "%s and a command after -- are two backends: keep one of them",
		                    p->backend);
	if (p->backend && placed)
		return options_fail(p, "--unix-target and {port} are two ways to reach the "
		                       "command: keep one of them");
	o->wrap_kind = p->backend ? WRAP_UNIX : placed ? WRAP_PLACED : WRAP_MOVED;
	return o->wrap_kind == WRAP_MOVED ? place_port(p) : 0;
}

/* What the backend is called in logs: the program, without its arguments. */
static void name_target(struct options *o)
{
	const char *slash = strrchr(o->command[0], '/');
	struct str s;
	if (o->wrap_kind == WRAP_UNIX)
		return;
	o->target = (struct target){.kind = TARGET_WRAPPED};
	str_init(&s, o->target.host, sizeof o->target.host);
	str_puts(&s, slash && slash[1] ? slash + 1 : o->command[0]);
}

int options_place_command(struct options_parse *p)
{
	if (!p->o->command[0] || !*p->o->command[0])
		return options_fail(p, "the command is missing: websplice 5901 -- vncserver :1");
	int r = place_words(p);
	if (r == 0)
		r = place_kind(p);
	if (r == 0)
		name_target(p->o);
	return r;
}
