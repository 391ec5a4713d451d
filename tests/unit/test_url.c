/* url: targets, escapes and paths below a root (hosts and origins: test_url_names.c). Everything
 * lies against an unmapped page when it is read, and what is written ends at one.
 */
#include "unit/unit.h"

#include "wire/url.h"

#include <errno.h>

#define S(literal) .at = literal, .len = sizeof(literal) - 1
enum { ROOM = 64 };

static void test_split(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"/", "/", ""},           {"/a/b", "/a/b", ""},  {"/a?b=c", "/a", "b=c"},
		{"/?", "/", ""},          {"/?a?b", "/", "a?b"}, {"?a", "", "a"},
		{"/a%3fb", "/a%3fb", ""}, {"", "", ""},
	};
	struct edge e;
	edge_init(&e, ROOM);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span path, query;
		unit_note("%s", rows[i][0]);
		url_split(edge_copy(&e, span_str(rows[i][0])), &path, &query);
		assert_span(path, span_str(rows[i][1]));
		assert_span(query, span_str(rows[i][2]));
	}
	unit_note_clear();
	struct span path, query;
	url_split(span_of(NULL, 0), &path, &query);
	assert_int_equal(path.len + query.len, 0);
	edge_done(&e);
}

static void test_decode(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		size_t len;
		const char *want; /* NULL: -EINVAL */
	} rows[] = {
		{S(""), ""},
		{S("abc"), "abc"},
		{S("%41%62%7a"), "Abz"},
		{S("a%20b+c"), "a b+c"},
		{S("%2e%2E%2f%2F"), "..//"},
		{S("%25"), "%"},
		{S("%252e"), "%2e"}, /* once, not twice */
		{S("%c3%a4\xc3\xa4"), "\xc3\xa4\xc3\xa4"},
		{S("%ff"), "\xff"},
		{S("%"), NULL},
		{S("%4"), NULL},
		{S("a%"), NULL},
		{S("%4g"), NULL},
		{S("%g4"), NULL},
		{S("%-1"), NULL},
		{S("% 1"), NULL},
		{S("%%41"), NULL},
		{S("%00"), NULL},
		{S("a\0b"), NULL},
		{S("%0a"), NULL},
		{S("%0D"), NULL},
		{S("a\tb"), NULL},
		{S("%1f"), NULL},
		{S("%7f"), NULL},
		{S("\x7f"), NULL},
	};
	struct edge in, out;
	edge_init(&in, ROOM);
	edge_init(&out, ROOM);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span s = edge_copy(&in, span_of(rows[i].at, rows[i].len));
		size_t n = rows[i].want ? strlen(rows[i].want) : ROOM;
		char *to = (char *)edge_span(&out, n).at;
		unit_note("%s", rows[i].at);
		assert_int_equal(url_decode(s, to, n), rows[i].want ? (int)n : -EINVAL);
		if (rows[i].want)
			assert_memory_equal(to, rows[i].want, n);
		if (rows[i].want && n > 0)
			assert_int_equal(url_decode(s, to, n - 1), -ENAMETOOLONG);
	}
	unit_note_clear();
	edge_done(&in);
	edge_done(&out);
}

/* Every byte, as it is and escaped in both ways. */
static void test_every_escape(void **state)
{
	(void)state;
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	for (unsigned c = 0; c < 256; c++) {
		char escapes[2][3] = {{'%', lower[c >> 4], lower[c & 15]},
		                      {'%', upper[c >> 4], upper[c & 15]}};
		char plain = (char)c, out = 0;
		bool control = c < 0x20 || c == 0x7f;
		for (int i = 0; i < 2; i++) {
			assert_int_equal(url_decode(span_of(escapes[i], 3), &out, 1),
			                 control ? -EINVAL : 1);
			assert_int_equal((uint8_t)out, control ? 0 : c);
		}
		if (c != '%')
			assert_int_equal(url_decode(span_of(&plain, 1), &out, 1),
			                 control ? -EINVAL : 1);
	}
}

