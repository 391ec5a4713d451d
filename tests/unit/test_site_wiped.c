/* ldflags: -Wl,--wrap=free */
/* Building a site leaves no key and no password on the heap: not the files that were read, not what
 * was found in them, not what is kept for the next build once that is wiped.
 */
#include "options_line.h"
#include "unit.h"

#include "../fake/certs.h"
#include "free_watch.h"

#include "app/tls_build.h"

#include <fcntl.h>
#include <mbedtls/aes.h>
#include <mbedtls/md5.h>
#include <mbedtls/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PASSWORD "sesame, open yourself"

enum { LINE = 40, MORE = 20000 };

static void nothing_found(void)
{
	assert_int_equal(free_watch_end(), 0);
}

/* ---- files ---- */

/* In dir: cert.pem, key.pem, locked.pem (the same key, encrypted), password; "$" in a command line. */
struct world {
	char dir[64], old[4096];
	struct cert leaf;
	char locked[CERT_PEM];
	struct options o;
	struct options_line line;
	struct tls_kept kept;
	struct site *site;
	char err[SITE_ERROR];
};

/* Not by stdio, which has buffers of its own. */
static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* As `openssl ec -aes128` did it for decades: the key is MD5 of password and salt. */
static void lock(struct world *w)
{
	enum { DER = 512, BLOCK = 16 };
	static const uint8_t salt[BLOCK] = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20";
	uint8_t der[DER + BLOCK], seed[sizeof PASSWORD - 1 + 8], key[BLOCK], iv[BLOCK];
	mbedtls_aes_context aes;
	size_t n;

	int r = mbedtls_pk_write_key_der(&w->leaf.key, der, DER);
	assert_true(r > 0);
	size_t pad = BLOCK - (size_t)r % BLOCK;
	memmove(der, der + DER - r, (size_t)r);
	memset(der + r, (int)pad, pad);
	memcpy(seed, PASSWORD, sizeof PASSWORD - 1);
	memcpy(seed + sizeof PASSWORD - 1, salt, 8);
	assert_int_equal(mbedtls_md5(seed, sizeof seed, key), 0);
	memcpy(iv, salt, BLOCK);
	mbedtls_aes_init(&aes);
	assert_int_equal(mbedtls_aes_setkey_enc(&aes, key, 128), 0);
	assert_int_equal(
		mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, (size_t)r + pad, iv, der, der), 0);
	mbedtls_aes_free(&aes);
	assert_int_equal(mbedtls_pem_write_buffer(
				 "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
				 "DEK-Info: AES-128-CBC,0102030405060708090A0B0C0D0E0F10\n\n",
				 "-----END EC PRIVATE KEY-----\n", der, (size_t)r + pad,
				 (uint8_t *)w->locked, sizeof w->locked, &n),
	                 0);
}

static struct world *world_open(void)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	cert_make(&w->leaf, &(struct cert_spec){.cn = "vnc1", .dns = {"vnc1"}});
	snprintf(w->dir, sizeof w->dir, "/tmp/websplice-wiped-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(getcwd(w->old, sizeof w->old));
	assert_int_equal(chdir(w->dir), 0);
	lock(w);
	put("cert.pem", w->leaf.pem);
	put("key.pem", w->leaf.key_pem);
	put("locked.pem", w->locked);
	put("password", PASSWORD "\n");
	return w;
}

static void world_close(struct world *w)
{
	static const char *const names[] = {"cert.pem", "key.pem", "locked.pem", "password",
	                                    "state/self-signed.pem"};

	unit_note_clear();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	rmdir("state");
	assert_int_equal(chdir(w->old), 0);
	assert_int_equal(rmdir(w->dir), 0);
	cert_free(&w->leaf);
	free(w);
}

/* Built and gone again, but for what is kept. */
static void build(struct world *w, const char *words)
{
	unit_note("%s", words);
	if (options_line_parse(&w->o, &w->line, words, w->err) < 0 ||
	    site_build(&w->site, &w->o, &w->kept, w->err) < 0)
		fail_msg("%s", w->err);
	assert_true(w->site->tls || w->site->backend_tls);
	site_unref(w->site);
	w->site = NULL;
}

/* ---- what is found ---- */

/* What stands in the middle of the file: no "-----BEGIN" or its like. */
static struct span line_of(char copy[LINE], const char *pem)
{
	const char *end = strstr(pem, "-----END");

	assert_non_null(end);
	assert_true(end - pem > 2 * LINE);
	memcpy(copy, end - 2 * LINE, LINE);
	return span_of(copy, LINE);
}

/* The file of a key, towards clients and towards the backend. */
static void test_key_file(void **state)
{
	struct world *w = world_open();
	char line[LINE];

	(void)state;
	free_watch(line_of(line, w->leaf.key_pem));
	build(w, "--cert=cert.pem --key=key.pem 1 a:2");
	build(w, "--ssl-target --ssl-target-insecure --ssl-target-cert=cert.pem "
	         "--ssl-target-key=key.pem 1 a:2");
	nothing_found();
	world_close(w);
}

/* One that is so long that it is moved while it is read. */
static void test_long_file(void **state)
{
	struct world *w = world_open();
	char line[LINE], *text = malloc(CERT_PEM + MORE + 1);

	(void)state;
	assert_non_null(text);
	int n = snprintf(text, CERT_PEM, "%s", w->leaf.key_pem);
	memset(text + n, '\n', MORE);
	text[n + MORE] = 0;
	assert_int_equal(unlink("key.pem"), 0);
	put("key.pem", text);
	free(text);
	free_watch(line_of(line, w->leaf.key_pem));
	build(w, "--cert=cert.pem --key=key.pem 1 a:2");
	nothing_found();
	world_close(w);
}

/* From the command line, from a file, and from a pipe, which can be read once: that one is kept. */
static void test_password(void **state)
{
	static const char zero[OPTIONS_PASSWORD];
	struct world *w = world_open();
	char words[128];
	int ends[2];

	(void)state;
	free_watch(span_str(PASSWORD));
	build(w, "--cert=cert.pem --key=locked.pem --key-password-file=password 1 a:2");
	/* "_" stands for a blank */
	build(w, "--cert=cert.pem --key=locked.pem --key-password=sesame,_open_yourself 1 a:2");
	nothing_found();
	assert_int_equal(pipe(ends), 0);
	assert_true(write(ends[1], PASSWORD "\n", sizeof PASSWORD) == sizeof PASSWORD);
	close(ends[1]);
	snprintf(words, sizeof words,
	         "--cert=cert.pem --key=locked.pem --key-password-file=/proc/self/fd/%d 1 a:2",
	         ends[0]);
	free_watch(span_str(PASSWORD));
	build(w, words);
	close(ends[0]);
	build(w, words);
	nothing_found();
	assert_string_equal(w->kept.password, PASSWORD);
	tls_kept_wipe(&w->kept);
	assert_memory_equal(w->kept.password, zero, sizeof zero);
	world_close(w);
}

/* That of --self-signed: in memory, and in a state directory. */
static void test_self_signed(void **state)
{
	struct world *w = world_open();
	char line[LINE];

	(void)state;
	for (int stored = 0; stored < 2; stored++) {
		static const char *const words[] = {"--self-signed 1 a:2",
		                                    "--self-signed --state-dir=state 1 a:2"};
		build(w, words[stored]);
		assert_non_null(w->kept.self);
		free_watch(line_of(line, w->kept.self->key));
		build(w, words[stored]);
		tls_kept_wipe(&w->kept);
		nothing_found();
	}
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_key_file),
		UNIT(test_long_file),
		UNIT(test_password),
		UNIT(test_self_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
