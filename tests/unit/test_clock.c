/* The clock of deadlines, whoever is called after the loop has slept for long: it shows the present,
 * or a deadline armed then would be over as soon as it is armed.
 */
#include "io/child.h"
#include "io/listen.h"
#include "io/mailbox.h"
#include "io/sigs.h"
#include "io/tcp_link.h"
#include "real_loop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SLEEP = 40, CLOCK_STEP = 10 }; /* ms; the second: how far a coarse clock may be behind */

struct sleeper {
	struct real_loop w;
	uint64_t before, told; /* by the clock of deadlines */
	void (*poke)(struct sleeper *s);
	int fds[2]; /* the loop's, ours; ours is closed with the sleeper */
	struct link *link;
	struct mailbox *box;
	struct job job;
	uint16_t port;
};

static void sleeper_open(struct sleeper *s)
{
	*s = (struct sleeper){.fds = {-1, -1}};
	real_open(&s->w, NULL);
}

static void told(void *owner)
{
	struct sleeper *s = owner;
	s->told = s->w.env->timers->now;
	loop_stop(s->w.loop);
}

/* Runs the loop until somebody was told. SLEEP is a lower bound: how much longer it took does not
 * matter. */
static void sleeps(struct sleeper *s)
{
	s->before = s->w.env->timers->now;
	assert_int_equal(loop_run(s->w.loop), 0);
	assert_true(s->told >= s->before + SLEEP - CLOCK_STEP);
}

static void *later(void *arg)
{
	struct sleeper *s = arg;
	usleep(SLEEP * 1000);
	s->poke(s);
	return NULL;
}

