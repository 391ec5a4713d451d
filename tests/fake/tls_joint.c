/* tls_joint: see the header. */
#include "../unit/unit.h"

#include "sure.h"
#include "tls_joint.h"

static void on_ready(void *owner)
{
	struct tls_joint *p = owner;

	assert_false(p->ready || p->lost);
	p->ready = true;
	link_read(p->link, READ_ROOM);
}

static void on_bytes(void *owner, struct span s)
{
	struct tls_joint *p = owner;

	assert_true(p->ready && !p->eof && !p->lost && !p->closing);
	sure_append(&p->got, p->got_len, &p->got_cap, s);
	p->got_len += s.len;
	p->events++;
}

static void on_eof(void *owner)
{
	struct tls_joint *p = owner;

	assert_false(p->eof || p->lost);
	p->eof = true;
}

static void on_drained(void *owner)
{
	((struct tls_joint *)owner)->drains++;
}

static void on_lost(void *owner, const struct why *why)
{
	struct tls_joint *p = owner;

	assert_false(p->lost || p->closing);
	p->lost = true;
	p->why = *why;
}

static void on_closed(void *owner)
{
	struct tls_joint *p = owner;

	assert_true(p->closing);
	p->link = NULL;
}

static const struct link_events events = {on_bytes, on_eof, on_drained, on_lost, on_closed};

void tls_joint_open(struct tls_joint *p, struct tls_site *near, struct tls_site *far,
                    const char *name)
{
	tls_joint_open_faulty(p, near, far, name, NULL);
}

void tls_joint_open_faulty(struct tls_joint *p, struct tls_site *near, struct tls_site *far,
                           const char *name, const struct fault_plan *plan)
{
	struct tls_link_setup setup = {near, "peer", name, on_ready};

	memset(p, 0, sizeof *p);
	fake_env_init(&p->fake);
	p->far = tls_end_open(&p->fake.env, far, name);
	struct link *below = p->far->mem->link;
	if (plan)
		below = fault_open(&p->fake.env, below, plan);
	assert_int_equal(tls_link_open(&p->link, &p->fake.env, below, &setup), 0);
	link_own(p->link, &events, p);
}

void tls_joint_turn(struct tls_joint *p)
{
	size_t seen;
	bool moved;

	do {
		tls_end_step(p->far);
		seen = p->far->fed + p->got_len;
		fake_turn(&p->fake);
		moved = mem_pump(p->far->mem);
		fake_turn(&p->fake);
		tls_end_step(p->far);
		moved |= p->far->mem->said_len > 0 && p->far->mem->room > 0;
	} while (moved || p->far->fed + p->got_len != seen);
}

void tls_joint_send(struct tls_joint *p, struct span s)
{
	uint8_t *copy = sure_resize(NULL, LINK_HEADROOM + s.len);

	if (s.len > 0)
		memcpy(copy + LINK_HEADROOM, s.at, s.len);
	assert_int_equal(link_send(p->link, span_of(copy + LINK_HEADROOM, s.len), SEND_ROOM), 0);
	memset(copy, 0xdd, LINK_HEADROOM + s.len);
	free(copy);
}

void tls_joint_done(struct tls_joint *p)
{
	if (p->link && !p->closing) {
		p->closing = true;
		link_close(p->link, true);
	}
	fake_sleep(&p->fake, 100000);
	assert_null(p->link);
	tls_end_free(p->far, true);
	free(p->got);
	fake_env_done(&p->fake);
}
