/* What the wrapper reads: letters of rebind.so, lines of /proc/net/tcp, the output of a command. */
#include "../../src/wrap/listener.h"
#include "../../src/wrap/report.h"
#include "unit.h"
#include "wrap/lines.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY "00112233445566778899aabbccddeeff"

/* ---- reports ---- */

static bool parse(struct report *r, const char *line)
{
	struct edge e;
	edge_init(&e, 512);
	bool ok = report_parse(r, edge_copy(&e, span_str(line)), KEY);
	edge_done(&e);
	return ok;
}

static void test_reports(void **state)
{
	static const struct {
		const char *line;
		struct report want;
	} rows[] = {
		{"bind 127.0.0.1 41234 pid=812 family=4 key=" KEY "\n",
	         {.event = REPORT_BIND, .port = 41234, .pid = 812}},
		{"listen ::1 1 pid=1 family=6 key=" KEY "\n",
	         {.event = REPORT_LISTEN, .six = true, .port = 1, .pid = 1}},
		{"listen 127.0.0.1 65535 pid=812 family=6 key=" KEY "\n",
	         {.event = REPORT_LISTEN, .port = 65535, .pid = 812}},
		{"fail 127.0.0.1 5 pid=2 family=4 errno=98 key=" KEY "\n",
	         {.event = REPORT_FAIL, .port = 5, .pid = 2, .error = 98}},
		{"  listen  127.0.0.1   5  key=" KEY "   pid=2  \n",
	         {.event = REPORT_LISTEN, .port = 5, .pid = 2}},
		/* fields that are not known yet, in any order, no line feed */
		{"listen 127.0.0.1 5 mood=fine key=" KEY " pid=2 x",
	         {.event = REPORT_LISTEN, .port = 5, .pid = 2}},
		{"listen 127.0.0.1 5 key=" KEY " pid=x errno=99999999999",
	         {.event = REPORT_LISTEN, .port = 5}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct report r;
		unit_note("%s", rows[i].line);
		assert_true(parse(&r, rows[i].line));
		assert_int_equal(r.event, rows[i].want.event);
		assert_int_equal(r.six, rows[i].want.six);
		assert_int_equal(r.port, rows[i].want.port);
		assert_int_equal(r.pid, rows[i].want.pid);
		assert_int_equal(r.error, rows[i].want.error);
	}
	unit_note_clear();
}

static void test_no_reports(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"listen",
		"listen 127.0.0.1",
		"listen 127.0.0.1 5",
		"listen 127.0.0.1 5 pid=1 family=4\n",
		"listen 127.0.0.1 5 key=\n",
		"listen 127.0.0.1 5 key=00112233445566778899aabbccddeef\n",
		"listen 127.0.0.1 5 key=00112233445566778899aabbccddeeff0\n",
		"listen 127.0.0.1 5 key=00112233445566778899aabbccddeefe\n",
		"listen 127.0.0.1 5 key=" KEY " key=no\n",
		"listen 127.0.0.1 0 key=" KEY "\n",
		"listen 127.0.0.1 65536 key=" KEY "\n",
		"listen 127.0.0.1 5x key=" KEY "\n",
		"listen 192.0.2.1 5 key=" KEY "\n",
		"listens 127.0.0.1 5 key=" KEY "\n",
		"LISTEN 127.0.0.1 5 key=" KEY "\n",
	};
	struct report r;
	char big[600];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("%s", rows[i]);
		assert_false(parse(&r, rows[i]));
	}
	unit_note_clear();
	assert_true(report_parse(&r, span_str("bind ::1 5 key=k"), "k"));
	assert_false(report_parse(&r, span_str("bind ::1 5 key="), ""));
	assert_false(report_parse(&r, span_of("bind ::1 5 key=k\0 x", 19), "k"));
	snprintf(big, sizeof big, "bind ::1 5 key=k %0500d", 1);
	assert_false(report_parse(&r, span_str(big), "k"));
}

/* Anybody may write to the socket. */
static void test_any_letter(void **state)
{
	static const char letters[] = "listenbindfail 127.0.0.1::15=keypid \n";
	struct rng rng = {7};
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char line[64];
		struct report r;
		size_t n = rng_below(&rng, sizeof line);
		for (size_t k = 0; k < n; k++)
			line[k] = i % 2 ? letters[rng_below(&rng, sizeof letters - 1)]
			                : (char)rng_next(&rng);
		assert_false(report_parse(&r, span_of(line, n), KEY));
	}
}

/* ---- /proc/net/tcp ---- */

static void put_word(char *to, const uint8_t bytes[4])
{
	uint32_t word;
	memcpy(&word, bytes, sizeof word);
	snprintf(to, 9, "%08X", word);
}