/* The same, with another thread to wake it. */
static void sleeps_until(struct sleeper *s, void (*poke)(struct sleeper *s))
{
	pthread_t thread;
	s->poke = poke;
	assert_int_equal(pthread_create(&thread, NULL, later, s), 0);
	sleeps(s);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void sleeper_close(struct sleeper *s)
{
	if (s->link)
		link_close(s->link, true);
	real_turn(&s->w);
	if (s->fds[1] >= 0)
		close(s->fds[1]);
	real_close(&s->w);
}

/* ---- sockets ---- */

static void told_bytes(void *owner, struct span bytes)
{
	(void)bytes;
	told(owner);
}

static const struct link_events events = {
	.bytes = told_bytes, .drained = told, .closed = link_deaf_event};

static void with_link(struct sleeper *s)
{
	const int small = 8192;
	sleeper_open(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s->fds),
	                 0);
	assert_int_equal(setsockopt(s->fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	assert_int_equal(tcp_link_open(&s->link, s->w.loop, s->fds[0], true, "client"), 0);
	link_own(s->link, &events, s);
}

static void far_speaks(struct sleeper *s)
{
	(void)!write(s->fds[1], "x", 1);
}

static void test_bytes(void **state)
{
	struct sleeper s;
	(void)state;
	with_link(&s);
	link_read(s.link, 100);
	sleeps_until(&s, far_speaks);
	sleeper_close(&s);
}

static void far_takes_all(struct sleeper *s)
{
	uint8_t bytes[4096];
	while (recv(s->fds[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

static void test_drained(void **state)
{
	struct sleeper s;
	uint8_t bytes[1024] = {0};
	(void)state;
	with_link(&s);
	while (link_queued(s.link) == 0)
		assert_int_equal(link_send(s.link, span_of(bytes, sizeof bytes), 0), 0);
	link_finish(s.link, NULL); /* so that drained is owed */
	sleeps_until(&s, far_takes_all);
	sleeper_close(&s);
}

static void told_accepted(void *owner, struct link *link, const struct addr *peer)
{
	(void)peer;
	((struct sleeper *)owner)->link = link;
	link_own(link, &events, owner);
	told(owner);
}

static void connects(struct sleeper *s)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	                         .sin_port = htons(s->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	s->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)!connect(s->fds[1], (struct sockaddr *)&in, sizeof in);
}

static void test_accepted(void **state)
{
	struct sleeper s;
	struct listen_set set;
	struct listener *listener;
	char err[LISTEN_ERR];
	(void)state;
	sleeper_open(&s);
	assert_int_equal(
		listen_open(&set, &(struct listen_at){.host = "127.0.0.1"}, 1, err, sizeof err), 0);
	assert_int_equal(listener_start(&listener, s.w.loop, set.fds[0], told_accepted, &s), 0);
	s.port = set.port;
	sleeps_until(&s, connects);
	listener_stop(listener);
	listen_close(&set);
	sleeper_close(&s);
}

static void told_letter(void *owner, struct span letter)
{
	(void)letter;
	told(owner);
}

static void writes_letter(struct sleeper *s)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const char *name = mailbox_name(s->box);
	memcpy(un.sun_path + 1, name + 1, strlen(name) - 1);
	s->fds[1] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)!sendto(s->fds[1], "x", 1, 0, (struct sockaddr *)&un,
	              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
}

static void test_letter(void **state)
{
	struct sleeper s;
	(void)state;
	sleeper_open(&s);
	assert_int_equal(mailbox_open(&s.box, s.w.loop, told_letter, &s), 0);
	sleeps_until(&s, writes_letter);
	mailbox_close(s.box);
	sleeper_close(&s);
}

/* ---- threads and processes ---- */

static void wakes(struct sleeper *s)
{
	loop_wake(s->w.loop);
}

static void test_woken(void **state)
{
	struct sleeper s;
	(void)state;
	sleeper_open(&s);
	loop_on_wake(s.w.loop, told, &s);
	sleeps_until(&s, wakes);
	sleeper_close(&s);
}

static void told_signal(void *owner, int signum)
{
	(void)signum;
	told(owner);
}

static void signals(struct sleeper *s)
{
	(void)s;
	kill(getpid(), SIGUSR1);
}

static void test_signal(void **state)
{
	static const int signums[] = {SIGUSR1};
	struct sleeper s;
	struct sigs *sigs;
	(void)state;
	sleeper_open(&s);
	assert_int_equal(sigs_start(&sigs, s.w.loop, signums, 1, told_signal, &s), 0);
	sleeps_until(&s, signals);
	sigs_stop(sigs);
	sleeper_close(&s);
}

static void work(struct job *j)
{
	(void)j;
	usleep(SLEEP * 1000);
}

static void told_done(struct job *j)
{
	told(LIST_OF(j, struct sleeper, job));
}

static void test_job(void **state)
{
	struct sleeper s;
	(void)state;
	sleeper_open(&s);
	s.job = (struct job){.work = work, .done = told_done};
	assert_int_equal(s.w.env->job(s.w.env, &s.job), 0);
	sleeps(&s);
	sleeper_close(&s);
}

static void on_exited(void *owner, int status)
{
	(void)status;
	told(owner);
}

static void test_output(void **state)
{
	static const struct child_events child_events = {.output = told_letter,
	                                                 .exited = on_exited};
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"sleep 0.05; echo; read x", NULL};
	char *const envp[] = {(char *)"PATH=/usr/bin:/bin", NULL};
	struct sleeper s;
	struct child *child;
	(void)state;
	sleeper_open(&s);
	assert_int_equal(child_new(&child, s.w.loop, &child_events, &s), 0);
	assert_int_equal(child_start(child, &(struct child_start){.path = "/bin/sh",
	                                                          .argv = argv,
	                                                          .envp = envp,
	                                                          .capture = true}),
	                 0);
	sleeps(&s);
	child_signal(child, SIGKILL);
	real_until(&s.w, !child_running(child));
	child_free(child);
	sleeper_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_bytes), UNIT(test_drained), UNIT(test_accepted), UNIT(test_letter),
		UNIT(test_woken), UNIT(test_signal),  UNIT(test_job),      UNIT(test_output),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
