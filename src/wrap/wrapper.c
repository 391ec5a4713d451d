/* wrapper: see the header. */
#include "wrap/wrapper.h"

#include "base/str.h"
#include "report.h"
#include "wrapper_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

enum {
	SWEEP_MS = 20,    /* between two looks at a group that is to end */
	BURY_MS = 2000,   /* for what was killed and is still there */
	LINGER_MS = 2000, /* from a command's end until its daemon has its port */
	SIGNAL_CODE = 128,
};

static void start_again(struct wrapper *w);

/* ---- ready or not ---- */

void wrapper_say(struct wrapper *w, enum log_level level, const char *event, const char *key,
                 const char *text)
{
	log_event(w->env->log, level, event, LOG_TEXT("command", w->setup->name),
	          LOG_TEXT(key, text));
}

void wrapper_ready(struct wrapper *w, const char *at, int pid)
{
	bool first = !w->is_ready;
	w->is_ready = true;
	w->unheard = false;
	timer_stop(&w->ready);
	timer_stop(&w->peek);
	gate_set(w->setup->gate, GATE_OPEN);
	if (first)
		log_event(w->env->log, LOG_INFO, "command is ready",
		          LOG_TEXT("command", w->setup->name), LOG_TEXT("address", at),
		          LOG_NUM("pid", pid));
}

static void not_ready(struct wrapper *w, enum gate_state gate)
{
	w->is_ready = w->is_bound = w->late = false;
	w->bind_error = 0;
	timer_stop(&w->ready);
	timer_stop(&w->peek);
	gate_set(w->setup->gate, gate);
}

static void on_late(void *owner)
{
	struct wrapper *w = owner;
	w->late = true;
	gate_set(w->setup->gate, GATE_FAILED);
	if (wrapper_look(w, LOOK_LATE) < 0)
		wrapper_say(w, LOG_ERROR, "command is not ready", "reason", "out of memory");
}

void wrapper_report(struct wrapper *w, struct span letter)
{
	struct report r;
	char at[LOOK_AT];
	if (w->setup->kind != WRAP_MOVED || w->phase == WRAP_NEW || w->phase == WRAP_SWEEPS ||
	    w->phase >= WRAP_OVER || w->stopping || !report_parse(&r, letter, w->setup->key))
		return;
	snprintf(at, sizeof at, r.six ? "[::1]:%u" : "127.0.0.1:%u", r.port);
	if (r.event == REPORT_FAIL) {
		w->bind_error = r.error;
	} else if (r.event == REPORT_LISTEN) {
		wrapper_ready(w, at, r.pid);
	} else if (!w->is_ready) {
		w->is_bound = true;
		wrapper_peek_in(w, LOST_MS);
	}
}

/* ---- start ---- */

static int start_child(struct wrapper *w)
{
	const struct wrapper_setup *s = w->setup;
	respawn_note(&w->respawn, w->env->timers->now);
	not_ready(w, s->kind == WRAP_UNIX ? GATE_OPEN : GATE_SHUT);
	w->named = w->unheard = w->killed = false;
	w->phase = WRAP_RUNS;
	w->since = w->env->timers->now;
	int r = child_start(w->child, &s->start);
	if (r < 0)
		return r;
	log_event(w->env->log, LOG_INFO, "command started", LOG_TEXT("command", s->name),
	          LOG_NUM("pid", w->child->pid), LOG_NUM("port", s->port));
	if (s->kind != WRAP_UNIX)
		timer_arm(w->env->timers, &w->ready, TIMER_DIAL, s->ready_ms);
	if (s->kind != WRAP_UNIX)
		wrapper_peek_in(w, s->kind == WRAP_PLACED ? PEEK_MS : LOST_MS);
	return 0;
}

