/* Which paths reach a file, and that no other does: attacks as a browser, or something that is no
 * browser, would send them.
 */
#include "unit.h"
#include "web_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static struct web_reply reply;

static void make_socket(const struct web *w, const char *rel)
{
	char path[WEB_PATH];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	int n = snprintf(at.sun_path, sizeof(at.sun_path), "%.90s", web_path(w, rel, path));
	assert_int_equal(n, strlen(path)); /* TMPDIR is too long otherwise */
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
}

/* Everything outside the root holds the word "secret", everything inside its own name. */
static void fill(struct web *w)
{
	char path[WEB_PATH];
	web_init(w);
	web_text(w, "secret.txt", "secret");
	web_mkdir(w, "rootling");
	web_text(w, "rootling/near.txt", "secret");
	web_text(w, "root/empty", "");
	web_text(w, "root/a.txt", "a");
	web_text(w, "root/a b+c.txt", "a b+c");
	web_text(w, "root/%2e%2e", "percent");
	web_text(w, "root/100%.txt", "100%");
	web_text(w, "root/\xc3\xa4.txt", "umlaut");
	web_text(w, "root/q?.txt", "question");
	web_text(w, "root/...txt", "dots");
	web_text(w, "root/.hidden", "secret");
	web_text(w, "root/back\\slash.txt", "secret");
	web_text(w, "root/bad\xff.txt", "secret");
	web_text(w, "root/new\nline.txt", "secret");
	web_mkdir(w, "root/sub");
	web_text(w, "root/sub/b.txt", "b");
	web_mkdir(w, "root/sub/.git");
	web_text(w, "root/sub/.git/config", "secret");
	web_mkdir(w, "root/node_modules");
	web_mkdir(w, "root/node_modules/@novnc");
	web_text(w, "root/node_modules/@novnc/rfb.js", "module");
	web_link(w, "a.txt", "root/in");
	web_link(w, "../a.txt", "root/sub/in");
	web_link(w, "sub", "root/subs");
	web_link(w, "../secret.txt", "root/up");
	web_link(w, "..", "root/parent");
	web_link(w, "../rootling", "root/sibling");
	web_link(w, web_path(w, "secret.txt", path), "root/out");
	web_link(w, "/proc/self/cwd", "root/cwd");
	web_link(w, ".hidden", "root/shown");
	assert_int_equal(mkfifo(web_path(w, "root/fifo", path), 0666), 0);
	make_socket(w, "root/socket");
}

