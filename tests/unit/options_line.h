/* options_line: a command line written as one string, and what the parser made of it as another. */
#ifndef UNIT_OPTIONS_LINE_H
#define UNIT_OPTIONS_LINE_H

#include "app/options.h"

enum { OPTIONS_LINE_WORDS = 24, OPTIONS_LINE_TEXT = 2048 };

struct options_line {
	char text[OPTIONS_LINE_TEXT];
	char *argv[OPTIONS_LINE_WORDS + 1];
	int argc;
};

/* Splits words at blanks and parses them, behind the program's name. "_" in a word stands for a
 * blank, "~" for "_", a word '' is empty. o points into l afterwards. */
int options_line_parse(struct options *o, struct options_line *l, const char *words,
                       char err[OPTIONS_ERROR]);
/* "LISTEN BACKEND", then NAME=VALUE for whatever differs from the defaults; returns out. */
const char *options_line_dump(const struct options *o, char out[OPTIONS_LINE_TEXT]);

/* A command line and what is wanted: a dump or an error. */
struct options_row {
	const char *words, *want;
};
void options_rows_good(const struct options_row *rows, size_t n);
void options_rows_bad(const struct options_row *rows, size_t n);
#define EXPECT_ROWS(rows) options_rows_good((rows), sizeof(rows) / sizeof *(rows))
#define EXPECT_ERRORS(rows) options_rows_bad((rows), sizeof(rows) / sizeof *(rows))

#endif
