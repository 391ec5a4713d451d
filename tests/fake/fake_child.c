/* fake_child: see the header. */
#include "../unit/unit.h"

#include "fake_child.h"

#include <signal.h>
#include <sys/wait.h>

enum { FIRST_PID = 1000 };

static struct fake_child *fake_of(const struct child *c)
{
	return (struct fake_child *)(uintptr_t)c;
}

static int fake_start(struct child *c, const struct child_start *how)
{
	struct fake_child *f = fake_of(c);
	assert_false(f->alive);
	assert_non_null(how->path);
	f->starts++;
	if (f->start_error)
		return f->start_error;
	f->alive = true;
	f->others = 0;
	c->pid = (pid_t)(FIRST_PID + f->starts);
	return 0;
}

static void fake_signal(struct child *c, int signum)
{
	struct fake_child *f = fake_of(c);
	f->terms += signum == SIGTERM;
	f->kills += signum == SIGKILL;
}

static bool fake_running(const struct child *c)
{
	struct fake_child *f = fake_of(c);
	if ((f->terms && !f->deaf) || f->kills)
		f->others = 0;
	return f->alive || f->others;
}

static const struct child_ops fake_ops = {
	.start = fake_start, .signal = fake_signal, .running = fake_running};

void fake_child_init(struct fake_child *f, const struct child_events *ev, void *owner)
{
	*f = (struct fake_child){.child = {.ops = &fake_ops, .ev = ev, .owner = owner}};
}

void fake_child_ends(struct fake_child *f, int status)
{
	assert_true(f->alive);
	f->alive = false;
	f->child.ev->exited(f->child.owner, status);
}

void fake_child_says(struct fake_child *f, const char *text)
{
	f->child.ev->output(f->child.owner, span_str(text));
}
