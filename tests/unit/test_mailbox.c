/* Letters from anybody on this machine. */
/* ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "io/mailbox.h"
#include "fail_malloc.h"
#include "real_loop.h"
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct desk {
	struct real_loop w;
	struct mailbox *mailbox;
	unsigned n;
	size_t len;
	char last[MAILBOX_LETTER + 1];
};

static void got(void *owner, struct span letter)
{
	struct desk *d = owner;
	d->n++;
	d->len = letter.len;
	memcpy(d->last, letter.at, letter.len);
	d->last[letter.len] = 0;
}

static int post(const char *name, const void *bytes, size_t n)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	memcpy(un.sun_path, name, strlen(name));
	assert_int_equal(name[0], '@');
	un.sun_path[0] = 0;
	ssize_t r = sendto(fd, bytes, n, 0, (struct sockaddr *)&un,
	                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
	int err = r < 0 ? -errno : 0;
	close(fd);
	return err;
}

static void test_letters(void **state)
{
	struct desk d = {0}, other = {0};
	char name[MAILBOX_NAME], big[2000];
	(void)state;
	real_open(&d.w, NULL);
	assert_int_equal(mailbox_open(&d.mailbox, d.w.loop, got, &d), 0);
	assert_int_equal(mailbox_open(&other.mailbox, d.w.loop, got, &other), 0);
	snprintf(name, sizeof name, "%s", mailbox_name(d.mailbox));
	assert_string_not_equal(name, mailbox_name(other.mailbox));
	assert_int_equal(post(name, "one", 3), 0);
	real_until(&d.w, d.n == 1);
	assert_string_equal(d.last, "one");
	assert_int_equal(post(name, "", 0), 0);
	assert_int_equal(post(name, "two", 3), 0);
	real_until(&d.w, d.n == 3);
	memset(big, 'x', sizeof big);
	assert_int_equal(post(name, big, sizeof big), 0);
	real_until(&d.w, d.n == 4);
	assert_int_equal(d.len, MAILBOX_LETTER);
	for (unsigned i = 0; i < 500; i++) {
		while (post(name, "x", 1) == -EAGAIN) /* its queue is full */
			real_turn(&d.w);
	}
	real_until(&d.w, d.n == 504);
	assert_int_equal(other.n, 0);
	mailbox_close(d.mailbox);
	mailbox_close(other.mailbox);
	mailbox_close(NULL);
	real_turn(&d.w);
	assert_int_equal(post(name, "x", 1), -ECONNREFUSED);
	real_close(&d.w);
}

static void test_no_memory(void **state)
{
	struct desk d = {0};
	(void)state;
	real_open(&d.w, NULL);
	fail_malloc_at(1);
	assert_int_equal(mailbox_open(&d.mailbox, d.w.loop, got, &d), -ENOMEM);
	fail_malloc_off();
	assert_null(d.mailbox);
	real_close(&d.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_letters), UNIT(test_no_memory)};
	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
