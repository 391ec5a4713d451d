/* Media types by name. */
#include "serve/mime.h"

#include "unit.h"

static const struct {
	const char *path, *type;
} rows[] = {
	{"a.html", "text/html; charset=utf-8"},
	{"a.htm", "text/html; charset=utf-8"},
	{"A.HTML", "text/html; charset=utf-8"},
	{"core/rfb.js", "text/javascript; charset=utf-8"},
	{"a.mjs", "text/javascript; charset=utf-8"},
	{"a.css", "text/css; charset=utf-8"},
	{"a.json", "application/json"},
	{"a.js.map", "application/json"},
	{"a.svg", "image/svg+xml; charset=utf-8"},
	{"a.png", "image/png"},
	{"a.ico", "image/x-icon"},
	{"a.jpg", "image/jpeg"},
	{"a.jpeg", "image/jpeg"},
	{"a.gif", "image/gif"},
	{"a.webp", "image/webp"},
	{"a.woff", "font/woff"},
	{"a.woff2", "font/woff2"},
	{"a.ttf", "font/ttf"},
	{"a.mp3", "audio/mpeg"},
	{"a.oga", "audio/ogg"},
	{"a.ogg", "audio/ogg"},
	{"a.wasm", "application/wasm"},
	{"a.txt", "text/plain; charset=utf-8"},
	{"a.xml", "text/xml; charset=utf-8"},
	{"a.webmanifest", "application/manifest+json"},
	{"a.gz", "application/gzip"},
	{"a.html.gz", "application/gzip"},
	{"a.pdf", "application/pdf"},
	/* unknown */
	{"a", "application/octet-stream"},
	{"", "application/octet-stream"},
	{"a.", "application/octet-stream"},
	{"html", "application/octet-stream"},
	{"a.html.", "application/octet-stream"},
	{"a.htmlx", "application/octet-stream"},
	{"a.xhtm", "application/octet-stream"},
	{"v1.html/file", "application/octet-stream"},
	{"a.exe", "application/octet-stream"},
};

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_note("%s", rows[i].path);
		assert_string_equal(mime_type(rows[i].path), rows[i].type);
	}
	unit_note_clear();
}

static void test_pages(void **state)
{
	(void)state;
	assert_true(mime_is_page(mime_type("a.html")));
	assert_true(mime_is_page(mime_type("a.svg")));
	assert_true(mime_is_page(mime_type("a.xml")));
	assert_true(mime_is_page(mime_type("a.xhtml")));
	assert_false(mime_is_page(mime_type("a.js")));
	assert_false(mime_is_page(mime_type("a.txt")));
	assert_false(mime_is_page(mime_type("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT(test_types), UNIT(test_pages)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
