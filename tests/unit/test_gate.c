/* Clients at the gate, with dials answered by the test and a clock turned by hand. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "wrap/gate.h"
#include "fail_malloc.h"
#include "fake_env.h"
#include "unit.h"

#include <errno.h>

enum { PATIENCE_MS = 30000 };

struct client {
	struct fake_env f;
	struct gate gate;
	struct dialed dialed;
	const struct target *at; /* of the last dial to a place */
	int (*dial)(struct env *, const struct target *, struct dialed *);
	unsigned answers;
	struct link *link;
	struct why why;
	bool inside;
};

static void on_answer(void *owner, struct link *link, const struct why *why)
{
	struct client *c = owner;
	assert_false(c->inside);
	assert_true((link != NULL) != (why != NULL));
	assert_null(c->dialed.dial);
	c->answers++;
	c->link = link;
	if (why)
		c->why = *why;
}

static int watch_dial(struct env *e, const struct target *t, struct dialed *d)
{
	struct client *c = (struct client *)e; /* the fake is first */
	c->at = t;
	return c->dial(e, t, d);
}

static void client_open(struct client *c, bool is_unix)
{
	memset(c, 0, sizeof *c);
	fake_env_init(&c->f);
	c->dial = c->f.env.dial;
	c->f.env.dial = watch_dial;
	if (is_unix)
		gate_unix(&c->gate, "/run/x", PATIENCE_MS);
	else
		gate_port(&c->gate, 4000, PATIENCE_MS);
	assert_int_equal(gate_now(&c->gate), GATE_SHUT);
}

static void client_dial(struct client *c)
{
	c->dialed = (struct dialed){.fn = on_answer, .owner = c};
	c->inside = true;
	assert_int_equal(gate_dial(&c->f.env, &c->gate, &c->dialed), 0);
	c->inside = false;
}

static void refuse(struct client *c, const char *text)
{
	struct why why = why_make(WHY_DIAL, 1011, 502, -ECONNREFUSED, "%s", text);
	fake_answer(&c->f, NULL, &why);
}

/* The test's only use of a link is to see that it gets through. */
static struct link a_link;

static void test_open(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c);
	assert_string_equal(c.at->host, "127.0.0.1");
	assert_int_equal(c.at->port, 4000);
	assert_int_equal(c.at->kind, TARGET_TCP);
	fake_answer(&c.f, &a_link, NULL);
	assert_int_equal(c.answers, 1);
	assert_ptr_equal(c.link, &a_link);
	fake_env_done(&c.f);
}

static void test_other_family(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c);
	refuse(&c, "no");
	assert_string_equal(c.at->host, "::1");
	assert_int_equal(c.at->port, 4000);
	fake_answer(&c.f, &a_link, NULL);
	assert_ptr_equal(c.link, &a_link);
	fake_env_done(&c.f);
}

static void test_waits_until_open(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	client_dial(&c);
	fake_sleep(&c.f, 10000);
	assert_int_equal(c.f.dials, 0); /* who answers now is not the command */
	gate_set(&c.gate, GATE_OPEN);
	fake_sleep(&c.f, GATE_RETRY_MS);
	assert_int_equal(c.f.dials, 1);
	fake_answer(&c.f, &a_link, NULL);
	assert_int_equal(c.answers, 1);
	fake_env_done(&c.f);
}

/* Refused while open: it may be just restarting. */
static void test_tries_again(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, true);
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c);
	for (unsigned i = 1; i < 20; i++) {
		assert_int_equal(c.f.dials, i);
		assert_int_equal(c.at->kind, TARGET_UNIX);
		assert_string_equal(c.at->host, "/run/x");
		refuse(&c, "no");
		assert_int_equal(c.f.dials, i);
		fake_sleep(&c.f, GATE_RETRY_MS);
	}
	fake_answer(&c.f, &a_link, NULL);
	assert_int_equal(c.answers, 1);
	fake_env_done(&c.f);
}

