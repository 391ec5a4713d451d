/* Opening below a root: with openat2, and by walking where there is none. */
/* ldflags: -Wl,--wrap=syscall */
#include "../../src/serve/beneath.h"

#include "unit.h"
#include "web_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* So many calls of openat2 fail. */
static unsigned busy;
static int busy_err;

long __wrap_syscall(long number, int root, const char *path, struct open_how *how, size_t size);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, int root, const char *path, struct open_how *how, size_t size)
{
	assert_int_equal(number, SYS_openat2);
	if (busy == 0)
		return __real_syscall(number, root, path, how, size);
	busy--;
	errno = busy_err;
	return -1;
}

/*  top/secret.txt  top/rootling/near.txt
 *  top/root/a.txt  sub/b.txt  sub/deep/c.txt  and links                                          */
static void fill(struct web *w)
{
	char path[WEB_PATH];
	web_init(w);
	web_text(w, "secret.txt", "secret");
	web_mkdir(w, "rootling");
	web_text(w, "rootling/near.txt", "secret");
	web_text(w, "root/a.txt", "a");
	web_mkdir(w, "root/sub");
	web_text(w, "root/sub/b.txt", "b");
	web_mkdir(w, "root/sub/deep");
	web_text(w, "root/sub/deep/c.txt", "c");
	web_link(w, "a.txt", "root/link");
	web_link(w, "../a.txt", "root/sub/back");
	web_link(w, "sub/deep", "root/deep");
	web_link(w, "../secret.txt", "root/up");
	web_link(w, "../../secret.txt", "root/sub/up");
	web_link(w, "sub/../../secret.txt", "root/winding");
	web_link(w, "..", "root/parent");
	web_link(w, "../rootling", "root/sibling");
	web_link(w, "/etc", "root/etc");
	web_link(w, web_path(w, "root/a.txt", path), "root/absolute");
	web_link(w, web_path(w, "secret.txt", path), "root/out");
	web_link(w, "loop", "root/loop");
	web_link(w, "/proc/self/root", "root/magic");
	web_link(w, "nowhere", "root/dangling");
	assert_int_equal(mkfifo(web_path(w, "root/fifo", path), 0644), 0);
}

/* Error in both modes, or (by: only the kernel follows links) the one byte the file holds. */
static const struct {
	const char *path;
	char kernel, walk; /* 0: refused */
} rows[] = {
	{"a.txt", 'a', 'a'},
	{"sub/b.txt", 'b', 'b'},
	{"sub/deep/c.txt", 'c', 'c'},
	{"sub//b.txt", 'b', 'b'},
	{"./a.txt", 'a', 'a'},
	{"link", 'a', 0},
	{"sub/back", 'a', 0},
	{"deep/c.txt", 'c', 0},
	{"up", 0, 0},
	{"sub/up", 0, 0},
	{"winding", 0, 0},
	{"parent/secret.txt", 0, 0},
	{"parent/root/a.txt", 0, 0},
	{"sibling/near.txt", 0, 0},
	{"etc/hostname", 0, 0},
	{"absolute", 0, 0},
	{"out", 0, 0},
	{"loop", 0, 0},
	{"loop/a.txt", 0, 0},
	{"magic/etc/hostname", 0, 0},
	{"dangling", 0, 0},
	{"../secret.txt", 0, 0},
	{"..", 0, 0},
	{"sub/../../secret.txt", 0, 0},
	{"../rootling/near.txt", 0, 0},
	{"a.txt/", 0, 0},
	{"a.txt/b", 0, 0},
	{"missing", 0, 0},
	{"missing/a.txt", 0, 0},
	{"sub", 0, 0},
	{"", 0, 0},
	{".", 0, 0},
	{"fifo", 0, 0},
	{"/etc/hostname", 0, 0},
	{"/a.txt", 0, 0},
};

static void check_rows(const struct beneath *b)
{
	unsigned before = web_open_fds();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stat st;
		char want = b->walk ? rows[i].walk : rows[i].kernel, byte = 0;
		unit_note("%s: \"%s\"", b->walk ? "walk" : "kernel", rows[i].path);
		int fd = beneath_file(b, rows[i].path, &st);
		assert_int_equal(fd >= 0, want != 0);
		if (fd >= 0) {
			assert_int_equal(read(fd, &byte, 1), 1);
			assert_int_equal(byte, want);
			assert_int_equal(st.st_size, 1);
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
		}
		assert_int_equal(web_open_fds(), before);
	}
	unit_note_clear();
}

static void test_kernel(void **state)
{
	(void)state;
	struct web w;
	struct beneath b;
	fill(&w);
	assert_int_equal(beneath_init(&b, w.root), 0);
	assert_false(b.walk); /* this test wants Linux 5.6 and no filter */
	check_rows(&b);
	beneath_done(&b);
	web_done(&w);
}

static void test_walk(void **state)
{
	(void)state;
	struct web w;
	struct beneath b;
	fill(&w);
	assert_int_equal(beneath_init(&b, w.root), 0);
	b.walk = true;
	check_rows(&b);
	beneath_done(&b);
	web_done(&w);
}

