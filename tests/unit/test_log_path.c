/* log_path: a log that is moved away, and what may stand in its place. */
#include "unit.h"

#include "../../src/app/log_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[64], log[80], old[80];
	int fd;
};

static void begin(struct place *p)
{
	snprintf(p->dir, sizeof p->dir, "/tmp/websplice-log-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->log, sizeof p->log, "%s/log", p->dir);
	snprintf(p->old, sizeof p->old, "%s/log.1", p->dir);
	p->fd = log_path_open(p->log);
	assert_true(p->fd >= 0);
}

static void end(struct place *p)
{
	close(p->fd);
	unlink(p->old);
	if (unlink(p->log) < 0)
		assert_int_equal(rmdir(p->log), 0);
	assert_int_equal(rmdir(p->dir), 0);
}

static void say(const struct place *p, const char *text)
{
	assert_int_equal(write(p->fd, text, strlen(text)), strlen(text));
}

static void holds(const char *path, const char *want)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof got - 1) >= 0);
	close(fd);
	assert_string_equal(got, want);
}

static void test_moved(void **state)
{
	(void)state;
	struct place p;
	struct stat st;
	begin(&p);
	say(&p, "one\n");
	assert_int_equal(rename(p.log, p.old), 0);
	say(&p, "two\n");
	assert_int_equal(log_path_again(p.log, p.fd), 0);
	say(&p, "three\n");
	holds(p.old, "one\ntwo\n");
	holds(p.log, "three\n");
	assert_int_equal(fcntl(p.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(p.fd, F_GETFL) & O_APPEND, O_APPEND);
	assert_int_equal(stat(p.log, &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~0640, 0);
	end(&p);
}

static void test_still_there(void **state)
{
	(void)state;
	struct place p;
	begin(&p);
	say(&p, "one\n");
	assert_int_equal(log_path_again(p.log, p.fd), 0);
	say(&p, "two\n");
	holds(p.log, "one\ntwo\n");
	end(&p);
}

/* What cannot be written to: the old one goes on. */
static void test_in_the_way(void **state)
{
	(void)state;
	struct place p;
	begin(&p);
	assert_int_equal(rename(p.log, p.old), 0);
	assert_int_equal(mkdir(p.log, 0700), 0);
	assert_int_equal(log_path_again(p.log, p.fd), -EISDIR);
	assert_int_equal(rmdir(p.log), 0);
	assert_int_equal(mkfifo(p.log, 0600), 0);
	assert_int_equal(log_path_again(p.log, p.fd), -ENXIO);
	int reader = open(p.log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(log_path_again(p.log, p.fd), -EINVAL);
	close(reader);
	say(&p, "one\n");
	holds(p.old, "one\n");
	end(&p);
}

static void test_never_a_file(void **state)
{
	(void)state;
	struct place p;
	int ends[2];
	char got[4];
	begin(&p);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(log_path_again(p.log, ends[1]), 0);
	assert_int_equal(write(ends[1], "one", 3), 3);
	assert_int_equal(read(ends[0], got, sizeof got), 3);
	close(ends[0]);
	close(ends[1]);
	end(&p);
}

static void test_no_directory(void **state)
{
	(void)state;
	assert_int_equal(log_path_open("/tmp/websplice-no-such-directory/log"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_moved),        UNIT(test_still_there),  UNIT(test_in_the_way),
		UNIT(test_never_a_file), UNIT(test_no_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