static void start_when_allowed(struct wrapper *w)
{
	uint64_t wait = respawn_wait(&w->respawn, w->env->timers->now);
	w->phase = WRAP_WAITS;
	if (wait > 0)
		log_event(w->env->log, LOG_WARN, "command ends too soon: pausing",
		          LOG_TEXT("command", w->setup->name), LOG_NUM("ms", wait));
	timer_arm(w->env->timers, &w->again, TIMER_PAUSE, wait);
}

static void on_again(void *owner)
{
	start_again(owner);
}

static void start_again(struct wrapper *w)
{
	int r = start_child(w);
	if (r == 0)
		return;
	wrapper_say(w, LOG_ERROR, "command cannot be started", "reason", why_errno(r));
	start_when_allowed(w);
}

/* ---- end ---- */

/* After the last thing that can be known of an end. */
void wrapper_looked(struct wrapper *w)
{
	if (w->phase != WRAP_LOOKS)
		return;
	w->phase = WRAP_REST;
	if (w->stopping) {
		w->phase = WRAP_OVER;
		w->setup->stopped(w->setup->owner);
	} else if (w->giving_up || (w->mode == WRAP_EXIT && !w->retired)) {
		not_ready(w, GATE_FAILED);
		if (w->unheard)
			wrapper_say(w, LOG_WARN, "command ended and has not listened", "advice",
			            "if it goes into the background, use --wrap-mode=ignore");
		w->setup->ended(w->setup->owner, w->code);
	} else if (w->mode == WRAP_RESPAWN && !w->retired) {
		start_when_allowed(w);
	}
}

/* One turn later, so that nobody is called from inside a call. */
static void on_tell(void *owner)
{
	wrapper_looked(owner);
}

static void look_after_end(struct wrapper *w);

static void on_linger(void *owner)
{
	look_after_end(owner);
}

bool wrapper_lingers(struct wrapper *w)
{
	uint64_t now = w->env->timers->now;
	bool lingers = w->phase == WRAP_LOOKS && !w->named && !w->stopping && !w->retired &&
	               wrapper_may_adapt(w) && now < w->linger_until;
	if (lingers)
		timer_arm(w->env->timers, &w->linger, TIMER_STAGGER, PEEK_MS);
	return lingers;
}

static void look_after_end(struct wrapper *w)
{
	w->phase = WRAP_LOOKS;
	if (w->named || w->setup->kind == WRAP_UNIX || wrapper_look(w, LOOK_ENDED) < 0)
		timer_arm(w->env->timers, &w->tell, TIMER_STAGGER, 0);
}

/* Nobody is left, or is after SIGKILL and some patience. */
static void on_sweep(void *owner)
{
	struct wrapper *w = owner;
	uint64_t now = w->env->timers->now;
	if (child_running(w->child) && now < w->kill_at + (w->killed ? BURY_MS : 0)) {
		timer_arm(w->env->timers, &w->sweep, TIMER_STAGGER, SWEEP_MS);
		return;
	}
	if (child_running(w->child) && !w->killed) {
		log_event(w->env->log, LOG_WARN, "command did not end in time and is killed",
		          LOG_TEXT("command", w->setup->name),
		          LOG_NUM("after_ms", w->setup->stop_ms));
		w->killed = true;
		child_signal(w->child, SIGKILL);
		timer_arm(w->env->timers, &w->sweep, TIMER_STAGGER, SWEEP_MS);
		return;
	}
	look_after_end(w);
}

static void sweep(struct wrapper *w)
{
	timer_stop(&w->again);
	timer_stop(&w->linger);
	w->phase = WRAP_SWEEPS;
	w->killed = w->hurried;
	w->kill_at = w->env->timers->now + (w->hurried ? 0 : w->setup->stop_ms);
	if (w->child && child_running(w->child))
		child_signal(w->child, w->hurried ? SIGKILL : SIGTERM);
	timer_arm(w->env->timers, &w->sweep, TIMER_STAGGER, 0);
}

void wrapper_give_up(struct wrapper *w, int code)
{
	not_ready(w, GATE_FAILED);
	w->giving_up = true;
	w->code = code;
	sweep(w);
}