static void test_kinds(void **state)
{
	(void)state;
	struct web w;
	struct beneath b;
	struct stat st;
	fill(&w);
	assert_int_equal(beneath_init(&b, w.root), 0);
	for (int walk = 0; walk < 2; walk++) {
		b.walk = walk;
		assert_int_equal(beneath_file(&b, "sub", &st), -EISDIR);
		assert_int_equal(beneath_file(&b, "", &st), -EISDIR);
		assert_int_equal(beneath_file(&b, "fifo", &st), -ENXIO);
		assert_int_equal(beneath_file(&b, "missing", &st), -ENOENT);
		assert_int_equal(beneath_stat(&b, "fifo", &st), 0);
		assert_true(S_ISFIFO(st.st_mode));
		assert_int_equal(beneath_stat(&b, "..", &st), -EXDEV);
		assert_int_equal(beneath_stat(&b, "sub/../..", &st), -EXDEV);
	}
	beneath_done(&b);
	web_done(&w);
}

/* Makes openat2 fail with err for the rest of this process. */
static int refuse_openat2(int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* In a child: 0 when a root opened under the filter serves a.txt and follows no link. */
static int under_filter(const char *root, int err)
{
	struct beneath b;
	struct stat st;

	if (refuse_openat2(err) < 0)
		return 1;
	if (beneath_init(&b, root) < 0 || !b.walk)
		return 2;
	if (beneath_file(&b, "a.txt", &st) < 0)
		return 3;
	return beneath_file(&b, "up", &st) < 0 && beneath_file(&b, "link", &st) < 0 ? 0 : 4;
}

static void test_without_openat2(void **state)
{
	(void)state;
	static const int errs[] = {ENOSYS, EPERM};
	struct web w;
	fill(&w);
	for (size_t i = 0; i < 2; i++) {
		int status = 0;
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(under_filter(w.root, errs[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	web_done(&w);
}

/* Something on the way is renamed while the kernel looks: that is no news for long, and if it goes on
 * and on it is an error that passes. */
static void test_renamed_meanwhile(void **state)
{
	(void)state;
	static const int errs[] = {EAGAIN, EINTR};
	struct web w;
	struct beneath b;
	struct stat st;
	fill(&w);
	assert_int_equal(beneath_init(&b, w.root), 0);
	for (size_t i = 0; i < 2; i++) {
		busy = 3;
		busy_err = errs[i];
		assert_int_equal(beneath_stat(&b, "a.txt", &st), 0);
		assert_int_equal(busy, 0);
		busy = 1000;
		assert_int_equal(beneath_stat(&b, "a.txt", &st), -errs[i]);
		assert_true(busy > 900);
	}
	busy = 3;
	busy_err = ENOENT;
	assert_int_equal(beneath_stat(&b, "a.txt", &st), -ENOENT);
	assert_int_equal(busy, 2);
	busy = 0;
	beneath_done(&b);
	web_done(&w);
}

static void test_init_errors(void **state)
{
	(void)state;
	struct web w;
	struct beneath b;
	char path[WEB_PATH];
	fill(&w);
	unsigned before = web_open_fds();
	assert_int_equal(beneath_init(&b, web_path(&w, "missing", path)), -ENOENT);
	assert_int_equal(beneath_init(&b, web_path(&w, "secret.txt", path)), -ENOTDIR);
	assert_int_equal(beneath_init(&b, web_path(&w, "root/fifo", path)), -ENOTDIR);
	assert_int_equal(beneath_init(&b, ""), -ENOENT);
	assert_int_equal(web_open_fds(), before);
	web_done(&w);
}

/* Folders that cannot be read, or not be entered, are refused at once. As root nothing is, so
 * somebody else tries. */
static int try_modes(const struct web *w)
{
	struct beneath b;
	char path[WEB_PATH];

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	if (beneath_init(&b, web_path(w, "root/no-read", path)) != -EACCES)
		return 2;
	if (beneath_init(&b, web_path(w, "root/no-enter", path)) != -EACCES)
		return 3;
	return beneath_init(&b, w->root) == 0 ? 0 : 4;
}

static void test_init_permissions(void **state)
{
	(void)state;
	struct web w;
	char path[WEB_PATH];
	int status = 0;
	fill(&w);
	web_mkdir(&w, "root/no-read");
	web_mkdir(&w, "root/no-enter");
	assert_int_equal(chmod(web_path(&w, "root/no-read", path), 0111), 0);
	assert_int_equal(chmod(web_path(&w, "root/no-enter", path), 0444), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(try_modes(&w));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(web_path(&w, "root/no-read", path), 0755), 0);
	assert_int_equal(chmod(web_path(&w, "root/no-enter", path), 0755), 0);
	web_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_kernel),
		UNIT(test_walk),
		UNIT(test_kinds),
		UNIT(test_without_openat2),
		UNIT(test_renamed_meanwhile),
		UNIT(test_init_errors),
		UNIT(test_init_permissions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
