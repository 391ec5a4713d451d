/* mailbox: a unix datagram socket in the abstract namespace that anybody on this machine can write
 * to; who is to be believed is the owner's business. It has a random name.
 */
#ifndef IO_MAILBOX_H
#define IO_MAILBOX_H

#include "base/span.h"
#include "io/loop.h"

enum { MAILBOX_NAME = 64, MAILBOX_LETTER = 512 };

struct mailbox;
/* got(owner, letter) on the loop for each datagram, cut at MAILBOX_LETTER bytes. 0 or -errno. */
int mailbox_open(struct mailbox **ret, struct loop *l, void (*got)(void *owner, struct span letter),
                 void *owner);
/* "@websplice-…", as rebind.so wants it. */
const char *mailbox_name(const struct mailbox *m);
void mailbox_close(struct mailbox *m); /* NULL is legal */

#endif