static const struct {
	const char *target;
	unsigned status;
	const char *body; /* of a 200 */
} rows[] = {
	{"/a.txt", 200, "a"},
	{"/%61.txt", 200, "a"},
	{"/a%2Etxt", 200, "a"},
	{"/a.txt?x=../../secret.txt", 200, "a"},
	{"/a.txt?", 200, "a"},
	{"/a%20b+c.txt", 200, "a b+c"},
	{"/a%20b%2Bc.txt", 200, "a b+c"},
	{"/a+b+c.txt", 404, NULL}, /* a plus is a plus in a path */
	{"/100%25.txt", 200, "100%"},
	{"/%C3%A4.txt", 200, "umlaut"},
	{"/\xc3\xa4.txt", 200, "umlaut"},
	{"/q%3f.txt", 200, "question"},
	{"/q?.txt", 404, NULL},
	{"/sub/b.txt", 200, "b"},
	{"/sub//b.txt", 200, "b"},
	{"/sub/./b.txt", 200, "b"},
	{"/./a.txt", 200, "a"},
	{"/%2e/a.txt", 200, "a"},
	{"/sub%2fb.txt", 200, "b"},
	{"/node_modules/@novnc/rfb.js", 200, "module"},
	{"/in", 200, "a"},
	{"/sub/in", 200, "a"},
	{"/subs/b.txt", 200, "b"},
	/* up and out */
	{"/../secret.txt", 400, NULL},
	{"/%2e%2e/secret.txt", 400, NULL},
	{"/%2E%2E%2Fsecret.txt", 400, NULL},
	{"/.%2e/secret.txt", 400, NULL},
	{"/..%2fsecret.txt", 400, NULL},
	{"/sub/../../secret.txt", 400, NULL},
	{"/sub/../a.txt", 400, NULL},
	{"/..", 400, NULL},
	{"/../", 400, NULL},
	{"/sub/..", 400, NULL},
	{"/../rootling/near.txt", 400, NULL},
	{"/....//secret.txt", 404, NULL},
	{"/..;/secret.txt", 404, NULL},
	{"/..%00/secret.txt", 400, NULL},
	{"/..\\secret.txt", 400, NULL},
	{"/..%5csecret.txt", 400, NULL},
	{"/back%5Cslash.txt", 400, NULL},
	/* decoded once, not twice */
	{"/%252e%252e", 200, "percent"},
	{"/%252e%252e/secret.txt", 404, NULL},
	{"/%252e%252e%252fsecret.txt", 404, NULL},
	{"/%25%32%65", 404, NULL},
	{"/%2561.txt", 404, NULL},
	/* other spellings of a dot, a slash and the end */
	{"/%c0%ae%c0%ae/secret.txt", 400, NULL},
	{"/%c0%afsecret.txt", 400, NULL},
	{"/%e0%80%ae%e0%80%ae/secret.txt", 400, NULL},
	{"/%f0%80%80%ae/secret.txt", 400, NULL},
	{"/%ed%a0%80", 400, NULL},
	{"/bad%ff.txt", 400, NULL},
	{"/\xff", 400, NULL},
	{"/a.txt%00", 400, NULL},
	{"/a.txt%00.png", 400, NULL},
	{"/%0a", 400, NULL},
	{"/new%0Aline.txt", 400, NULL},
	{"/%0d%0aX-Bad:%20yes", 400, NULL},
	{"/%7f", 400, NULL},
	{"/%", 400, NULL},
	{"/%4", 400, NULL},
	{"/%zz", 400, NULL},
	{"/%u002e", 400, NULL},
	{"//a.txt", 400, NULL},
	{"//evil.example/..", 400, NULL},
	{"///a.txt", 400, NULL},
	{"/%2fa.txt", 400, NULL},
	{"", 400, NULL},
	{"a.txt", 400, NULL},
	{"*", 400, NULL},
	{"http://evil.example/a.txt", 400, NULL},
	/* links that leave, or would by another way */
	{"/up", 404, NULL},
	{"/parent/secret.txt", 404, NULL},
	{"/parent/root/a.txt", 404, NULL},
	{"/sibling/near.txt", 404, NULL},
	{"/out", 404, NULL},
	{"/cwd/a.txt", 404, NULL},
	/* hidden */
	{"/.hidden", 404, NULL},
	{"/%2ehidden", 404, NULL},
	{"/sub/.git/config", 404, NULL},
	{"/sub/.git/", 404, NULL},
	{"/sub/.git", 404, NULL},
	{"/...txt", 404, NULL},
	/* no files */
	{"/fifo", 404, NULL},
	{"/socket", 404, NULL},
	{"/missing", 404, NULL},
	{"/missing/a.txt", 404, NULL},
	{"/a.txt/", 404, NULL},
	{"/a.txt/.", 404, NULL},
	{"/empty/", 404, NULL},
	{"/a.txt/b", 404, NULL},
	{"/fifo/", 404, NULL},
	/* folders without an index */
	{"/", 404, NULL},
	{"/sub/", 404, NULL},
	{"/sub", 301, NULL},
	{"/subs", 301, NULL},
	{"/parent", 404, NULL},
	{"/parent/", 404, NULL},
};

static bool body_has(const struct web_reply *r, const char *word)
{
	return memmem(r->body, r->len, word, strlen(word)) != NULL;
}

static void check_rows(struct web *w)
{
	unsigned fds = web_open_fds();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_note("%s", rows[i].target);
		web_get(w, &reply, rows[i].target);
		assert_int_equal(reply.status, rows[i].status);
		assert_false(body_has(&reply, "secret"));
		if (rows[i].body)
			assert_span(span_of(reply.body, reply.len), span_str(rows[i].body));
		/* an error's text comes with its head */
		assert_true(rows[i].body || reply.len == 0);
		assert_int_equal(reply.readies, 1);
		assert_null(memmem(reply.head, reply.head_len, "evil", 4));
		assert_int_equal(web_open_fds(), fds);
	}
	unit_note_clear();
}

