/* See the header. */
#include "unit/log_reader.h"

#include "base/str.h"
#include "unit/unit.h"

#include <ctype.h>
#include <stdlib.h>

static void keep(void *self, enum log_level level, struct span line)
{
	struct log_catch *c = self;
	assert_true(line.len > 0 && line.len <= LOG_LINE);
	memcpy(c->line, line.at, line.len);
	c->line[line.len] = 0;
	c->n = line.len;
	c->level = level;
	c->lines++;
	assert_int_equal(line.at[line.len - 1], '\n');
	assert_ptr_equal(memchr(line.at, '\n', line.len), line.at + line.len - 1);
	assert_null(memchr(line.at, 0, line.len));
}

void log_catch_init(struct log_catch *c, bool json)
{
	*c = (struct log_catch){.log = {.level = LOG_DEBUG, .json = json, .plain_time = true}};
	c->log.sink = keep;
	c->log.self = c;
}

static void expect_char(struct log_json *j, char c)
{
	if (*j->at != c)
		fail_msg("'%c' expected at \"%s\"", c, j->at);
	j->at++;
}

static uint32_t read_hex4(struct log_json *j)
{
	uint32_t code = 0;
	for (int i = 0; i < 4; i++, j->at++) {
		assert_true(isxdigit((unsigned char)*j->at));
		code = code * 16 + (uint32_t)(isdigit((unsigned char)*j->at)
		                                      ? *j->at - '0'
		                                      : tolower(*j->at) - 'a' + 10);
	}
	return code;
}

static void append(struct log_json *j, const void *bytes, size_t n)
{
	assert_true(j->value_n + n < sizeof j->value);
	memcpy(j->value + j->value_n, bytes, n);
	j->value_n += n;
	j->value[j->value_n] = 0;
}

static void read_escape(struct log_json *j)
{
	static const char from[] = "\"\\nrt", to[] = "\"\\\n\r\t";
	char c = *j->at++;
	if (c == 'u') {
		uint32_t code = read_hex4(j);
		uint8_t b[3] = {(uint8_t)(0xe0 | code >> 12), (uint8_t)(0x80 | (code >> 6 & 63)),
		                (uint8_t)(0x80 | (code & 63))};
		uint8_t two[2] = {(uint8_t)(0xc0 | code >> 6), b[2]};
		uint8_t one = (uint8_t)code;
		if (code < 0x80)
			append(j, &one, 1);
		else
			append(j, code < 0x800 ? two : b, code < 0x800 ? 2 : 3);
		return;
	}
	const char *known = c ? strchr(from, c) : NULL;
	if (!known)
		fail_msg("escape \\%c", c);
	append(j, to + (known - from), 1);
}

static void read_string(struct log_json *j)
{
	j->value_n = 0;
	j->value[0] = 0;
	expect_char(j, '"');
	while (*j->at != '"') {
		uint32_t code;
		size_t n = str_char(span_str(j->at), &code);
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			fail_msg("not clean UTF-8 at \"%s\"", j->at);
		if (code == '\\') {
			j->at++;
			read_escape(j);
			continue;
		}
		append(j, j->at, n);
		j->at += n;
	}
	j->at++;
}

void log_json_read(struct log_json *j, const char *line)
{
	*j = (struct log_json){.at = line};
	expect_char(j, '{');
	do {
		read_string(j);
		assert_true(j->value_n < sizeof j->last_key);
		memcpy(j->last_key, j->value, j->value_n + 1);
		expect_char(j, ':');
		if (*j->at == '"') {
			read_string(j);
		} else {
			assert_true(isdigit((unsigned char)*j->at));
			while (isdigit((unsigned char)*j->at))
				j->at++;
		}
		j->members++;
	} while (*j->at == ',' && j->at++);
	expect_char(j, '}');
	assert_string_equal(j->at, "\n");
}

size_t log_text_read(const char *from, char *to)
{
	size_t n = 0;
	struct log_json j = {.at = from};
	expect_char(&j, '"');
	while (*j.at != '"') {
		assert_true((uint8_t)*j.at >= 0x20);
		if (j.at[0] == '\\' && j.at[1] == 'x') {
			char hex[3] = {j.at[2], j.at[3], 0};
			to[n++] = (char)strtoul(hex, NULL, 16);
			j.at += 4;
		} else if (j.at[0] == '\\') {
			j.at++;
			j.value_n = 0;
			read_escape(&j);
			memcpy(to + n, j.value, j.value_n);
			n += j.value_n;
		} else {
			to[n++] = *j.at++;
		}
	}
	to[n] = 0;
	assert_string_equal(j.at, "\"\n");
	return n;
}
