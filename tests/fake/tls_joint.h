/* tls_joint: a tls_link under test and a far end that speaks TLS, joined by memory.
 *
 *   struct tls_joint p;
 *   tls_joint_open(&p, near_site, far_site, "vnc1");
 *   tls_joint_turn(&p);            // until nothing moves: the handshake, to begin with
 *   link_send(p.link, …); p.got … // what the owner of the link saw
 *   tls_joint_done(&p);            // closes, asserts that nothing is left
 */
#ifndef FAKE_TLS_JOINT_H
#define FAKE_TLS_JOINT_H

#include "fault_link.h"
#include "tls_end.h"

#include "link/tls_link.h"

struct tls_joint {
	struct fake_env fake;
	struct tls_end *far;
	struct link *link; /* NULL after closed */
	uint8_t *got;
	size_t got_len, got_cap;
	unsigned events, drains;
	bool ready, eof, lost, closing;
	struct why why;
};

void tls_joint_open(struct tls_joint *p, struct tls_site *near, struct tls_site *far,
                    const char *name);
/* The same over a link that has bad days. */
void tls_joint_open_faulty(struct tls_joint *p, struct tls_site *near, struct tls_site *far,
                           const char *name, const struct fault_plan *plan);
void tls_joint_turn(struct tls_joint *p);
void tls_joint_send(struct tls_joint *p, struct span s);
void tls_joint_done(struct tls_joint *p);

#endif
