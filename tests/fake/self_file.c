/* self_file: see the header. */
#include "self_file.h"

#include "unit/unit.h"

#include "crypt/self_signed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void self_file_put(const char *path, int64_t made)
{
	static const char *const names[] = {"unit.example"};
	struct self_signed *s = malloc(sizeof *s);
	char err[TLS_ERROR], beside[256];

	assert_non_null(s);
	assert_int_equal(self_signed_make(s, names, 1, made, err), 0);
	snprintf(beside, sizeof beside, "%s.new", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s%s", s->cert, s->key) > 0);
	close(fd);
	assert_int_equal(rename(beside, path), 0);
	self_signed_wipe(s);
	free(s);
}

void self_file_put_for(const char *path, int days_left)
{
	enum { DAY_S = 24 * 3600, A_WHILE_S = 60 };

	self_file_put(path,
	              time(NULL) - SELF_SIGNED_S + (int64_t)(days_left + 1) * DAY_S + A_WHILE_S);
}
