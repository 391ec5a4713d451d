/* Media types by file name. JavaScript must be text/javascript (RFC 9239), or modules do not
 * load; WebAssembly application/wasm, or it is not compiled while it streams in.
 */
#include "serve/mime.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define UTF8 "; charset=utf-8"

static const struct {
	const char *ending, *type;
} mimes[] = {
	{"avif", "image/avif"},
	{"bmp", "image/bmp"},
	{"css", "text/css" UTF8},
	{"csv", "text/csv" UTF8},
	{"cur", "image/x-icon"},
	{"eot", "application/vnd.ms-fontobject"},
	{"gif", "image/gif"},
	{"gz", "application/gzip"},
	{"htm", "text/html" UTF8},
	{"html", "text/html" UTF8},
	{"ico", "image/x-icon"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript" UTF8},
	{"json", "application/json"},
	{"log", "text/plain" UTF8},
	{"map", "application/json"},
	{"md", "text/plain" UTF8},
	{"mjs", "text/javascript" UTF8},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"otf", "font/otf"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"svg", "image/svg+xml" UTF8},
	{"tar", "application/x-tar"},
	{"tgz", "application/gzip"},
	{"ttf", "font/ttf"},
	{"txt", "text/plain" UTF8},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml" UTF8},
	{"xml", "text/xml" UTF8},
	{"zip", "application/zip"},
};

static const char *const pages[] = {"text/html", "image/svg+xml", "application/xhtml+xml",
                                    "text/xml"};

const char *mime_type(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	for (size_t i = 0; dot && i < sizeof(mimes) / sizeof(mimes[0]); i++)
		if (strcasecmp(dot + 1, mimes[i].ending) == 0)
			return mimes[i].type;
	return "application/octet-stream";
}

bool mime_is_page(const char *type)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strncmp(type, pages[i], strlen(pages[i])) == 0)
			return true;
	return false;
}