static void test_patience(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false); /* never open */
	client_dial(&c);
	fake_sleep(&c.f, PATIENCE_MS - 1);
	assert_int_equal(c.answers, 0);
	fake_sleep(&c.f, 1);
	assert_int_equal(c.answers, 1);
	assert_int_equal(c.why.close, 1011);
	assert_int_equal(c.why.status, 504);
	assert_string_equal(c.why.text,
	                    "the wrapped command takes no connections yet: try again in a while");
	fake_env_done(&c.f);

	client_open(&c, false); /* open, and nobody there: the first place's reason */
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c);
	for (uint64_t end = c.f.timers.now + PATIENCE_MS; c.f.timers.now < end;) {
		refuse(&c, "first");
		refuse(&c, "second");
		fake_sleep(&c.f, GATE_RETRY_MS);
	}
	assert_int_equal(c.answers, 1);
	assert_string_equal(c.why.text, "first");
	fake_env_done(&c.f);

	client_open(&c, false); /* over in the middle of a dial */
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c);
	fake_sleep(&c.f, PATIENCE_MS);
	assert_int_equal(c.answers, 1);
	assert_int_equal(c.f.undials, 1);
	fake_env_done(&c.f);
}

static void test_failed(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	gate_set(&c.gate, GATE_FAILED);
	client_dial(&c);
	fake_sleep(&c.f, 0);
	assert_int_equal(c.answers, 1);
	assert_int_equal(c.f.dials, 0);
	assert_int_equal(c.why.close, 1011);
	assert_int_equal(c.why.status, 502);
	assert_string_equal(c.why.text,
	                    "the wrapped command does not take connections; the log says why");
	client_dial(&c); /* while waiting */
	gate_set(&c.gate, GATE_SHUT);
	fake_sleep(&c.f, 1000);
	assert_int_equal(c.answers, 1);
	gate_set(&c.gate, GATE_FAILED);
	fake_sleep(&c.f, GATE_RETRY_MS);
	assert_int_equal(c.answers, 2);
	fake_env_done(&c.f);
}

static void test_undial(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	client_dial(&c); /* waiting */
	gate_undial(&c.f.env, &c.dialed);
	gate_undial(&c.f.env, &c.dialed);
	gate_set(&c.gate, GATE_OPEN);
	client_dial(&c); /* dialling */
	gate_undial(&c.f.env, &c.dialed);
	assert_int_equal(c.f.undials, 1);
	client_dial(&c); /* between two tries */
	refuse(&c, "no");
	refuse(&c, "no");
	gate_undial(&c.f.env, &c.dialed);
	fake_sleep(&c.f, 2 * PATIENCE_MS);
	assert_int_equal(c.answers, 0);
	fake_env_done(&c.f);
}

/* No memory for the wait is the caller's to tell; for a dial, it is tried again. */
static void test_no_memory(void **state)
{
	struct client c;
	(void)state;
	client_open(&c, false);
	fail_malloc_at(1);
	assert_int_equal(gate_dial(&c.f.env, &c.gate, &c.dialed), -ENOMEM);
	fail_malloc_off();
	gate_set(&c.gate, GATE_OPEN);
	c.f.dial_error = -ENOMEM;
	client_dial(&c);
	gate_undial(&c.f.env, &c.dialed);
	assert_int_equal(c.f.undials, 0); /* there was no dial */
	client_dial(&c);
	fake_sleep(&c.f, 1000);
	assert_int_equal(c.answers, 0);
	c.f.dial_error = 0;
	fake_sleep(&c.f, GATE_RETRY_MS);
	fake_answer(&c.f, &a_link, NULL);
	assert_int_equal(c.answers, 1);
	fake_env_done(&c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_open),        UNIT(test_other_family), UNIT(test_waits_until_open),
		UNIT(test_tries_again), UNIT(test_patience),     UNIT(test_failed),
		UNIT(test_undial),      UNIT(test_no_memory),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