static void test_file_path(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		size_t len;
		const char *want; /* NULL: -EINVAL; a slash at the end: a directory */
	} rows[] = {
		{S("/"), "/"},
		{S("/vnc.html"), "vnc.html"},
		{S("/app/ui.js"), "app/ui.js"},
		{S("/app/"), "app/"},
		{S("/app/."), "app/"},
		{S("/app/%2e"), "app/"},
		{S("/."), "/"},
		{S("/./"), "/"},
		{S("/./a"), "a"},
		{S("/a/./b"), "a/b"},
		{S("/a//b"), "a/b"},
		{S("/a///"), "a/"},
		{S("/a%2fb"), "a/b"},
		{S("/a%2F"), "a/"},
		{S("/a%20b"), "a b"},
		{S("/a+b"), "a+b"},
		{S("/%c3%a4"), "\xc3\xa4"},
		{S("/\xe2\x82\xac/"), "\xe2\x82\xac/"},
		{S("/%25"), "%"},
		{S("/%252e%252e/x"), "%2e%2e/x"},
		{S("/..."), "..."},
		{S("/.hidden"), ".hidden"},
		{S("/a./.b/..c/d.."), "a./.b/..c/d.."},
		{S("/a?b"), "a?b"},
		/* out of the root, however it is written */
		{S("/.."), NULL},
		{S("/../"), NULL},
		{S("/../etc/passwd"), NULL},
		{S("/a/.."), NULL},
		{S("/a/../b"), NULL},
		{S("/a/b/../../.."), NULL},
		{S("/%2e%2e/x"), NULL},
		{S("/.%2E/x"), NULL},
		{S("/%2e./x"), NULL},
		{S("/a%2f..%2fb"), NULL},
		{S("/a%2f%2e%2e"), NULL},
		{S("/./../x"), NULL},
		{S("/a//../b"), NULL},
		/* out of this server */
		{S("//"), NULL},
		{S("//evil.example/"), NULL},
		{S("/%2fevil.example"), NULL},
		{S("%2f%2fevil.example"), NULL},
		{S("/\\evil.example"), NULL},
		{S("/%5cevil.example"), NULL},
		{S("/a\\..\\b"), NULL},
		/* no path at all, or none a file can have */
		{S(""), NULL},
		{S("a"), NULL},
		{S("*"), NULL},
		{S("."), NULL},
		{S("../"), NULL},
		{S("/a%00.html"), NULL},
		{S("/a\0"), NULL},
		{S("/%0a"), NULL},
		{S("/\x01"), NULL},
		{S("/%7f"), NULL},
		{S("/%"), NULL},
		{S("/%zz"), NULL},
		{S("/%c3"), NULL},
		{S("/%c0%ae%c0%ae/"), NULL}, /* ".." in too long a form */
		{S("/%ed%a0%80"), NULL},
		{S("/%ff"), NULL},
	};
	struct edge in, out;
	edge_init(&in, ROOM);
	edge_init(&out, ROOM);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span s = edge_copy(&in, span_of(rows[i].at, rows[i].len));
		char *to = (char *)edge_span(&out, ROOM).at;
		bool dir = true, want_dir = false;
		unit_note("%s", rows[i].at);
		int n = url_file_path(s, to, ROOM, &dir);
		if (!rows[i].want) {
			assert_int_equal(n, -EINVAL);
			assert_true(dir); /* untouched */
			continue;
		}
		struct span want = span_str(rows[i].want);
		if (want.at[want.len - 1] == '/') {
			want.len--;
			want_dir = true;
		}
		assert_span(span_of(to, strlen(to)), want);
		assert_int_equal(n, want.len);
		assert_int_equal(dir, want_dir);
	}
	unit_note_clear();
	edge_done(&in);
	edge_done(&out);
}

static void test_file_path_room(void **state)
{
	(void)state;
	struct edge e;
	bool dir;
	edge_init(&e, ROOM);
	for (size_t cap = 0; cap < 12; cap++) {
		char *to = (char *)edge_span(&e, cap).at;
		int want = cap < 10 ? -ENAMETOOLONG : 8; /* "/abc/defg" and the NUL */
		assert_int_equal(url_file_path(span_str("/abc/defg"), to, cap, &dir), want);
	}
	edge_done(&e);
}

/* Random paths of the bytes that matter. What is accepted has no empty, "." or ".." segment, no
 * slash at either end and no byte that may not be there. */
static void test_file_path_random(void **state)
{
	(void)state;
	static const char *const parts[] = {"/",     "/",      ".",   "..", "a",   "%2f",
	                                    "%2e",   "%2E%2e", "%25", "//", "/./", "b.c",
	                                    "%252e", "\\",     "%5c", "?"};
	struct rng rng = {13};
	unsigned accepted = 0;
	for (unsigned round = 0; round < 50000; round++) {
		char path[128] = "/", out[128];
		size_t n = rng_below(&rng, 8) != 0;
		for (uint64_t i = rng_below(&rng, 8); i > 0; i--) {
			const char *part = parts[rng_below(&rng, sizeof parts / sizeof parts[0])];
			memcpy(path + n, part, strlen(part));
			n += strlen(part);
		}
		bool dir;
		int r = url_file_path(span_of(path, n), out, sizeof out, &dir);
		unit_note("%.*s", (int)n, path);
		assert_true(r >= 0 || r == -EINVAL);
		if (r < 0)
			continue;
		accepted++;
		assert_int_equal(strlen(out), r);
		assert_true(out[0] != '/' && (r == 0 || out[r - 1] != '/'));
		assert_null(strstr(out, "//"));
		assert_null(strchr(out, '\\'));
		char wrapped[132] = "/";
		memcpy(wrapped + 1, out, (size_t)r);
		memcpy(wrapped + 1 + r, "/", 2);
		assert_null(strstr(wrapped, "/./"));
		assert_null(strstr(wrapped, "/../"));
	}
	unit_note_clear();
	assert_in_range(accepted, 5000, 45000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_split),     UNIT(test_decode),         UNIT(test_every_escape),
		UNIT(test_file_path), UNIT(test_file_path_room), UNIT(test_file_path_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
