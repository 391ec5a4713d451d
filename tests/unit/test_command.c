/* Programs looked at from outside. The files are made here: of each ELF file only the headers. */
#include "wrap/command.h"
#include "unit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 32 };

struct folder {
	char dir[64];
	char paths[FILES][COMMAND_PATH];
	unsigned n;
};

static void folder_open(struct folder *f)
{
	*f = (struct folder){0};
	snprintf(f->dir, sizeof f->dir, "/tmp/websplice-command-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
}

static void folder_close(struct folder *f)
{
	while (f->n)
		unlink(f->paths[--f->n]);
	assert_int_equal(rmdir(f->dir), 0);
}

static const char *put(struct folder *f, const char *name, const void *bytes, size_t n,
                       unsigned mode)
{
	char made[128];
	char *path = f->paths[f->n++];
	assert_true(f->n <= FILES);
	int len = snprintf(made, sizeof made, "%s/%s", f->dir, name);
	memcpy(path, made, (size_t)len + 1);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static const char *script(struct folder *f, const char *name, const char *text)
{
	return put(f, name, text, strlen(text), 0755);
}

/* ---- where it is ---- */

static void test_find(void **state)
{
	struct folder f;
	char path[COMMAND_PATH], search[256], name[COMMAND_PATH + 100];
	(void)state;
	folder_open(&f);
	const char *good = script(&f, "good", "x"), *plain = put(&f, "plain", "x", 1, 0644);
	snprintf(search, sizeof search, "/nonexistent:%s:/bin", f.dir);
	assert_int_equal(command_find("good", search, path), COMMAND_OK);
	assert_string_equal(path, good);
	assert_int_equal(command_find("sh", search, path), COMMAND_OK);
	assert_string_equal(path, "/bin/sh");
	assert_int_equal(command_find("sh", NULL, path), COMMAND_OK);
	assert_int_equal(command_find(good, "", path), COMMAND_OK);
	assert_string_equal(path, good);
	assert_int_equal(command_find("plain", search, path), COMMAND_DENIED);
	assert_string_equal(path, plain);
	assert_int_equal(command_find(plain, search, path), COMMAND_DENIED);
	assert_int_equal(command_find(f.dir, search, path), COMMAND_DENIED); /* a folder */
	assert_int_equal(command_find("nonesuch", search, path), COMMAND_MISSING);
	assert_int_equal(command_find("./nonesuch", search, path), COMMAND_MISSING);
	assert_int_equal(command_find("", search, path), COMMAND_MISSING);
	if (geteuid() != 0) {
		assert_int_equal(command_find("/root/x", search, path), COMMAND_DENIED);
		assert_int_equal(command_find("x", "/root", path), COMMAND_MISSING);
	}
	/* one that may be run is better than an earlier one that may not */
	snprintf(search, sizeof search, "%s:/bin", f.dir);
	put(&f, "sh", "x", 1, 0644);
	assert_int_equal(command_find("sh", search, path), COMMAND_OK);
	assert_string_equal(path, "/bin/sh");
	/* an empty entry is the working directory */
	assert_int_equal(command_find("Makefile", ":/bin", path), COMMAND_DENIED);
	assert_string_equal(path, "./Makefile");
	/* and no other part of an entry is anything */
	assert_int_equal(command_find("Makefile", "/nonexistent/.:/bin", path), COMMAND_MISSING);
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = 0;
	assert_int_equal(command_find(name, search, path), COMMAND_MISSING);
	folder_close(&f);
}

/* ---- what it is ---- */

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr ehdr;
typedef Elf64_Phdr phdr;
enum { OURS = ELFCLASS64, OTHER = ELFCLASS32 };
#else
typedef Elf32_Ehdr ehdr;
typedef Elf32_Phdr phdr;
enum { OURS = ELFCLASS32, OTHER = ELFCLASS64 };
#endif

struct image {
	ehdr head;
	phdr segments[2];
	char interp[64];
};

/* Our own header, with another loader. */
static struct image image_of(const char *interp)
{
	struct image i = {0};
	int fd = open("/proc/self/exe", O_RDONLY);
	assert_int_equal(read(fd, &i.head, sizeof i.head), sizeof i.head);
	close(fd);
	i.head.e_phoff = offsetof(struct image, segments);
	i.head.e_phnum = 2;
	i.segments[0].p_type = PT_LOAD;
	i.segments[1].p_type = interp ? PT_INTERP : PT_DYNAMIC;
	i.segments[1].p_offset = offsetof(struct image, interp);
	i.segments[1].p_filesz = interp ? strlen(interp) + 1 : 0;
	snprintf(i.interp, sizeof i.interp, "%s", interp ? interp : "");
	return i;
}

static enum command_flaw look(const char *path)
{
	char flawed[COMMAND_PATH];
	return command_look(path, flawed);
}

static void test_elf(void **state)
{
	struct folder f;
	struct image i;
	(void)state;
	folder_open(&f);
	assert_int_equal(look("/bin/sh"), COMMAND_OK);
	assert_int_equal(look("/proc/self/exe"), COMMAND_OK);
	i = image_of(NULL);
	assert_int_equal(look(put(&f, "static", &i, sizeof i, 0755)), COMMAND_STATIC);
	i = image_of("/lib/ld-musl-x86_64.so.1");
	assert_int_equal(look(put(&f, "musl", &i, sizeof i, 0755)), COMMAND_LIBC);
	i.head.e_machine ^= 1;
	assert_int_equal(look(put(&f, "machine", &i, sizeof i, 0755)), COMMAND_CLASS);
	i.head.e_ident[EI_CLASS] = OTHER;
	assert_int_equal(look(put(&f, "class", &i, sizeof i, 0755)), COMMAND_CLASS);
	i.head.e_ident[EI_CLASS] = OURS;
	i.head.e_ident[EI_DATA] ^= 3;
	assert_int_equal(look(put(&f, "order", &i, sizeof i, 0755)), COMMAND_CLASS);
	folder_close(&f);
}

/* Nothing in a file leads us astray: cut anywhere, and every byte of the headers another. */
static void test_broken_elf(void **state)
{
	struct folder f;
	struct image i = image_of("/lib64/ld-linux-x86-64.so.2");
	(void)state;
	folder_open(&f);
	for (size_t n = 0; n < sizeof i; n++) {
		look(put(&f, "cut", &i, n, 0755));
		f.n--;
	}
	for (size_t at = 0; at < offsetof(struct image, interp); at++) {
		struct image bad = i;
		((uint8_t *)&bad)[at] ^= 0xff;
		look(put(&f, "cut", &bad, sizeof bad, 0755));
		f.n--;
	}
	f.n++;
	folder_close(&f);
}

static void test_interpreter(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{"#!/bin/sh\n", "/bin/sh"},
		{"#! \t /bin/sh -e\n", "/bin/sh"},
		{"#!/bin/sh", "/bin/sh"},
		{"#!/bin/sh\r\n", "/bin/sh\r"},
		{"#!/usr/bin/env x\n", "/usr/bin/env"},
		{"echo\n", NULL},
		{"#!\n", NULL},
		{"", NULL},
	};
	struct folder f;
	char got[COMMAND_PATH];
	(void)state;
	folder_open(&f);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[8];
		snprintf(name, sizeof name, "%zu", i);
		unit_note("row %zu", i);
		assert_int_equal(command_interpreter(script(&f, name, rows[i].text), got),
		                 rows[i].names != NULL);
		if (rows[i].names)
			assert_string_equal(got, rows[i].names);
	}
	assert_false(command_interpreter("/nonexistent/x", got));
	unit_note_clear();
	/* longer than the kernel reads: as far as that goes */
	char text[1000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	memcpy(text, "#!/", 3);
	assert_true(command_interpreter(script(&f, "long", text), got));
	assert_true(strlen(got) >= 200 && strlen(got) < 256);
	folder_close(&f);
}

static void test_scripts(void **state)
{
	struct folder f;
	char text[512], flawed[COMMAND_PATH];
	struct image i = image_of(NULL);
	(void)state;
	folder_open(&f);
	const char *fixed = put(&f, "static", &i, sizeof i, 0755);
	assert_int_equal(look(script(&f, "sh", "#!/bin/sh\nexit 0\n")), COMMAND_OK);
	assert_int_equal(look(script(&f, "none", "echo no first line\n")), COMMAND_OK);
	assert_int_equal(look(script(&f, "empty", "")), COMMAND_OK);
	assert_int_equal(look(script(&f, "gone", "#!/nonexistent/sh\n")), COMMAND_OK);
	assert_int_equal(look(script(&f, "env", "#!/usr/bin/env sh\n")), COMMAND_OK);
	assert_int_equal(look(script(&f, "bare", "#!/usr/bin/env\n")), COMMAND_OK);
	snprintf(text, sizeof text, "#! \t%s -x\n", fixed);
	const char *one = script(&f, "one", text);
	assert_int_equal(command_look(one, flawed), COMMAND_STATIC);
	assert_string_equal(flawed, fixed);
	snprintf(text, sizeof text, "#!%s\n", one);
	assert_int_equal(look(script(&f, "two", text)), COMMAND_STATIC);
	snprintf(text, sizeof text, "#!/usr/bin/env -S A=b %s -x\n", fixed);
	assert_int_equal(look(script(&f, "env2", text)), COMMAND_STATIC);
	snprintf(text, sizeof text, "#!%s/self\n", f.dir); /* it goes round */
	assert_int_equal(look(script(&f, "self", text)), COMMAND_OK);
	folder_close(&f);
}

/* Rights count when they are more than ours. */
static void test_set_id(void **state)
{
	struct folder f;
	(void)state;
	folder_open(&f);
	struct image i = image_of("/x");
	const char *path = put(&f, "own", &i, sizeof i, 0755);
	enum command_flaw usual = look(path);
	assert_int_equal(chmod(path, 06755), 0);
	assert_int_equal(look(path), usual); /* our own */
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(chmod(path, 04755), 0);
		assert_int_equal(look(path), COMMAND_SETID);
		assert_int_equal(chmod(path, 02755), 0);
		assert_int_equal(look(path), COMMAND_SETID);
		assert_int_equal(chmod(path, 02745), 0); /* locking, not rights */
		assert_int_equal(look(path), usual);
		assert_int_equal(chmod(path, 04755), 0);
	} else {
		path = "/usr/bin/su";
		assert_int_equal(look(path), COMMAND_SETID);
	}
	/* and only where the kernel gives them */
	pid_t pid = fork();
	if (pid == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && look(path) != COMMAND_SETID
		              ? 0
		              : 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	folder_close(&f);
}

static void test_texts(void **state)
{
	(void)state;
	for (int i = COMMAND_OK; i <= COMMAND_LIBC; i++)
		assert_true(strlen(command_flaw_text((enum command_flaw)i)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_find),    UNIT(test_elf),         UNIT(test_broken_elf),
		UNIT(test_scripts), UNIT(test_interpreter), UNIT(test_set_id),
		UNIT(test_texts),
	};
	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