static void log_end(struct wrapper *w, int status)
{
	char how[32];
	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "signal %s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(how, sizeof how, "exit code %d", WEXITSTATUS(status));
	bool meant = status == 0 || w->retired || w->phase == WRAP_SWEEPS;
	log_event(w->env->log, meant ? LOG_INFO : LOG_WARN, "command ended",
	          LOG_TEXT("command", w->setup->name), LOG_TEXT("by", how),
	          LOG_NUM("after_ms", w->env->timers->now - w->since));
}

static void on_exited(void *owner, int status)
{
	struct wrapper *w = owner;
	log_end(w, status);
	if (w->phase != WRAP_RUNS) /* it is being ended */
		return;
	w->code = WIFSIGNALED(status) ? SIGNAL_CODE + WTERMSIG(status) : WEXITSTATUS(status);
	w->unheard = wrapper_may_adapt(w) && !w->is_ready && w->setup->kind != WRAP_UNIX;
	w->linger_until = w->env->timers->now + (w->unheard ? LINGER_MS : 0);
	if (w->mode == WRAP_EXIT && !wrapper_may_adapt(w))
		not_ready(w, GATE_FAILED);
	else if (w->mode == WRAP_RESPAWN)
		not_ready(w, w->setup->kind == WRAP_UNIX ? GATE_OPEN : GATE_SHUT);
	/* What is left of one that is retired may be what our last sessions talk to. */
	if (w->mode == WRAP_RESPAWN && !w->retired && child_running(w->child))
		sweep(w);
	else
		look_after_end(w);
}

static void on_output(void *owner, struct span s)
{
	lines_feed(&((struct wrapper *)owner)->lines, s);
}

static void on_line(void *owner, const char *text)
{
	struct wrapper *w = owner;
	wrapper_say(w, LOG_INFO, "command says", "text", text);
}

const struct child_events wrapper_child_events = {.exited = on_exited, .output = on_output};

/* ---- the interface ---- */

void wrapper_init(struct wrapper *w, struct env *env, const struct wrapper_setup *setup)
{
	*w = (struct wrapper){.env = env, .setup = setup, .mode = setup->mode, .phase = WRAP_NEW};
	lines_init(&w->lines, on_line, w);
	list_init(&w->looks);
	timer_init(&w->ready, on_late, w);
	timer_init(&w->again, on_again, w);
	timer_init(&w->peek, wrapper_on_peek, w);
	timer_init(&w->sweep, on_sweep, w);
	timer_init(&w->tell, on_tell, w);
	timer_init(&w->linger, on_linger, w);
}

int wrapper_start(struct wrapper *w, struct child *child)
{
	w->child = child;
	int r = start_child(w);
	if (r < 0)
		w->phase = WRAP_NEW;
	return r;
}

void wrapper_retire(struct wrapper *w)
{
	w->retired = true;
	if (w->phase != WRAP_WAITS)
		return;
	timer_stop(&w->again);
	w->phase = WRAP_REST;
}

void wrapper_stop(struct wrapper *w)
{
	if (w->stopping)
		return;
	w->stopping = true;
	not_ready(w, GATE_FAILED);
	if (w->phase == WRAP_NEW) {
		w->phase = WRAP_OVER;
		w->setup->stopped(w->setup->owner);
	} else if (w->phase != WRAP_SWEEPS) {
		sweep(w);
	}
}

void wrapper_kill(struct wrapper *w)
{
	w->hurried = true;
	if (w->child && child_running(w->child))
		child_signal(w->child, SIGKILL);
	if (w->phase != WRAP_SWEEPS)
		return;
	w->killed = true;
	w->kill_at = w->env->timers->now;
}

void wrapper_done(struct wrapper *w)
{
	lines_flush(&w->lines);
	timer_stop(&w->ready);
	timer_stop(&w->again);
	timer_stop(&w->peek);
	timer_stop(&w->sweep);
	timer_stop(&w->tell);
	timer_stop(&w->linger);
	wrapper_look_away(w);
}