/* A hang at the FIFO ends the test instead of the build. */
static void test_paths(void **state)
{
	(void)state;
	struct web w;
	alarm(60);
	fill(&w);
	web_open(&w, false);
	check_rows(&w);
	web_done(&w);
	alarm(0);
}

/* A FIFO is looked at, never opened: that alone would wake whoever waits at its other end. A file
 * beside it shows that an open would have been seen. */
static void test_fifo_is_left_alone(void **state)
{
	(void)state;
	struct web w;
	char path[WEB_PATH], event[4096];
	fill(&w);
	web_open(&w, true);
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(watch >= 0);
	assert_true(inotify_add_watch(watch, web_path(&w, "root/fifo", path), IN_OPEN) >= 0);
	assert_true(inotify_add_watch(watch, web_path(&w, "root/a.txt", path), IN_OPEN) >= 0);
	web_get(&w, &reply, "/fifo");
	assert_int_equal(reply.status, 404);
	assert_int_equal(read(watch, event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	web_get(&w, &reply, "/a.txt");
	assert_true(read(watch, event, sizeof(event)) > 0);
	close(watch);
	web_done(&w);
}

static void test_dot_files_with_listing(void **state)
{
	(void)state;
	struct web w;
	fill(&w);
	web_open(&w, true);
	web_get(&w, &reply, "/.hidden");
	assert_int_equal(reply.status, 200);
	web_get(&w, &reply, "/sub/.git/config");
	assert_int_equal(reply.status, 200);
	web_get(&w, &reply, "/../secret.txt");
	assert_int_equal(reply.status, 400);
	web_get(&w, &reply, "/out");
	assert_int_equal(reply.status, 404);
	web_done(&w);
}

/* A link decides under which name a file is seen: what it names need not be seen itself. */
static void test_link_to_a_dot_file(void **state)
{
	(void)state;
	struct web w;
	fill(&w);
	web_open(&w, false);
	web_get(&w, &reply, "/shown");
	assert_int_equal(reply.status, 200);
	web_done(&w);
}

/* Links of the kernel's own lead anywhere; as a root, /proc has plenty. */
static void test_magic_links(void **state)
{
	(void)state;
	static const char *const targets[] = {"/self/root/etc/passwd", "/self/exe", "/self/cwd",
	                                      "/self/fd/0", "/self/root"};
	struct web w;
	web_init(&w);
	assert_int_equal(files_open(&w.files, "/proc", false), 0);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		unit_note("%s", targets[i]);
		web_get(&w, &reply, targets[i]);
		assert_int_equal(reply.status, 404);
	}
	unit_note_clear();
	web_done(&w);
}

static void test_devices(void **state)
{
	(void)state;
	struct web w;
	web_init(&w);
	assert_int_equal(files_open(&w.files, "/dev", false), 0);
	web_get(&w, &reply, "/null");
	assert_int_equal(reply.status, 404);
	web_get(&w, &reply, "/zero");
	assert_int_equal(reply.status, 404);
	web_done(&w);
}

static void test_long_names(void **state)
{
	(void)state;
	static char target[HTTP_TARGET_MAX + 1];
	static const size_t sizes[] = {255, 256, 4095, 4096, 4097, HTTP_TARGET_MAX};
	struct web w;
	fill(&w);
	web_open(&w, true);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(target, 'n', sizes[i]);
		target[0] = '/';
		target[sizes[i]] = 0;
		web_get(&w, &reply, target);
		assert_int_equal(reply.status, 404);
		for (size_t at = 0; at + 2 <= sizes[i]; at += 2)
			memcpy(target + at, "/n", 2);
		web_get(&w, &reply, target);
		assert_int_equal(reply.status, 404);
	}
	web_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_paths),
		UNIT(test_fifo_is_left_alone),
		UNIT(test_dot_files_with_listing),
		UNIT(test_link_to_a_dot_file),
		UNIT(test_magic_links),
		UNIT(test_devices),
		UNIT(test_long_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
