/* The HTTP phase of a connection, on a memory link: what is answered, in which order, within
 * which bounds. Head parsing has its own tests, files have theirs; here they meet.
 */
#include "unit.h"

#include "../fake/duo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static bool heard(const struct duo *d, const char *text)
{
	return d->client->heard_len > 0 &&
	       memmem(d->client->heard, d->client->heard_len, text, strlen(text)) != NULL;
}

static unsigned heard_times(const struct duo *d, const char *text)
{
	const uint8_t *at = d->client->heard, *end = at + d->client->heard_len;
	unsigned n = 0;

	while (at && (at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
		at += strlen(text);
		n++;
	}
	return n;
}

static void say(struct duo *d, const char *text)
{
	mem_say(d->client, span_str(text));
	duo_turn(d);
}

static void end(struct duo *d)
{
	if (!d->client->says_eof)
		mem_say_eof(d->client);
	for (int i = 0; i < 200 && d->client->pending_len > 0; i++) {
		mem_take(d->client, SIZE_MAX);
		duo_turn(d);
	}
	duo_turn(d);
	assert_int_equal(d->ended, 1);
	duo_done(d);
}

static void begin(struct duo *d)
{
	duo_init(d);
	duo_connect(d);
}

/* --- answers without files ------------------------------------------------------------------ */

struct row {
	const char *ask, *status, *and_this; /* and_this: NULL or another thing that is heard */
	bool closes;
};

static const struct row rows[] = {
	{GET("/"), "HTTP/1.1 404 ", "WebSocket", false},
	{"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 ", "Content-Length: ", false},
	{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "Connection: close", true},
	{"GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 404 ",
         "proxy_http_version", true},
	{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 ", NULL, true},
	{"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n", true},
	{"OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n", true},
	{"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", NULL, true},
	{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", NULL, true},
	{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 ", NULL,
         true},
	{"RFB 003.008\n\n", "HTTP/1.1 400 ", NULL, true},
	{"HEAD / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         "HTTP/1.1 405 ", "Allow: GET\r\n", true},
	{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         "HTTP/1.1 426 ", "Sec-WebSocket-Version: 13\r\n", false},
	{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n\r\n",
         "HTTP/1.1 400 ", NULL, true},
	{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Protocol: chat, soap\r\n\r\n",
         "HTTP/1.1 400 ", "binary", true},
	{"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Origin: https://evil.example\r\n\r\n",
         "HTTP/1.1 403 ", "--allow-origin", true},
};

static void check_row(const struct row *r, size_t cut)
{
	struct duo d;

	begin(&d);
	d.client->cut = cut;
	say(&d, r->ask);
	assert_memory_equal(d.client->heard, r->status, strlen(r->status));
	if (r->and_this)
		assert_true(heard(&d, r->and_this));
	assert_true(heard(&d, "Content-Length: "));
	assert_int_equal(d.client->got_finish, r->closes);
	assert_int_equal(heard(&d, "Connection: close"), r->closes);
	assert_null(d.fake.dialed);
	end(&d);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unit_note("row %zu", i);
		check_row(&rows[i], 0);
		check_row(&rows[i], 1);
	}
}

/* No answer in HTTP: whoever speaks TLS would not understand it. */
static void test_tls_hello(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	say(&d, "\x16\x03\x01\x02");
	assert_true(d.client->got_close && !d.client->got_reset);
	assert_int_equal(d.client->heard_len, 0);
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_true(fake_logged(&d.fake, "info  TLS failed client=192.0.2.7:4711 layer=tls "
	                                 "reason=\"TLS on a port that has no certificate (see "
	                                 "--cert)\""));
	end(&d);
}

static void test_head_has_no_body(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	say(&d, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_memory_equal(d.client->heard + d.client->heard_len - 4, "\r\n\r\n", 4);
	end(&d);
}

static void test_keep_alive_and_pipeline(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	say(&d, GET("/1") GET("/2") GET("/3") "GET /4 HT");
	assert_int_equal(heard_times(&d, "HTTP/1.1 404 "), 3);
	say(&d, "TP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(heard_times(&d, "HTTP/1.1 404 "), 4);
	assert_int_equal(d.fake.pool.taken, 0); /* between requests it holds nothing */
	assert_false(d.client->got_finish);
	fake_sleep(&d.fake, 30000);
	assert_true(d.client->got_finish);
	end(&d);
}

/* The client ends its direction behind the last request and still gets all answers. */
static void test_eof_behind_pipeline(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	mem_say(d.client, span_str(GET("/1") GET("/2") "GET /half"));
	mem_say_eof(d.client);
	duo_turn(&d);
	assert_int_equal(heard_times(&d, "HTTP/1.1 404 "), 2);
	assert_false(d.client->got_reset);
	end(&d);
}

/* A link may deliver once more after read(0): the handshake is looked at then, and once. */
static void test_one_more_event_behind_a_pipeline(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	struct link *l = d.client->link;
	l->ev->bytes(l->owner,
	             span_str(GET("/1") "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
	                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
	l->ev->bytes(l->owner, span_of("\x82\x80", 2));
	duo_turn(&d);
	assert_int_equal(heard_times(&d, "HTTP/1.1 "), 1);
	duo_backend(&d);
	assert_true(heard(&d, "HTTP/1.1 101 "));
	mem_say_eof(d.backend);
	end(&d);
}

/* Tiny requests, big answers, and nobody reads: the answers must not pile up. */
static void test_pipeline_is_bounded(void **state)
{
	struct duo d;
	enum { ASKS = 2000 };

	(void)state;
	begin(&d);
	d.client->window = 0;
	for (int i = 0; i < ASKS; i++)
		mem_say(d.client, span_str(GET("/")));
	duo_turn(&d);
	assert_true(d.client->queued_max < LINK_LOW + 1024);
	assert_true(d.client->said_len > 0);
	for (int i = 0; i < ASKS && d.client->pending_len > 0; i++) {
		mem_take(d.client, SIZE_MAX);
		duo_turn(&d);
	}
	assert_int_equal(heard_times(&d, "HTTP/1.1 404 "), ASKS);
	end(&d);
}

/* --- limits and deadlines ------------------------------------------------------------------- */

static void test_too_large(void **state)
{
	struct duo d;
	char big[20000];

	(void)state;
	memset(big, 'x', sizeof big);
	begin(&d);
	mem_say(d.client, span_str("GET / HTTP/1.1\r\nHost: a\r\nX: "));
	mem_say(d.client, span_of(big, sizeof big));
	duo_turn(&d);
	assert_memory_equal(d.client->heard, "HTTP/1.1 431 ", 13);
	end(&d);

	begin(&d);
	mem_say(d.client, span_str("GET /"));
	mem_say(d.client, span_of(big, sizeof big));
	duo_turn(&d);
	assert_memory_equal(d.client->heard, "HTTP/1.1 414 ", 13);
	end(&d);
}

static void test_dripping_head(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	for (int i = 0; i < 10; i++) { /* a byte a second does not put the deadline off */
		say(&d, "G");
		fake_sleep(&d.fake, 1000);
	}
	assert_false(d.client->got_finish);
	fake_sleep(&d.fake, 1000);
	assert_memory_equal(d.client->heard, "HTTP/1.1 408 ", 13);
	assert_true(d.client->got_finish);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_DEADLINE), 1);
	end(&d);
}

static void test_frames_behind_the_head(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	duo_handshake(&d, NULL);
	duo_client_frame(&d, WS_OP_BINARY, span_str("early"));
	duo_turn(&d);
	duo_backend(&d);
	assert_span(mem_heard(d.backend), span_str("early"));
	mem_say_eof(d.backend);
	duo_turn(&d);
	end(&d);
}

/* The same bytes in one read with the head. */
static void test_frames_in_the_heads_packet(void **state)
{
	struct duo d;
	static const char head[] =
		"GET /any/path HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

	(void)state;
	begin(&d);
	mem_say(d.client, span_str(head));
	duo_client_frame(&d, WS_OP_BINARY, span_str("early"));
	duo_turn(&d);
	duo_backend(&d);
	assert_span(mem_heard(d.backend), span_str("early"));
	assert_true(heard(&d, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	mem_say_eof(d.backend);
	duo_turn(&d);
	end(&d);
}

/* A client that sends more than it may while its backend is dialled is not read any further. */
static void test_early_frames_are_bounded(void **state)
{
	struct duo d;
	static uint8_t much[200000];

	(void)state;
	begin(&d);
	duo_handshake(&d, NULL);
	duo_client_frame(&d, WS_OP_BINARY, span_of(much, sizeof much));
	duo_turn(&d);
	assert_true(d.client->said_len > sizeof much - BUF_SIZE);
	assert_int_equal(d.fake.pool.taken, 1);
	duo_backend(&d);
	assert_int_equal(d.backend->heard_len, sizeof much);
	mem_say_eof(d.backend);
	duo_turn(&d);
	end(&d);
}

/* --- with files ----------------------------------------------------------------------------- */

enum { BIG = 700000 };

static void with_files(struct duo *d, char dir[32])
{
	char path[64];
	uint8_t *big = calloc(1, BIG);
	int fd;

	memcpy(dir, "/tmp/websplice-front-XXXXXX", sizeof "/tmp/websplice-front-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/big.bin", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, big, BIG), BIG);
	close(fd);
	free(big);
	duo_init(d);
	assert_int_equal(files_open(&d->site->files, dir, false), 0);
	duo_connect(d);
}

static void without_files(char dir[32])
{
	char path[64];

	snprintf(path, sizeof path, "%s/big.bin", dir);
	unlink(path);
	rmdir(dir);
}

static void test_file_to_a_slow_client(void **state)
{
	struct duo d;
	char dir[32];

	(void)state;
	with_files(&d, dir);
	d.client->window = 0;
	say(&d, GET("/big.bin") GET("/none"));
	assert_true(d.client->queued_max <= LINK_LOW + FILE_PIECE + 4096);
	fake_sleep(&d.fake, 3 * d.fake.limits.stall_ms); /* it is not the disk that is slow */
	assert_false(d.client->got_close);
	for (int i = 0; i < 1000 && d.client->pending_len > 0; i++) {
		mem_take(d.client, 20000);
		duo_turn(&d);
	}
	assert_true(d.client->queued_max <= LINK_LOW + FILE_PIECE + 4096);
	assert_memory_equal(d.client->heard, "HTTP/1.1 200 ", 13);
	assert_true(d.client->heard_len > BIG);
	assert_true(heard(&d, "HTTP/1.1 404 "));
	assert_true(fake_logged(&d.fake, "debug request answered client=192.0.2.7:4711 status=200 "
	                                 "method=GET path=/big.bin "));
	assert_true(fake_logged(&d.fake, "info  request refused client=192.0.2.7:4711 status=404 "
	                                 "method=GET path=/none "));
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_REQUESTS), 2);
	assert_int_equal(metric_get(&d.fake.metrics, METRIC_REFUSED), 1);
	end(&d);
	without_files(dir);
}

/* A file of which the client has a part; the jobs are held. */
static void in_the_middle(struct duo *d, char *dir)
{
	with_files(d, dir);
	d->client->window = 100000;
	d->fake.hold_jobs = true;
	say(d, GET("/big.bin"));
	fake_jobs(&d->fake);
	mem_take(d->client, SIZE_MAX);
}

static void test_client_leaves_in_the_middle_of_a_file(void **state)
{
	struct duo d;
	char dir[32];

	(void)state;
	in_the_middle(&d, dir);
	mem_reset(d.client, "client reset the connection");
	duo_turn(&d);
	d.fake.hold_jobs = false;
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	duo_done(&d);
	without_files(dir);
}

/* The server leaves in the middle of a file: the rest still goes out, and no request after it. */
static void test_stop_in_the_middle_of_a_file(void **state)
{
	const struct why why = {.layer = WHY_SERVER, .status = 503, .text = "we leave"};
	struct duo d;
	char dir[32];

	(void)state;
	with_files(&d, dir);
	d.client->window = 100000;
	say(&d, GET("/big.bin") GET("/none"));
	session_stop(LIST_OF(d.sessions.next, struct session, node), &why);
	duo_turn(&d);
	assert_false(d.client->got_finish);
	for (int i = 0; i < 1000 && d.client->pending_len > 0; i++) {
		mem_take(d.client, SIZE_MAX);
		duo_turn(&d);
	}
	assert_true(d.client->heard_len > BIG);
	assert_int_equal(heard_times(&d, "HTTP/1.1 "), 1);
	assert_true(d.client->got_finish);
	end(&d);
	without_files(dir);
}

/* Cut, and cut again, while a piece is being read. */
static void test_cut_in_the_middle_of_a_file(void **state)
{
	const struct why why = {.layer = WHY_SERVER, .status = 503, .text = "we leave"};
	struct duo d;
	char dir[32];

	(void)state;
	in_the_middle(&d, dir);
	duo_turn(&d);
	assert_int_equal(d.fake.jobs_n, 1);
	for (int i = 0; i < 2; i++)
		session_cut(LIST_OF(d.sessions.next, struct session, node), &why);
	duo_turn(&d);
	assert_int_equal(d.ended, 1);
	fake_jobs(&d.fake);
	duo_done(&d);
	without_files(dir);
}

/* A disk that does not answer: before the head an error can be told, after it the connection is
 * cut, and whenever the job comes back nothing is left.
 */
static void test_disk_hangs(void **state)
{
	(void)state;
	for (int promised = 0; promised < 2; promised++) {
		struct duo d;
		char dir[32];

		with_files(&d, dir);
		d.fake.hold_jobs = true;
		d.client->window = 100000;
		say(&d, GET("/big.bin"));
		if (promised) { /* some pieces; the next one never comes */
			fake_jobs(&d.fake);
			mem_take(d.client, SIZE_MAX);
			duo_turn(&d);
			assert_int_equal(d.fake.jobs_n, 1);
		}
		fake_sleep(&d.fake, 59999);
		assert_false(d.client->got_close);
		fake_sleep(&d.fake, 1);
		assert_true(d.client->got_close);
		assert_int_equal(d.client->got_reset, promised);
		assert_int_equal(heard(&d, "HTTP/1.1 503 "), !promised);
		assert_int_equal(metric_get(&d.fake.metrics, METRIC_DEADLINE), 1);
		d.fake.hold_jobs = false;
		fake_jobs(&d.fake);
		fake_sleep(&d.fake, 3000);
		assert_int_equal(d.ended, 1);
		assert_true(fake_logged(&d.fake, "connection ended client=192.0.2.7:4711 "
		                                 "layer=server reason=\"the file could not be read "
		                                 "in time\""));
		duo_done(&d);
		without_files(dir);
	}
}

/* A file cut short, or one that cannot be read on, cannot keep its Content-Length: the connection is
 * cut, not filled with junk.
 */
static void test_file_cut_short(void **state)
{
	static const char *const reasons[] = {"the file could not be read to its promised end",
	                                      "layer=server reason=\"out of memory\""};

	(void)state;
	for (int no_job = 0; no_job < 2; no_job++) {
		struct duo d;
		char dir[32], path[64];
		with_files(&d, dir);
		d.client->window = 100000;
		say(&d, GET("/big.bin"));
		snprintf(path, sizeof path, "%s/big.bin", dir);
		if (no_job)
			d.fake.job_error = -ENOMEM;
		else
			assert_int_equal(truncate(path, 1000), 0);
		for (int i = 0; i < 100 && d.client->link && !d.client->got_close; i++) {
			mem_take(d.client, SIZE_MAX);
			duo_turn(&d);
		}
		assert_true(d.client->got_reset);
		assert_int_equal(d.ended, 1);
		assert_true(fake_logged(&d.fake, reasons[no_job]));
		duo_done(&d);
		without_files(dir);
	}
}

/* Nobody to read it: said in HTTP, as long as nothing was promised. */
static void test_file_not_begun(void **state)
{
	struct duo d;
	char dir[32];

	(void)state;
	with_files(&d, dir);
	d.fake.job_error = -ENOMEM;
	say(&d, GET("/big.bin"));
	assert_memory_equal(d.client->heard, "HTTP/1.1 503 ", 13);
	assert_true(heard(&d, "Connection: close"));
	end(&d);
	without_files(dir);
}

static void test_upgrade_on_a_files_path(void **state)
{
	struct duo d;
	char dir[32];

	(void)state;
	with_files(&d, dir);
	say(&d, "GET /big.bin HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	assert_non_null(d.fake.dialed);
	mem_reset(d.client, "client reset the connection");
	duo_turn(&d);
	duo_done(&d);
	without_files(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_answers),
		UNIT(test_tls_hello),
		UNIT(test_head_has_no_body),
		UNIT(test_keep_alive_and_pipeline),
		UNIT(test_eof_behind_pipeline),
		UNIT(test_one_more_event_behind_a_pipeline),
		UNIT(test_pipeline_is_bounded),
		UNIT(test_too_large),
		UNIT(test_dripping_head),
		UNIT(test_frames_behind_the_head),
		UNIT(test_frames_in_the_heads_packet),
		UNIT(test_early_frames_are_bounded),
		UNIT(test_file_to_a_slow_client),
		UNIT(test_client_leaves_in_the_middle_of_a_file),
		UNIT(test_stop_in_the_middle_of_a_file),
		UNIT(test_cut_in_the_middle_of_a_file),
		UNIT(test_disk_hangs),
		UNIT(test_file_cut_short),
		UNIT(test_file_not_begun),
		UNIT(test_upgrade_on_a_files_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
