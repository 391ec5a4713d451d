/* What the two files of wrapper share: wrapper.c is its life, wrapper_look.c is what it does with
 * what can be seen in /proc.
 */
#ifndef WRAP_WRAPPER_PRIV_H
#define WRAP_WRAPPER_PRIV_H

#include "wrap/wrapper.h"

enum {
	PEEK_MS = 100,  /* between two looks for a listener of a placed command */
	SLOW_MS = 2000, /* … once it is late; and for a moved one */
	LOST_MS =
		500, /* first look for a moved one: something of it may listen unmoved, or a bind was
	                   reported and its listen was lost */
};

enum look_for {
	LOOK_ENDED, /* the command has ended: who goes on? */
	LOOK_LATE,  /* it is not ready in time: why? */
	LOOK_PEEK,  /* is it ready? */
};

/* Starts a look; what it sees is acted on when it is done. 0 or -errno. */
int wrapper_look(struct wrapper *w, enum look_for what);
/* Nobody waits for the looks under way any more. */
void wrapper_look_away(struct wrapper *w);
void wrapper_peek_in(struct wrapper *w, uint32_t ms);
void wrapper_on_peek(void *owner);

/* After a look at who goes on: there may yet be somebody, and another look will come. */
bool wrapper_lingers(struct wrapper *w);
/* The command has just ended in a way that mode ignore may be right for. */
bool wrapper_may_adapt(const struct wrapper *w);

/* For what was seen. */
void wrapper_say(struct wrapper *w, enum log_level level, const char *event, const char *key,
                 const char *text);
void wrapper_ready(struct wrapper *w, const char *at, int pid);
void wrapper_looked(struct wrapper *w);
void wrapper_give_up(struct wrapper *w, int code);

#endif