/* A line as the kernel of this machine writes it. */
static const char *line_of(char line[256], const uint8_t *ip, int len, unsigned port, unsigned st,
                           unsigned long inode)
{
	char address[40] = "";
	for (int i = 0; i < len; i += 4)
		put_word(address + 2 * i, ip + i);
	snprintf(line, 256,
	         "   0: %s:%04X 00000000:0000 %02X 00000000:00000000 00:00000000 00000000  1000 "
	         "       0 %lu 1 0000000000000000 100 0 0 10 0\n",
	         address, port, st, inode);
	return line;
}

static void test_listeners(void **state)
{
	static const struct {
		uint8_t ip[16];
		int len;
		const char *at;
		bool outside;
	} rows[] = {
		{{127, 0, 0, 1}, 4, "127.0.0.1:5901", false},
		{{127, 9, 9, 9}, 4, "127.9.9.9:5901", false},
		{{0}, 4, "0.0.0.0:5901", true},
		{{192, 0, 2, 7}, 4, "192.0.2.7:5901", true},
		{{[15] = 1}, 16, "[::1]:5901", false},
		{{0}, 16, "[::]:5901", true},
		{{[10] = 0xff, 0xff, 127, 0, 0, 1}, 16, "127.0.0.1:5901", false},
		{{[10] = 0xff, 0xff, 192, 0, 2, 7}, 16, "192.0.2.7:5901", true},
		{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 16, "[2001:db8::1]:5901", true},
	};
	struct listener l;
	char line[256];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unit_note("%s", rows[i].at);
		assert_true(listener_parse(
			&l, line_of(line, rows[i].ip, rows[i].len, 5901, 10, 4123456789ul)));
		assert_string_equal(l.at, rows[i].at);
		assert_int_equal(l.outside, rows[i].outside);
		assert_int_equal(l.port, 5901);
		assert_true(l.inode == 4123456789ul);
		assert_false(listener_parse(
			&l, line_of(line, rows[i].ip, rows[i].len, 5901, 1, 1))); /* established */
	}
	unit_note_clear();
	line_of(line, rows[0].ip, 4, 5901, 10, 1);
	for (size_t n = 0; n < strlen(line); n++) { /* cut anywhere */
		char cut[256];
		snprintf(cut, sizeof cut, "%.*s", (int)n, line);
		listener_parse(&l, cut);
	}
	assert_false(listener_parse(&l, "  sl  local_address rem_address   st tx_queue rx_queue tr "
	                                "tm->when retrnsmt   uid  timeout inode\n"));
	assert_false(listener_parse(&l, "0: 0100007F:170D 0 0A 0 0 0 0 0\n"));
	assert_false(listener_parse(&l, "0: 0100007:170D 0 0A 0 0 0 0 0 1\n"));
	assert_false(listener_parse(&l, "0: 0100007G:170D 0 0A 0 0 0 0 0 1\n"));
	assert_false(listener_parse(&l, ""));
}

/* ---- output ---- */

struct heard {
	char text[4096];
	size_t n;
};

static void on_line(void *owner, const char *text)
{
	struct heard *h = owner;
	h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "<%s>", text);
}

static void feed(void *ctx, const struct span *pieces, size_t n)
{
	struct heard h = {0};
	struct lines l;
	lines_init(&l, on_line, &h);
	for (size_t i = 0; i < n; i++)
		lines_feed(&l, pieces[i]);
	lines_flush(&l);
	lines_flush(&l);
	assert_string_equal(h.text, ctx);
}

static void test_lines(void **state)
{
	static const struct {
		const char *bytes, *want;
	} rows[] = {
		{"", ""},
		{"\n\n\r\n", ""},
		{"one", "<one>"},
		{"one\n", "<one>"},
		{"one\r\ntwo\n\n three \nfour", "<one><two>< three ><four>"},
		{"50%\r60%\r\n", "<50%><60%>"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		unit_cuts(span_str(rows[i].bytes), feed, (void *)(uintptr_t)rows[i].want);
	char with_nul[] = "<a b>";
	unit_cuts(span_of("a\0b\n", 4), feed, with_nul);
}

static void test_long_lines(void **state)
{
	enum { LONG = 2 * LINES_MAX + 10 };
	char bytes[LONG], want[LONG + 16];
	(void)state;
	memset(bytes, 'x', LONG);
	bytes[LONG - 1] = '\n';
	memset(want, 'x', sizeof want);
	snprintf(want, sizeof want, "<%.*s><%.*s><%.*s>", LINES_MAX, bytes, LINES_MAX, bytes, 9,
	         bytes);
	feed(want, &(struct span){(uint8_t *)bytes, LONG}, 1);
	bytes[LINES_MAX] = '\n'; /* exactly as long as allowed */
	snprintf(want, sizeof want, "<%.*s>", LINES_MAX, bytes);
	feed(want, &(struct span){(uint8_t *)bytes, LINES_MAX + 1}, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_reports),   UNIT(test_no_reports), UNIT(test_any_letter),
		UNIT(test_listeners), UNIT(test_lines),      UNIT(test_long_lines),
	};
	return cmocka_run_group_tests_name("wrap_parse", tests, NULL, NULL);
}
