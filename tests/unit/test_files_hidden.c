/* Files that lie beneath the root and are not to be seen. */
#include "unit.h"
#include "web_dir.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct web_reply reply;

static bool body_has(const struct web_reply *r, const char *word)
{
	return memmem(r->body, r->len, word, strlen(word)) != NULL;
}

static void fill(struct web *w)
{
	web_init(w);
	web_text(w, "root/a.txt", "a");
}

/* Keys, logs and token files stay out of sight under every name, before and after a renewal. */
static void test_hidden_files(void **state)
{
	(void)state;
	struct web w;
	char path[WEB_PATH], link_path[WEB_PATH];
	fill(&w);
	web_text(&w, "root/key.pem", "secret");
	assert_int_equal(
		link(web_path(&w, "root/key.pem", path), web_path(&w, "root/hard.txt", link_path)),
		0);
	web_link(&w, "key.pem", "root/soft.txt");
	web_open(&w, true);
	assert_int_equal(files_hide(w.files, path), 0);
	assert_int_equal(files_hide(w.files, web_path(&w, "root/later.log", path)), 0);
	static const char *const targets[] = {"/key.pem", "/hard.txt", "/soft.txt"};
	for (size_t i = 0; i < 3; i++) {
		web_get(&w, &reply, targets[i]);
		assert_int_equal(reply.status, 404);
	}
	web_get(&w, &reply, "/");
	assert_int_equal(reply.status, 200);
	assert_true(body_has(&reply, "a.txt"));
	assert_false(body_has(&reply, "key.pem") || body_has(&reply, "hard.txt") ||
	             body_has(&reply, "soft.txt"));

	web_text(&w, "root/new.pem", "secret");
	char to[WEB_PATH];
	assert_int_equal(
		rename(web_path(&w, "root/new.pem", path), web_path(&w, "root/key.pem", to)), 0);
	web_get(&w, &reply, "/key.pem");
	assert_int_equal(reply.status, 404);
	web_text(&w, "root/later.log", "secret");
	web_get(&w, &reply, "/later.log");
	assert_int_equal(reply.status, 404);
	web_get(&w, &reply, "/a.txt");
	assert_int_equal(reply.status, 200);
	web_done(&w);
}

static void test_hidden_files_are_few(void **state)
{
	(void)state;
	struct web w;
	web_init(&w);
	web_open(&w, false);
	for (int i = 0; i < FILES_HIDDEN; i++)
		assert_int_equal(files_hide(w.files, "/nowhere"), 0);
	assert_int_equal(files_hide(w.files, "/nowhere"), -ENOSPC);
	web_done(&w);
}

/* As root nothing is unreadable, so somebody else asks. */
static int ask_unreadable(struct web *w)
{
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	web_get(w, &reply, "/locked.txt");
	if (reply.status != 404)
		return 2;
	web_get(w, &reply, "/locked/a.txt");
	if (reply.status != 404)
		return 3;
	web_get(w, &reply, "/locked/");
	if (reply.status != 404)
		return 4;
	web_get(w, &reply, "/a.txt");
	return reply.status == 200 ? 0 : 5;
}

static void test_unreadable(void **state)
{
	(void)state;
	struct web w;
	char path[WEB_PATH];
	int status = 0;
	fill(&w);
	web_text(&w, "root/locked.txt", "secret");
	assert_int_equal(chmod(web_path(&w, "root/locked.txt", path), 0), 0);
	web_mkdir(&w, "root/locked");
	web_text(&w, "root/locked/a.txt", "secret");
	assert_int_equal(chmod(web_path(&w, "root/locked", path), 0), 0);
	web_open(&w, true);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(ask_unreadable(&w));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(path, 0755), 0);
	web_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_hidden_files),
		UNIT(test_hidden_files_are_few),
		UNIT(test_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
